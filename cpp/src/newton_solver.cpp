#include "pyreweight/newton_solver.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/quadratic_model.hpp"
#include "pyreweight/registry.hpp"
#include "pyreweight/rounding.hpp"
#include "pyreweight/separation.hpp"
#include "pyreweight/smooth.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxPasses = 1000;
constexpr size_t kLeastGrowth = 100;
// Stationarity aimed at, in units of the level: rounding, whatever tol asks for, so that the answer does not depend on
// tol; and the same while columns outside are known to violate theirs.
constexpr double kTarget = 1e-11;
constexpr double kLooseTarget = 1e-2;
constexpr double kShareOfViolation = 0.3;
// Reweightings of one model: the next model is better than the last digits of this one.
constexpr int kModelReweightings = 20;
constexpr int kSmoothReweightings = 3;

}  // namespace

NewtonSolver::NewtonSolver(const Problem& problem, Regularizer& regularizer)
    : problem_(problem),
      regularizer_(regularizer),
      l1_(make_penalty("l1", {})),
      quiet_([&problem] { problem.monitor.poll(); }, nullptr) {
  solution_.v = null_point(problem);
  refresh(problem_, solution_);
}

void NewtonSolver::start_from(const ConstVec& v) {
  const auto objective = [&](const Solution& at) {
    return loss_value(problem_, at) + regularizer_.value(all_columns(at.v.size()), at.v);
  };
  const Solution null = solution_;
  for (Index j = 0; j < v.size(); ++j) solution_.v[j] = regularizer_.excluded(j) ? 0.0 : v[j];
  refresh(problem_, solution_);
  // Where a loss is as good as linear, a step from afar may end in a far minimum of a penalty that hardly grows.
  warm_ = objective(solution_) <= objective(null);
  if (!warm_) solution_ = null;
}

Columns NewtonSolver::worst_violators(const Regularizer& regularizer, const std::vector<char>& in_working) const {
  const Vector thresholds = regularizer.zero_thresholds();
  const Vector pull = regularizer.pull(all_columns(thresholds.size()), solution_.gradient);
  std::vector<std::pair<double, Index>> violators;
  for (Index j = 0; j < thresholds.size(); ++j) {
    if (in_working[static_cast<size_t>(j)] || pull[j] <= thresholds[j] * (1 + 1e-10) + kCorrelationNoise) continue;
    if (regularizer.groups().leads(j)) violators.emplace_back(-pull[j] / thresholds[j], j);
  }
  const size_t most = std::max(kLeastGrowth, support(solution_.v).size());
  if (violators.size() > most) {
    std::nth_element(violators.begin(), violators.begin() + static_cast<std::ptrdiff_t>(most), violators.end());
    violators.resize(most);
  }
  std::sort(violators.begin(), violators.end());
  Columns fresh;
  for (const auto& violator : violators) fresh.push_back(violator.second);
  return regularizer.groups().complete(fresh);
}

double NewtonSolver::working_residual(const Regularizer& regularizer, const Columns& working) const {
  const double columns =
      stationarity(regularizer, working, gather(solution_.v, working), gather(solution_.gradient, working));
  if (!problem_.has_intercept) return columns;
  const double slope = std::abs(solution_.residual.dot(problem_.design.row_weights()));
  return std::max(columns, (slope - kCorrelationNoise) / intercept_level(regularizer));
}

/// Goes to solution + length * direction, the longest of 1, 1/2, 1/4, ... at which the objective falls.
bool NewtonSolver::line_search(const Regularizer& regularizer, const Columns& working, const ConstVec& direction,
                               const Vector& change, double intercept_step) {
  const Solution from = solution_;
  const Vector v = gather(from.v, working);
  const Vector& pi = problem_.design.row_weights();
  const double penalty = regularizer.value(working, v), loss = loss_value(problem_, from);
  const double residual = working_residual(regularizer, working);
  // Of a sum over all rows.
  const double rounding = std::max(1e-14, 4e-16 * std::sqrt(static_cast<double>(pi.size())));
  for (double length = 1; length > 1e-8; length *= 0.5) {
    const Vector reached = v + length * direction;
    solution_.predictor = from.predictor + length * change;
    solution_.predictor.array() += length * intercept_step;
    const double fall = (loss_value(problem_, solution_) - loss) + (regularizer.value(working, reached) - penalty);
    const bool too_small_to_tell = std::abs(fall) <= rounding * (1 + std::abs(loss) + penalty);
    if (!(fall < 0) && !too_small_to_tell) continue;
    solution_.intercept = from.intercept + length * intercept_step;
    for (size_t i = 0; i < working.size(); ++i) solution_.v[working[i]] = reached[static_cast<Index>(i)];
    problem_.loss->residual(problem_.target, solution_.predictor, solution_.residual);
    Vector gradient(reached.size());
    problem_.design.correlate_some(working, solution_.residual.cwiseProduct(pi), gradient, problem_.monitor);
    for (size_t i = 0; i < working.size(); ++i) solution_.gradient[working[i]] = gradient[static_cast<Index>(i)];
    // Near the solution the objective no longer resolves a step; the residual still does.
    if (!too_small_to_tell || working_residual(regularizer, working) < 0.9 * residual) return true;
    break;
  }
  solution_ = from;
  return false;
}

/// The model with the penalty itself; where its minimum lies beyond a rise of a penalty that is not convex, that with
/// the tangents of the penalty at the present point, whose minimum always lies downhill.
bool NewtonSolver::step(const Regularizer& regularizer, const Columns& working) {
  if (step_to_model(regularizer, regularizer, working)) return true;
  if (regularizer.penalty().convex() || regularizer.penalty().slope_at_zero() == 0) return false;
  if (working_residual(regularizer, working) <= problem_.options.tol) return false;
  return step_to_model(lasso(regularizer.radial_slope(all_columns(solution_.v.size()), solution_.v)), regularizer,
                       working);
}

bool NewtonSolver::step_to_model(const Regularizer& of_model, const Regularizer& regularizer, const Columns& working) {
  const bool smooth = of_model.penalty().slope_at_zero() == 0;
  Options options = problem_.options;
  options.search = false;  // of a model that holds near the present point only
  options.max_iter = smooth ? kSmoothReweightings : kModelReweightings;
  const QuadraticModel model(problem_, working, solution_, options, quiet_);
  Regularizer local = model.regularizer(of_model);
  const Vector from = gather(solution_.v, working);
  Vector reached;
  if (smooth) {
    RidgeSolver ridge(model.problem().design, quiet_);
    reached = solve_smooth(model.problem(), local, from, ridge).v;
  } else {
    WorkingSetSolver inner(model.problem(), local);
    inner.start_from(from);
    reached = inner.solve().v;
  }
  const Vector direction = reached - from;
  if (!direction.allFinite()) return false;
  Vector change = Vector::Zero(problem_.design.rows());
  Columns moved, place;
  for (size_t i = 0; i < working.size(); ++i) {
    if (direction[static_cast<Index>(i)] == 0) continue;
    moved.push_back(working[i]);
    place.push_back(static_cast<Index>(i));
  }
  problem_.design.combine(moved, gather(direction, place), change, problem_.monitor);
  return line_search(regularizer, working, direction, change, model.intercept_step(solution_, change));
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

/// Newton steps on the working columns; false when the limit of reweightings was reached.
bool NewtonSolver::descend(Regularizer& regularizer, const Columns& working, double target) {
  while (working_residual(regularizer, working) > target) {
    if (solution_.n_iter >= problem_.options.max_iter) return false;
    ++solution_.n_iter;
    problem_.monitor.poll();
    if (!step(regularizer, working)) break;
    if (problem_.monitor.verbose()) {
      std::ostringstream line;
      line << "Newton step " << solution_.n_iter << ": working set " << working.size() << ", nonzero "
           << support(solution_.v).size() << ", KKT residual / alpha " << working_residual(regularizer, working);
      problem_.monitor.report(line.str());
    }
    const bool settled = working_residual(regularizer, working) <= kLooseTarget;
    if (runs_away(problem_, regularizer, solution_, settled)) {
      solution_.separated = true;
      return false;
    }
  }
  return true;
}

void NewtonSolver::minimise(Regularizer& regularizer, double last_target) {
  Columns working = regularizer.groups().complete(support(solution_.v));
  std::vector<char> in_working(static_cast<size_t>(problem_.design.cols()), 0);
  const bool smooth = regularizer.penalty().slope_at_zero() == 0;  // then no coefficient stays zero
  for (Index j = 0; j < problem_.design.cols(); ++j) {
    const bool enters = smooth ? !regularizer.excluded(j) : regularizer.weights()[j] == 0;
    if (enters && solution_.v[j] == 0) working.push_back(j);
  }
  for (const Index j : working) in_working[static_cast<size_t>(j)] = 1;
  double target = kLooseTarget;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const Columns fresh = worst_violators(regularizer, in_working);
    if (fresh.empty()) {
      if (pass > 0 && target <= last_target) break;
      target = last_target;
    } else {
      const Index worst = fresh.front();  // no use in polishing a point that these columns will move
      const Columns group = regularizer.groups().complete({worst});
      const double pull = regularizer.pull(group, gather(solution_.gradient, group))[0];
      const double violation = pull / regularizer.zero_thresholds()[worst] - 1;
      target = std::max(kLooseTarget, kShareOfViolation * violation);
    }
    for (const Index j : fresh) in_working[static_cast<size_t>(j)] = 1;
    working.insert(working.end(), fresh.begin(), fresh.end());
    const bool within_limits = descend(regularizer, working, target);
    const Vector weighted = solution_.residual.cwiseProduct(problem_.design.row_weights());
    problem_.design.correlate(weighted, solution_.gradient, problem_.monitor);
    if (!within_limits) break;
  }
}

const Solution& NewtonSolver::solve() {
  const Penalty& penalty = regularizer_.penalty();
  solution_.n_iter = 0;
  solution_.separated = false;
  if (!warm_ && penalty.slope_at_zero() > 0 && !penalty.linear_quadratic()) {
    Vector thresholds = regularizer_.zero_thresholds();
    if (std::isinf(penalty.slope_at_zero())) {
      thresholds = regularizer_.prox_thresholds(null_moments(problem_));
    }
    Regularizer first = lasso(std::move(thresholds));
    minimise(first, kLooseTarget);
  }
  minimise(regularizer_, kTarget);
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
  refresh(problem_, solution_);
  minimise(unpenalised, kTarget);
  return solution_;
}

}  // namespace pyreweight
