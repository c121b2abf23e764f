// The search for lower minima of penalties that are not convex.

#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/coordinate_search.hpp"
#include "pyreweight/exchange.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

// Share of the objective that a coordinate must take off it on its way to another local minimum, and a departure.
constexpr double kLeastGain = 1e-11, kLeastExchange = 1e-6;
constexpr int kMostExchanges = 3;
// What a round of exchanges may cost, in products. Rows do not count: copies of rows are weights, with the same answer.
constexpr double kExchanges = 1e7, kExchangesPerPair = 100, kExchangesAtMost = 4e9;

}  // namespace

bool WorkingSetSolver::searchable() const {
  const Penalty& penalty = regularizer_.penalty();
  return problem_.options.search && !penalty.convex() && penalty.separable() && penalty.pointwise() &&
         regularizer_.groups().singletons();
}

bool WorkingSetSolver::is_null() const {
  const Columns active = support(solution_.v);
  return std::none_of(active.begin(), active.end(), [&](Index j) { return regularizer_.penalised(j); });
}

/// Leaves the local minimum reached for a lower one, where single coordinates lead to one; false where they do not.
bool WorkingSetSolver::search(const Vector& thresholds, double target, bool exchange) {
  // The null model, where it is stationary, is the answer from alpha_max on, whatever lies beyond a hill. With an
  // infinite slope at zero it is so everywhere, and alpha_max is where single coordinates begin to lead out of it.
  if (!searchable() || (is_null() && std::isfinite(regularizer_.penalty().slope_at_zero()))) return false;
  inner_->set_state(gather(solution_.v, working_), gather(solution_.gradient, working_));
  CoordinateSearch search(problem_, regularizer_, working_, *inner_, kLeastGain * solution_.objective + 1e-15);
  CoordinateSearch exchanges(problem_, regularizer_, working_, *inner_, kLeastExchange * solution_.objective + 1e-15);
  const double k = static_cast<double>(working_.size()), active = static_cast<double>(support(inner_->v()).size());
  const double usable = static_cast<double>(usable_);
  const double budget = kExchanges + std::min(kExchangesPerPair * usable * usable, kExchangesAtMost);
  exchange = exchange && by_gram_ && Exchange::cost(active, k) <= budget;
  bool moved = false;
  // To the bottom of each new minimum before the next is looked for, and only then to the columns outside.
  for (int round = 0; round < kMostExchanges; ++round) {
    bool now = search.settle();
    if (exchange && Exchange(problem_, regularizer_, working_, *by_gram_, exchanges).run()) now = true;
    if (!now) break;
    moved = true;
    if (!reweight(target)) break;
  }
  if (moved) write_back(thresholds);
  return moved;
}

}  // namespace pyreweight
