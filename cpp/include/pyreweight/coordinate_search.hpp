#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "pyreweight/inner_solver.hpp"
#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Ways out of a stationary point of a penalty that is not convex, by the exact prox of single coordinates of the
/// working set. The objective never rises.
class CoordinateSearch {
 public:
  /// The i-th coordinate of `inner` is column working[i]. `least_gain` is what a move must take off the objective to
  /// be one. All references must outlive it.
  CoordinateSearch(const Problem& problem, const Regularizer& regularizer, const Columns& working, InnerSolver& inner,
                   double least_gain);

  /// Every coordinate goes to the global minimum of the objective along it, zero or not, until nothing is left to gain
  /// from that; whether any moved.
  bool settle(int most_sweeps = 100);
  /// Takes `step`, on which coordinates that would change sign stop at zero, and lets all but `held` settle; goes back
  /// unless that lowers the objective.
  bool attempt(const Vector& step, Index held);
  /// What the objective falls by as coordinate i goes from v to where z and g put it, and that place.
  std::pair<double, double> gain(Index i, double v, double z, double g) const;
  /// |c_i| below which the prox of a zero is zero; inf where the column is no part of the search.
  double threshold(Index i) const { return penalised_[static_cast<size_t>(i)] ? thresholds_[i] : kInfinity; }

 private:
  void sweep(Index held, double worth, const std::function<bool(double)>& again);

  const Problem& problem_;
  const Regularizer& regularizer_;
  const Columns& working_;
  InnerSolver& inner_;
  double least_gain_;
  std::vector<char> penalised_;
  Vector thresholds_;  // |c_i| below which the prox of a zero is zero
};

}  // namespace pyreweight
