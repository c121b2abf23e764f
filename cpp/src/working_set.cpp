#include "pyreweight/working_set.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/group_solver.hpp"
#include "pyreweight/inner_choice.hpp"
#include "pyreweight/reweighting.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxPasses = 1000;
// Stationarity the inner loops aim at, in units of the level: rounding, whatever tol asks for, so that the answer does
// not depend on tol.
constexpr double kTarget = 1e-12;
// The same while columns outside are known to violate theirs: no use in polishing a point that will move.
constexpr double kLooseTarget = 1e-2;
// The same of swept columns at thresholds above those of the problem, whose solution only says who comes in next.
constexpr double kStagedTarget = 0.1;
// Where columns are swept reweightings come nearer by that factor, down to this, before they go for the last digits:
// each time columns come in anew, and others leave.
constexpr double kNearTarget = 1e-4;
// A caller who asks for fewer digits than these gets them where columns are swept, as the last ones would cost as much
// as all the others; the accuracy then begins here and falls by this factor until tol is met.
constexpr double kAllDigits = 1e-6, kFirstAccuracy = 0.03, kAccuracyDrop = 0.2;
// With the correlations renewed from the data; above it the solution is refined once or twice more.
constexpr double kRefined = 1e-11;
constexpr int kMostSearches = 20;

}  // namespace

WorkingSetSolver::WorkingSetSolver(const Problem& problem, Regularizer& regularizer)
    : problem_(problem), regularizer_(regularizer), screening_(problem), in_working_(problem.design.cols(), 0) {
  std::unique_ptr<GramForm> gram;
  if (regularizer.groups().singletons()) {
    gram = std::make_unique<GramSolver>(problem.monitor);
  } else {
    gram = std::make_unique<GroupSolver>(problem.design, regularizer, working_, problem.monitor);
  }
  by_gram_ = gram.get();
  inner_ = std::move(gram);
  solution_.v = Vector::Zero(problem.design.cols());
  screening_.refresh_all(solution_);
  const Groups& groups = regularizer.groups();
  for (Index g = 0; g < groups.count(); ++g) largest_group_ = std::max(largest_group_, groups.members(g).size());
  Columns unpenalised;
  for (Index j = 0; j < problem.design.cols(); ++j) {
    if (!regularizer.excluded(j)) ++usable_;
    if (regularizer.weights()[j] == 0) unpenalised.push_back(j);
  }
  add_columns(unpenalised);
}

void WorkingSetSolver::start_from(const ConstVec& v) {
  for (Index j = 0; j < v.size(); ++j) solution_.v[j] = regularizer_.excluded(j) ? 0.0 : v[j];
  Columns fresh;
  for (const Index j : regularizer_.groups().complete(support(solution_.v))) {
    if (!in_working_[j]) fresh.push_back(j);
  }
  add_columns(fresh);
  screening_.refresh_all(solution_);
  warm_ = true;
}

void WorkingSetSolver::give_up_gram() {
  auto columns = std::make_unique<ColumnSolver>(problem_);
  columns->append(working_, inner_->correlations());
  columns->set_state(inner_->v(), inner_->correlations());
  by_gram_ = nullptr;
  by_columns_ = columns.get();
  inner_ = std::move(columns);
}

void WorkingSetSolver::add_columns(const Columns& fresh) {
  if (fresh.empty()) return;
  const auto active = static_cast<Index>(support(inner_->v()).size());
  const bool has_choice = by_gram_ && regularizer_.groups().singletons();  // only a Gram matrix descends on groups
  if (has_choice && columns_are_cheaper(problem_.design, working_, fresh, active, !searchable())) give_up_gram();
  const Vector correlations = gather(solution_.gradient, fresh);
  if (by_columns_) {
    by_columns_->append(fresh, correlations);
  } else {
    const Matrix cross = problem_.design.gram(working_, fresh, problem_.monitor);
    const Matrix own = problem_.design.gram(fresh, fresh, problem_.monitor);
    by_gram_->append(cross, own, correlations);
  }
  for (const Index j : fresh) in_working_[j] = 1;
  working_.insert(working_.end(), fresh.begin(), fresh.end());
}

void WorkingSetSolver::write_back(const Vector& thresholds) {
  solution_.v = scatter(inner_->v(), working_, solution_.v.size());
  screening_.refresh(regularizer_, thresholds, in_working_, solution_);
  judged_ = false;
}

void WorkingSetSolver::judge() {
  if (!judged_) certify(problem_, regularizer_, solution_);
  judged_ = true;
}

const Solution& WorkingSetSolver::solve() {
  const bool infinite_slope = std::isinf(regularizer_.penalty().slope_at_zero());
  const bool exact = regularizer_.penalty().linear_quadratic();
  const Vector at_zero = regularizer_.zero_thresholds();
  Vector own;
  if (infinite_slope || searchable()) {
    own = regularizer_.prox_thresholds(all_columns(at_zero.size()), problem_.design.second_moment());
  }
  const Vector& first = infinite_slope ? own : at_zero;
  // Stages of the nonconvex problem itself, each with few nonzeros, lead to lower minima than one lasso with many,
  // unless the prox of a coordinate jumps, which makes early choices final.
  const bool staged = !warm_ && searchable() && !infinite_slope && (own.array() >= at_zero.array()).all();
  const Vector lowered = searchable() ? at_zero.cwiseMin(own) : Vector();
  const Vector& later = searchable() ? lowered : at_zero;
  bool reweighting = warm_ && !exact;
  double target = kTarget;
  double stage = reweighting ? 1 : kInfinity;
  double accuracy = kLooseTarget;  // of the first solution, while it will not be the last
  // Along a path every point would pay for what the last one has found.
  const bool cold = !warm_;
  int refinements = 0, searches = 0;
  solution_.n_iter = 0;
  const Columns predicted = cold && exact ? predict() : Columns();
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const Vector& thresholds = reweighting ? later : first;
    if (pass == 0 && !predicted.empty()) {
      add_columns(predicted);
      stage = 1;
    } else {
      if (pass == 0 && cold && (exact || staged)) choose_inner(first);
      const bool close = staged && by_columns_ && stage > 1;
      add_columns(close ? next_stage(first, stage) : worst_violators(thresholds, reweighting ? nullptr : &stage));
    }
    if (pass == 0 && by_columns_ && problem_.options.tol > kAllDigits) accuracy = kFirstAccuracy;
    inner_->set_state(gather(solution_.v, working_), gather(solution_.gradient, working_));
    bool within_limits = true;
    // Reweightings measure unpenalised columns by alpha, which may be huge; this does not.
    if (!reweighting && (!staged || pass == 0)) {
      const bool staged_sweeps = by_columns_ && stage > 1;
      within_limits =
          solve_first(stage * gather(thresholds, working_), exact, staged_sweeps ? kStagedTarget : accuracy);
    }
    if (staged && stage <= 1 && !reweighting) {
      reweighting = true;
      target = loose_target();
    }
    if (within_limits && (reweighting || staged)) within_limits = reweighting ? reweight(target) : reweight_at(stage);
    write_back(thresholds);
    if (!within_limits) break;
    if (stage > 1) continue;
    const bool loose = by_columns_ || !regularizer_.groups().singletons();  // the solvers that stop at the accuracy
    const bool polish = loose && !reweighting && exact && accuracy > 0;
    const bool few_digits = polish && by_columns_ && problem_.options.tol > kAllDigits;
    if (few_digits) {
      judge();
      if (certified(problem_, regularizer_, solution_)) break;
    }
    if (!worst_violators(thresholds).empty()) {
      if (reweighting) target = by_columns_ ? std::max(target, kNearTarget) : kLooseTarget;
      continue;
    }
    if (polish) {
      accuracy = few_digits && accuracy > problem_.options.tol / 16 ? kAccuracyDrop * accuracy : 0;
      continue;
    }
    if (target > kTarget || (!reweighting && !exact)) {
      const bool nearer = by_columns_ && reweighting && target > kNearTarget;
      target = nearer ? std::max(kNearTarget, kStagedTarget * target) : kTarget;
      if (by_columns_ && !reweighting) target = loose_target();
      reweighting = !exact;
      continue;
    }
    judge();
    if (searches < kMostSearches && search(thresholds, kTarget, cold)) {
      ++searches;
      continue;
    }
    if (solution_.kkt_residual <= kRefined || ++refinements > 2) break;
  }
  judge();
  solution_.converged = certified(problem_, regularizer_, solution_);
  solution_.n_iter = std::max(1, solution_.n_iter);
  warm_ = true;
  return solution_;
}

double WorkingSetSolver::loose_target() const { return by_columns_ ? kStagedTarget : kLooseTarget; }

bool WorkingSetSolver::reweight(double target) {
  // To leave a saddle takes a factor that is there anyway, but many gradients where columns are swept.
  const double minimum_below = !by_columns_ ? kInfinity : target < kLooseTarget ? kNearTarget : 0.0;
  return Reweighting(problem_, regularizer_, working_, *inner_, solution_.n_iter).run(target, minimum_below);
}

/// The problem with an alpha this much higher, roughly.
bool WorkingSetSolver::reweight_at(double stage) {
  const double alpha = regularizer_.alpha();
  regularizer_.set_alpha(stage * alpha);
  const bool within_limits = reweight(loose_target());
  regularizer_.set_alpha(alpha);
  return within_limits;
}

/// The majoriser at v = 0: the lasso with these thresholds, or the problem itself where it is linear-quadratic.
bool WorkingSetSolver::solve_first(const Vector& thresholds, bool exact, double accuracy) {
  solution_.n_iter = 1;
  Vector l1, l2;
  regularizer_.majorise(working_, Vector::Zero(inner_->size()), l1, l2);
  if (!exact) l2.setZero();
  const bool solved = inner_->solve(thresholds, l2, accuracy);
  Reweighting(problem_, regularizer_, working_, *inner_, solution_.n_iter).report();
  return solved;
}

const Solution& WorkingSetSolver::solve_null() {
  Vector l1(working_.size());
  for (size_t i = 0; i < working_.size(); ++i) {
    l1[static_cast<Index>(i)] = regularizer_.weights()[working_[i]] == 0 ? 0.0 : kInfinity;
  }
  // Again from correlations renewed from the data, as unpenalised columns that fit y exactly may be ill-conditioned.
  for (int refinement = 0; refinement < 3 && !working_.empty(); ++refinement) {
    inner_->set_state(gather(solution_.v, working_), gather(solution_.gradient, working_));
    inner_->solve(l1, Vector::Zero(inner_->size()));
    solution_.v = scatter(inner_->v(), working_, solution_.v.size());
    screening_.refresh_all(solution_);
    if (gather(solution_.gradient, support(solution_.v)).lpNorm<Eigen::Infinity>() <= kCorrelationNoise / 16) break;
  }
  return solution_;
}

Matrix WorkingSetSolver::support_gram() const {
  if (by_columns_) {
    const Columns active = support(solution_.v);
    return problem_.design.gram(active, active, problem_.monitor);
  }
  std::vector<std::pair<Index, Index>> places;  // column, its inner coordinate
  for (size_t i = 0; i < working_.size(); ++i) {
    if (solution_.v[working_[i]] != 0) places.emplace_back(working_[i], static_cast<Index>(i));
  }
  std::sort(places.begin(), places.end());
  Columns inner;
  for (const auto& place : places) inner.push_back(place.second);
  return submatrix(by_gram_->gram(), inner);
}

}  // namespace pyreweight
