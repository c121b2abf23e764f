#include "pyreweight/newton_solver.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/common_shift.hpp"
#include "pyreweight/inner_choice.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/registry.hpp"
#include "pyreweight/separation.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxPasses = 1000;
// Stationarity aimed at, in units of the level: rounding, so that the answer does not depend on tol, unless tol is
// above kAllDigits; the same before a last look at the columns outside, and while these are known to violate theirs.
constexpr double kTarget = 1e-13, kAllDigits = 1e-6;
constexpr double kCheapStep = 2e5;  // multiplications
// Of tol, from where on the end is so near that the curvature at hand serves, should another one cost more than so many
// steps; and where that end is taken to be.
constexpr double kFewDigits = 1e-4, kStepsSpared = 1, kNearEnd = 1e-3;
constexpr double kMiddleTarget = 1e-5, kLooseTarget = 1e-2;
// From one target to the next, where the last digits cost much.
constexpr double kDrop = 0.2;
constexpr double kShareOfViolation = 0.3;
// Weighted lassos on the way to a penalty that is not convex, and what of the objective each of them takes off for
// another to follow.
constexpr int kMostTangents = 10;
constexpr double kWorthTangents = 5e-3;
// Of the residual at hand, what a model of one penalty for every column is solved to.
constexpr double kForcing = 0.1;
// Steps that the curvature of a new point will still take to the solution, and the residual from which on it is worth
// asking.
constexpr double kStepsOfNewCurvature = 3, kNear = 0.1;
// Coarsest model of steps that shall come somewhat closer only.
constexpr Index kCoarsest = 4;
// A step that leaves more than this of the residual asks for the curvature of the point it reached; one that fails at
// the last leaves rounding.
constexpr double kSlow = 0.35, kSlowAtEnd = 0.15, kRounding = 1e-9;

}  // namespace

NewtonSolver::NewtonSolver(const Problem& problem, Regularizer& regularizer)
    : problem_(problem),
      regularizer_(regularizer),
      l1_(make_penalty("l1", {})),
      quiet_([&problem] { problem.monitor.poll(); }, nullptr),
      model_(problem, quiet_),
      in_working_(static_cast<size_t>(problem.design.cols()), 0),
      screening_(problem),
      screens_(Screening::pays(problem.design)) {
  solution_.v = null_point(problem);
  refresh();
}

void NewtonSolver::refresh() {
  refresh_residual(problem_, solution_);
  correlate_all();
}

void NewtonSolver::correlate_all() {
  if (screens_) return screening_.correlate_all(solution_);
  pyreweight::correlate_all(problem_, solution_);
}

double NewtonSolver::objective(const Solution& at) const {
  return loss_value(problem_, at) + regularizer_.value(all_columns(at.v.size()), at.v);
}

void NewtonSolver::start_from(const ConstVec& v) {
  const Solution null = solution_;
  for (Index j = 0; j < v.size(); ++j) solution_.v[j] = regularizer_.excluded(j) ? 0.0 : v[j];
  refresh();
  // Where a loss is as good as linear, a step from afar may end in a far minimum of a penalty that hardly grows.
  warm_ = objective(solution_) <= objective(null);
  if (!warm_) solution_ = null;
}

/// The problem with the lasso of these thresholds (p,) for its penalty.
Regularizer NewtonSolver::lasso(Vector thresholds) const {
  const double unit = regularizer_.alpha() / regularizer_.y_scale();
  for (Index j = 0; j < thresholds.size(); ++j) {
    if (!regularizer_.excluded(j)) thresholds[j] /= unit * regularizer_.units()[j];
  }
  return {*l1_,
          regularizer_.alpha(),
          std::move(thresholds),
          problem_.design,
          regularizer_.y_scale(),
          regularizer_.groups()};
}

/// Whether the steps that an old curvature will still take cost more than the curvature of the present point. Not asked
/// of penalties that are not convex, whose answer must not tell weights from copies of rows.
bool NewtonSolver::new_curvature_pays(const Regularizer& regularizer, double before, double residual) const {
  if (!regularizer.penalty().convex() || !(residual < before) || before > kNear) return false;
  const double goal = few_digits(regularizer) ? kNearEnd : kTarget;
  if (!(residual > goal)) return false;
  const double steps = std::log(goal / residual) / std::log(residual / before) - kStepsOfNewCurvature;
  return steps > 0 && gram_is_cheaper(problem_.design, working_, steps);
}

/// Newton steps on the working columns; false when the limit of reweightings was reached.
bool NewtonSolver::descend(Regularizer& regularizer, double target) {
  forcing_ = kForcing;
  unsettled_ = false;
  coarseness_ = target < kLooseTarget || !regularizer.penalty().convex() ? 1 : kCoarsest;
  if (model_.coarseness() > coarseness_) renew_model(regularizer);
  for (double residual = working_residual(regularizer); residual > target;) {
    if (solution_.n_iter >= problem_.options.max_iter) return false;
    const bool lags = model_serves(regularizer) && model_.lags();
    if (!lags) ++solution_.n_iter;
    problem_.monitor.poll();
    model_.coarsen(coarseness_);
    const bool moved = step(regularizer);
    const double before = residual;
    residual = working_residual(regularizer);
    // A model of the present point that gains little so near the solution leaves rounding.
    if (!lags && before <= kRounding && residual > kSlowAtEnd * before) break;
    if (!moved && (!lags || residual <= kRounding)) break;
    const bool at_end = before <= kLooseTarget && !few_digits(regularizer);
    const bool slow = residual > (at_end ? kSlowAtEnd : kSlow) * before;
    if (!moved || slow) coarseness_ = std::max<Index>(1, model_.coarseness() / 2);
    if (!moved || slow || !model_.lags() || new_curvature_pays(regularizer, before, residual)) renew_model(regularizer);
    unsettled_ = slow && residual > kMiddleTarget && model_.swept() && !regularizer.penalty().convex();
    if (!moved) continue;
    // As exact as the last model turned out to be (Eisenstat and Walker, 1996).
    forcing_ = std::min(kForcing, residual > accuracy_ ? (residual - accuracy_) / before : residual);
    if (problem_.monitor.verbose()) {
      std::ostringstream line;
      line << "Newton step, curvature " << solution_.n_iter << ": working set " << working_.size() << ", nonzero "
           << support(solution_.v).size() << ", KKT residual / alpha " << residual;
      problem_.monitor.report(line.str());
    }
    if (runs_away(problem_, regularizer, solution_, residual <= kLooseTarget)) {
      solution_.separated = true;
      return false;
    }
  }
  return true;
}

/// Whether tol decides about the end, since the last digits would cost as much as all the others. Not of the problems
/// on the way, from whose solution others begin. With unpenalised columns there is no duality gap before the end.
bool NewtonSolver::ends_at_tol(const Regularizer& regularizer) const {
  if (&regularizer != &regularizer_ || problem_.options.tol <= kAllDigits || !model_serves(regularizer)) return false;
  if ((regularizer.weights().array() == 0).any()) return false;
  return model_.swept() || work_of_step(problem_.design, working_) >= kCheapStep;
}

/// Whether it asks for so little that the curvature at hand serves.
bool NewtonSolver::few_digits(const Regularizer& regularizer) const {
  if (problem_.options.tol < kFewDigits || !ends_at_tol(regularizer)) return false;
  return !gram_is_cheaper(problem_.design, working_, kStepsSpared);
}

/// Puts the intercept at its best for the coefficients, without which a residual has no dual value.
void NewtonSolver::settle_intercept() {
  if (!problem_.has_intercept) return;
  const double shift = best_intercept(problem_, solution_.predictor, 0);
  solution_.intercept += shift;
  solution_.predictor.array() += shift;
  problem_.loss->residual(problem_.target, solution_.predictor, solution_.residual);
  loss_ = std::numeric_limits<double>::quiet_NaN();
}

/// Whether tol is met where it decides about the end.
bool NewtonSolver::far_enough(const Regularizer& regularizer) {
  if (!ends_at_tol(regularizer)) return false;
  certify(problem_, regularizer, solution_);
  return certified(problem_, regularizer, solution_);
}

void NewtonSolver::minimise(Regularizer& regularizer, double last_target) {
  loss_ = std::numeric_limits<double>::quiet_NaN();
  thresholds_ = regularizer.zero_thresholds();
  gather_working(regularizer);
  double target = kLooseTarget;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const Columns fresh = worst_violators(regularizer);
    if (fresh.empty()) {
      if (pass > 0 && (target <= last_target || far_enough(regularizer))) break;
      const double next = model_.swept() || few_digits(regularizer) ? kDrop * target : kMiddleTarget;
      target = target > kMiddleTarget ? std::max(next, last_target) : last_target;
    } else {
      const Index worst = fresh.front();  // no use in polishing a point that these columns will move
      const Columns group = regularizer.groups().complete({worst});
      const double pull = regularizer.pull(group, gather(solution_.gradient, group))[0];
      const double violation = pull / thresholds_[worst] - 1;
      target = std::max(kLooseTarget, kShareOfViolation * violation);
    }
    // Where the products that are missing would be most of all, those of the present curvature cost hardly more.
    if (2 * fresh.size() > working_.size()) renew_model(regularizer);
    let_in(fresh);
    const bool within_limits = descend(regularizer, target);
    if (within_limits && ends_at_tol(regularizer)) settle_intercept();
    if (screens_) {
      screening_.correlate(regularizer, thresholds_, in_working_, solution_);
    } else {
      correlate_all();
    }
    if (!within_limits) break;
  }
}

/// From the lasso on, weighted lassos, each with the tangents of the penalty where the one before ended (Zou and Li,
/// 2008). They decide which of many columns stay at little cost, and their curvatures do not count: a Newton model with
/// the penalty itself is concave along the columns that will go, and each of its steps comes to terms with few of them.
void NewtonSolver::follow_tangents() {
  const Penalty& penalty = regularizer_.penalty();
  if (penalty.convex() || !penalty.separable() || std::isinf(penalty.slope_at_zero())) return;
  if (penalty.steepest_slope() > penalty.slope_at_zero()) return;
  const Columns active = support(solution_.v);
  if (is_bounded(regularizer_, active, gather(solution_.v, active))) return;  // its tangents may be level
  const Columns all = all_columns(solution_.v.size());
  const int n_iter = solution_.n_iter;
  double before = objective(solution_);
  for (int stage = 0; stage < kMostTangents && n_iter < problem_.options.max_iter; ++stage) {
    Regularizer tangents = lasso(regularizer_.radial_slope(all, solution_.v));
    minimise(tangents, kLooseTarget);
    solution_.n_iter = n_iter;
    const double after = objective(solution_);
    if (!(after < (1 - kWorthTangents) * before)) break;
    before = after;
  }
}

const Solution& NewtonSolver::solve() {
  const Penalty& penalty = regularizer_.penalty();
  solution_.n_iter = 0;
  solution_.separated = false;
  if (!warm_ && penalty.slope_at_zero() > 0 && !penalty.linear_quadratic()) {
    Vector thresholds = regularizer_.zero_thresholds();
    if (std::isinf(penalty.slope_at_zero())) {
      thresholds = regularizer_.prox_thresholds(all_columns(thresholds.size()), null_moments(problem_));
    }
    // Solved so well that no trace is left of where it began, which decides nothing about the minimum reached then.
    Regularizer first = lasso(std::move(thresholds));
    minimise(first, kMiddleTarget);
    if (model_.swept()) follow_tangents();
  }
  minimise(regularizer_, kTarget);
  if (problem_.classes && settle_common_shifts(*problem_.classes, regularizer_, solution_.v)) {
    refresh();
  }
  certify(problem_, regularizer_, solution_);
  solution_.converged = !solution_.separated && certified(problem_, regularizer_, solution_);
  solution_.n_iter = std::max(1, solution_.n_iter);
  warm_ = true;
  return solution_;
}

const Solution& NewtonSolver::solve_null() {
  solution_.n_iter = 0;
  Vector weights = regularizer_.weights();
  for (Index j = 0; j < weights.size(); ++j) {
    if (weights[j] > 0) weights[j] = std::numeric_limits<double>::infinity();
  }
  Regularizer unpenalised(regularizer_.penalty(), regularizer_.alpha(), weights, problem_.design,
                          regularizer_.y_scale());
  solution_.v = null_point(problem_);
  refresh();
  minimise(unpenalised, kTarget);
  correlate_all();  // no threshold is met by what has none
  return solution_;
}

}  // namespace pyreweight
