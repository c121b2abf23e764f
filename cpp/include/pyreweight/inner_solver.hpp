#pragma once

#include <functional>

#include "pyreweight/types.hpp"

namespace pyreweight {

/// The quadratic problem on the working set of k columns, G = Z' diag(pi) Z:
///
///     min_v  1/2 v'G v - q'v + sum_i (l1_i |v_i| + l2_i v_i^2 / 2)
///
/// held as the point v and the correlations c = q - G v, which the caller renews from the data now and then, so that
/// rounding is corrected like in iterative refinement. It knows no penalty, only weights.
///
/// With groups (see Regularizer) the radius of its group stands for |v_i|, and each group has its terms once.
class InnerSolver {
 public:
  virtual ~InnerSolver() = default;

  using Prox = std::function<double(Index, double, double)>;

  Index size() const { return v_.size(); }
  const Vector& v() const { return v_; }
  const Vector& correlations() const { return c_; }
  virtual void set_state(const ConstVec& v, const ConstVec& correlations) = 0;
  /// G_ii; the curvature of the first term by the radius in a group.
  virtual double diagonal(Index i) const = 0;

  /// Minimises. l1 may be inf (out), l2 may be negative (a concave model); false when the quadratic form turned out
  /// indefinite on the support, or at the round limit: v is then some point on the way. `accuracy` is what may be left
  /// of the stationarity conditions in units of l1, for callers that will move on; below rounding it asks for that.
  virtual bool solve(const ConstVec& l1, const ConstVec& l2, double accuracy = 0) = 0;

  /// A direction d on the support with d'(G + H) d <= 0, H the second derivatives of the terms in l1 and l2; false when
  /// none was found.
  virtual bool concave_direction(const ConstVec& l1, const ConstVec& l2, Vector& direction) = 0;
  /// v += step * direction, correlations with it.
  virtual void move(double step, const ConstVec& direction) = 0;
  /// The change of 1/2 v'G v - q'v for a step along direction: step (-c'd) + step^2 d'G d / 2.
  virtual double loss_change(double step, const ConstVec& direction) const = 0;
  /// The `movable` coordinates (k,) go one after another, with c up to date, to prox(i, v_i + c_i / g, g), g = G_ii. Of
  /// a group the radius does, with a g that no direction in it exceeds. One sweep over them, and others while again()
  /// says so, which is asked after each: where zeros cost as much as the others over nonzero ones alone, until it does
  /// no more, then over all.
  virtual void settle(const std::vector<char>& movable, const Prox& prox, const std::function<bool()>& again) = 0;

 protected:
  Vector v_, c_;
};

}  // namespace pyreweight
