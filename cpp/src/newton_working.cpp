// The working columns of NewtonSolver: which of them come, and which of them go.
#include <algorithm>

#include "pyreweight/columns.hpp"
#include "pyreweight/inner_choice.hpp"
#include "pyreweight/newton_solver.hpp"

namespace pyreweight {
namespace {

constexpr size_t kLeastGrowth = 20;
// Share of its threshold from which a column at zero stays where the curvature is renewed.
constexpr double kNear = 0.9;

}  // namespace

/// Whether the penalty decides about every column by itself, and on zeros.
bool NewtonSolver::model_serves(const Regularizer& regularizer) const {
  return regularizer.groups().singletons() && regularizer.penalty().slope_at_zero() > 0;
}

Columns NewtonSolver::worst_violators(const Regularizer& regularizer) const {
  Violators violators(regularizer, thresholds_, solution_.gradient, in_working_);
  const size_t active = support(solution_.v).size(), most = std::max(kLeastGrowth, active);
  const auto all_are_swept = [&] {
    if (!model_serves(regularizer)) return false;
    // Of dense columns the worst ones do for a start, whose Gram matrix costs next to nothing.
    const Columns fresh = violators.unordered();
    return are_sparse(problem_.design, fresh) && model_.sweeps(working_, fresh, static_cast<Index>(active));
  };
  if (violators.size() > most && !all_are_swept()) violators.keep(most);
  return violators.columns();
}

void NewtonSolver::let_in(const Columns& fresh) {
  for (const Index j : fresh) {
    if (in_working_[static_cast<size_t>(j)]) continue;
    in_working_[static_cast<size_t>(j)] = 1;
    working_.push_back(j);
  }
}

/// The columns of the last solution and those that no threshold keeps out.
void NewtonSolver::gather_working(const Regularizer& regularizer) {
  if (!model_serves(regularizer)) {
    working_.clear();
    std::fill(in_working_.begin(), in_working_.end(), 0);
    model_.renew();
  }
  let_in(regularizer.groups().complete(support(solution_.v)));
  const bool smooth = regularizer.penalty().slope_at_zero() == 0;  // then no coefficient stays zero
  Columns free;
  for (Index j = 0; j < problem_.design.cols(); ++j) {
    if (smooth ? !regularizer.excluded(j) : regularizer.weights()[j] == 0) free.push_back(j);
  }
  let_in(free);
}

/// The next step takes the curvature of the present point, for columns that are nonzero or may become so.
void NewtonSolver::renew_model(const Regularizer& regularizer) {
  if (!model_serves(regularizer)) return;
  model_.renew();
  // Where the slope rises beyond zero, a column may leave zero though its pull is small.
  if (regularizer.penalty().steepest_slope() > regularizer.penalty().slope_at_zero()) return;
  const Vector pull = regularizer.pull(working_, gather(solution_.gradient, working_));
  const Vector thresholds = gather(thresholds_, working_);
  Columns near;
  for (size_t i = 0; i < working_.size(); ++i) {
    const Index at = static_cast<Index>(i);
    const bool stays = solution_.v[working_[i]] != 0 || !(pull[at] < kNear * thresholds[at]);
    in_working_[static_cast<size_t>(working_[i])] = stays;
    if (stays) near.push_back(working_[i]);
  }
  working_ = near;
}

}  // namespace pyreweight
