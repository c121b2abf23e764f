// Which columns come into the working set, and at which stage of the thresholds.
#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/inner_choice.hpp"
#include "pyreweight/pilot.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

constexpr double kLeastGrowth = 10, kMostGrowth = 100, kSearchedShare = 0.02;
// What a round costs besides a pass, in products, where there are enough rows for every column to be in the model.
constexpr double kRoundCost = 3e5;
constexpr double kManyRows = 4;
// Columns of groups that come in together, unless a single group has more.
constexpr size_t kMostInGroups = 1000;
// A larger X comes from memory in every pass, which then costs several times as much per entry.
constexpr double kCacheEntries = 4e6;
// From one stage of the first solution to the next the thresholds fall to this at least.
constexpr double kStageDrop = 0.4;
// The same where columns of a nonconvex problem are swept, unless it would take more stages than that.
constexpr double kSweptStageDrop = 0.8, kMostStages = 30;
// With as many columns nonzero, each brings many substitutes along, which cost more than another round: fewer come in
// at a time, and stages are closer together.
constexpr size_t kManyActive = 600, kManyPerGrowth = 3;
constexpr double kCloseStageDrop = 0.8, kDenseShare = 0.2;  // of sparse columns a Gram matrix is cheap
constexpr double kFewGrowths = 4;
// Columns that are swept cost their entries only, and many of a generous choice leave again.
constexpr size_t kLeastSwept = 2000, kSweptGrowth = 4;
// No more violators than these come in all at once, since a pass over X would follow for those that are left.
constexpr size_t kAllAtOnce = 4000;
// Of the columns that violate at zero, about as many stay in for each that becomes nonzero; more of them where the
// penalty is not convex, which takes fewer columns.
constexpr size_t kViolatorsPerNonzero = 4, kViolatorsPerNonconvex = 8;

}  // namespace

/// With more violators than are let in, `stage` falls to where the next one would begin to violate: thresholds this
/// much higher give a problem the working set can be trusted with, so that its support does not fill up with the
/// substitutes of columns still outside.
Columns WorkingSetSolver::worst_violators(const Vector& thresholds, double* stage) const {
  Violators violators(regularizer_, thresholds, solution_.gradient, in_working_);
  const size_t active = support(solution_.v).size();
  // m new columns cost about m^2 / 2 products a row, a pass over X costs p: with few columns small steps are cheaper.
  const double rows = static_cast<double>(problem_.design.rows()), columns = static_cast<double>(usable_);
  double pass = (rows * columns > kCacheEntries ? 16.0 : 0.18) * columns;
  if (rows > kManyRows * columns) pass += kRoundCost / rows;
  // A search looks among the working columns only: what it finds must not tell a weight from copies of a row.
  const double steps = searchable() ? kSearchedShare * columns : std::sqrt(2 * pass);
  const double growth = std::max(kLeastGrowth, std::min(kMostGrowth, steps));
  const bool many = active >= kManyActive &&
                    problem_.design.stored(working_) > kDenseShare * rows * static_cast<double>(working_.size());
  size_t most = std::max(static_cast<size_t>(growth), many ? active / kManyPerGrowth : active);
  if (by_columns_) {
    most = std::max(kLeastSwept, kSweptGrowth * active);
    if (violators.size() <= kAllAtOnce) most = violators.size();
  }
  if (!regularizer_.groups().singletons()) most = std::min(most, std::max<size_t>(1, kMostInGroups / largest_group_));
  // Among few columns there are few substitutes, and a stage would cost a pass more.
  const bool staged = violators.size() > most && static_cast<double>(usable_) > kFewGrowths * growth;
  const double next = violators.keep(most);
  if (stage) *stage = staged ? std::max(1.0, std::min((many ? kCloseStageDrop : kStageDrop) * *stage, next)) : 1.0;
  return violators.columns();
}

/// The next stage of a nonconvex problem whose columns are swept, and the columns that violate its thresholds. Stages
/// are close, for a limited number of them, and leave none of those outside: zeros cost little in a sweep, whereas the
/// substitutes of what is missing would have to leave again a few at a time.
Columns WorkingSetSolver::next_stage(const Vector& thresholds, double& stage) {
  double highest = 1;
  for (Index j = 0; j < thresholds.size(); ++j) {
    if (thresholds[j] == 0 || solution_.v[j] != 0) continue;
    highest = std::max(highest, std::abs(solution_.gradient[j]) / thresholds[j]);
  }
  if (std::isinf(stage)) stage_drop_ = std::min(kSweptStageDrop, std::pow(highest, -1 / kMostStages));
  stage = std::max(1.0, stage_drop_ * std::min(highest, stage));
  return Violators(regularizer_, stage * thresholds, solution_.gradient, in_working_).columns();
}

/// Gives the Gram matrix up at once where it would be given up later, judged by the support to be expected. Of sparse
/// columns: those of a dense X have more substitutes among the others, and a Gram matrix is formed in fast blocks.
void WorkingSetSolver::choose_inner(const Vector& thresholds) {
  if (!by_gram_ || !regularizer_.groups().singletons()) return;
  if (!are_sparse(problem_.design, all_columns(problem_.design.cols()))) return;
  Violators violators(regularizer_, thresholds, solution_.gradient, in_working_);
  violators.keep(violators.size() / (searchable() ? kViolatorsPerNonconvex : kViolatorsPerNonzero));
  const Columns expected = violators.columns();
  if (expected.empty() || !are_sparse(problem_.design, expected)) return;
  if (columns_are_cheaper(problem_.design, working_, expected, 0)) give_up_gram();
}

/// Columns to begin with, where there is a way to guess them all at once.
Columns WorkingSetSolver::predict() const {
  if (!working_.empty() || !regularizer_.groups().singletons()) return {};
  return pilot_columns(problem_, regularizer_);
}

}  // namespace pyreweight
