#pragma once

#include "pyreweight/inner_solver.hpp"
#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Reweightings on a fixed working set: each asks the penalty once for a model, a quadratic problem with l1 terms, with
/// the penalty's curvature, which makes the last steps Newton's, or the majoriser where that is indefinite. Where the
/// objective is not convex on the support it is left downhill, so that the end is a local minimum and not a saddle. The
/// objective never rises.
class Reweighting {
 public:
  /// The i-th coordinate of `inner` is column working[i]; n_iter counts reweightings. All arguments must outlive it.
  Reweighting(const Problem& problem, const Regularizer& regularizer, const Columns& working, InnerSolver& inner,
              int& n_iter)
      : problem_(problem), regularizer_(regularizer), working_(working), inner_(inner), n_iter_(n_iter) {}

  /// Until the stationarity conditions hold on the working set to `target`, in units of the level; false where the
  /// limit of reweightings came first. Saddles are left once they hold to `minimum_below` (inf: after every model), and
  /// where that is 0 the end may be one: a point on the way to another problem need not be a minimum.
  bool run(double target, double minimum_below);
  void report() const;

 private:
  bool step(double share, bool& solved);
  bool leave_concave_region();
  double closest_approach(const ConstVec& direction) const;
  size_t most_departures() const;
  void settle_rising_slopes();
  void settle_plateaus();
  void model_penalty(double share, Vector& l1, Vector& l2) const;
  /// The largest violation of the stationarity conditions, each in units of its level, or all `of_largest` level.
  double residual(bool of_largest = false) const;

  const Problem& problem_;
  const Regularizer& regularizer_;
  const Columns& working_;
  InnerSolver& inner_;
  int& n_iter_;
};

}  // namespace pyreweight
