#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/newton_solver.hpp"
#include "pyreweight/quadratic_model.hpp"
#include "pyreweight/rounding.hpp"
#include "pyreweight/smooth.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

// Reweightings of one model: the next model is better than the last digits of this one.
constexpr int kModelReweightings = 20;
constexpr int kSmoothReweightings = 3;
// Residual from which on the objective changes by its rounding only.
constexpr double kUnresolved = 1e-7;

}  // namespace

double NewtonSolver::working_residual(const Regularizer& regularizer) const {
  const double columns =
      stationarity(regularizer, working_, gather(solution_.v, working_), gather(solution_.gradient, working_));
  if (!problem_.has_intercept) return columns;
  const double slope = std::abs(solution_.residual.dot(problem_.design.row_weights()));
  return std::max(columns, (slope - kCorrelationNoise) / intercept_level(regularizer));
}

/// Goes to solution + length * direction, the longest of 1, 1/2, 1/4, ... at which the objective falls.
bool NewtonSolver::line_search(const Regularizer& regularizer, const ConstVec& direction, const Vector& change,
                               double intercept_step) {
  const Vector predictor = solution_.predictor, residual = solution_.residual;
  const Vector v = gather(solution_.v, working_), gradient = gather(solution_.gradient, working_);
  const double intercept = solution_.intercept;
  const Vector& pi = problem_.design.row_weights();
  const double before = working_residual(regularizer);
  const auto set_columns = [&](const Vector& coef, const Vector& slopes) {
    for (size_t i = 0; i < working_.size(); ++i) {
      solution_.v[working_[i]] = coef[static_cast<Index>(i)];
      solution_.gradient[working_[i]] = slopes[static_cast<Index>(i)];
    }
  };
  const auto point_to = [&](double length) {
    solution_.predictor = predictor + length * change;
    solution_.predictor.array() += length * intercept_step;
  };
  const auto arrive = [&](double length) {
    solution_.intercept = intercept + length * intercept_step;
    problem_.loss->residual(problem_.target, solution_.predictor, solution_.residual);
    Vector slopes(v.size());
    problem_.design.correlate_some(working_, solution_.residual.cwiseProduct(pi), slopes, problem_.monitor);
    set_columns(v + length * direction, slopes);
    return working_residual(regularizer) < 0.9 * before;
  };
  const auto go_back = [&] {
    solution_.predictor = predictor;
    solution_.residual = residual;
    solution_.intercept = intercept;
    set_columns(v, gradient);
  };
  // Near the solution the objective no longer resolves a step; the residual still does.
  if (before <= kUnresolved) {
    point_to(1);
    if (arrive(1)) {
      loss_ = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    go_back();
  }
  const double penalty = regularizer.value(working_, v);
  if (std::isnan(loss_)) loss_ = loss_value(problem_, solution_);
  const double loss = loss_;
  // Of a sum over all rows.
  const double rounding = std::max(1e-14, 4e-16 * std::sqrt(static_cast<double>(pi.size())));
  for (double length = 1; length > 1e-8; length *= 0.5) {
    point_to(length);
    const double change_of_penalty = regularizer.value(working_, v + length * direction) - penalty;
    loss_ = loss_value(problem_, solution_);
    const double fall = (loss_ - loss) + change_of_penalty;
    const bool too_small_to_tell = std::abs(fall) <= rounding * (1 + std::abs(loss) + penalty);
    if (!(fall < 0) && !too_small_to_tell) continue;
    const bool closer = arrive(length);
    if (!too_small_to_tell || closer) return true;
    break;
  }
  go_back();
  loss_ = loss;
  return false;
}

/// The model with the penalty itself; where its minimum lies beyond a rise of a penalty that is not convex, that with
/// the tangents of the penalty at the present point, whose minimum always lies downhill.
bool NewtonSolver::step(const Regularizer& regularizer) {
  if (step_to_model(regularizer, regularizer)) return true;
  if (regularizer.penalty().convex() || regularizer.penalty().slope_at_zero() == 0) return false;
  if (working_residual(regularizer) <= problem_.options.tol) return false;
  return step_to_model(lasso(regularizer.radial_slope(all_columns(solution_.v.size()), solution_.v)), regularizer);
}

/// Where the model is least, for penalties that are smooth or of groups.
Vector NewtonSolver::reach_model(const Regularizer& of_model, const QuadraticModel& model) {
  Regularizer local = model.regularizer(of_model);
  const Vector from = gather(solution_.v, working_);
  if (of_model.penalty().slope_at_zero() == 0) {
    RidgeSolver ridge(model.problem().design, quiet_);
    return solve_smooth(model.problem(), local, from, ridge).v;
  }
  WorkingSetSolver inner(model.problem(), local);
  inner.start_from(from);
  return inner.solve().v;
}

bool NewtonSolver::step_to_model(const Regularizer& of_model, const Regularizer& regularizer) {
  std::unique_ptr<QuadraticModel> model;
  Vector reached;
  if (model_serves(of_model)) {
    accuracy_ = forcing_ * working_residual(regularizer);
    if (unsettled_) accuracy_ = std::max(accuracy_, NewtonModel::on_the_way());
    reached = model_.minimise(of_model, working_, solution_, accuracy_);
  } else {
    Options options = problem_.options;
    options.search = false;  // of a model that holds near the present point only
    options.max_iter = of_model.penalty().slope_at_zero() == 0 ? kSmoothReweightings : kModelReweightings;
    model = std::make_unique<QuadraticModel>(problem_, working_, solution_, options, quiet_);
    reached = reach_model(of_model, *model);
  }
  const Vector direction = reached - gather(solution_.v, working_);
  if (!direction.allFinite()) return false;
  Vector change = Vector::Zero(problem_.design.rows());
  Columns moved, place;
  for (size_t i = 0; i < working_.size(); ++i) {
    if (direction[static_cast<Index>(i)] == 0) continue;
    moved.push_back(working_[i]);
    place.push_back(static_cast<Index>(i));
  }
  problem_.design.combine(moved, gather(direction, place), change, problem_.monitor);
  const double intercept_step =
      model ? model->intercept_step(solution_, change) : model_.intercept_step(solution_, change);
  return line_search(regularizer, direction, change, intercept_step);
}

}  // namespace pyreweight
