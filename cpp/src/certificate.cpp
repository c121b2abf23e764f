#include "pyreweight/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/columns.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();

// Of a residual and a column of root mean square 1; what it costs the dual value is of second order.
constexpr double kOrthogonal = 1e-8;

/// The largest derivative of the loss by the intercept and by unpenalised coefficients.
double unpenalised_slope(const Problem& problem, const Solution& solution, const Regularizer& regularizer) {
  double largest = 0;
  if (problem.has_intercept) largest = std::abs(solution.residual.dot(problem.design.row_weights()));
  for (Index j = 0; j < solution.gradient.size(); ++j) {
    if (regularizer.weights()[j] == 0) largest = std::max(largest, std::abs(solution.gradient[j]));
  }
  return largest;
}

/// Fenchel dual value at theta = kappa times the residual. With terms a_j |v_j| + b_j v_j^2 / 2 (of groups: norms, see
/// Regularizer) the dual is
///   sum_i pi_i inf_z (l(y_i, z) + theta_i z) - sum_j (|z_j' pi theta| - a_j)_+^2 / (2 b_j),
/// where the first term is sum_i pi_i (y_i theta_i - theta_i^2 / 2) for the squared loss,
/// and b_j = 0 demands |z_j' pi theta| <= a_j, which kappa sees to; correlations are known up to rounding, so both hold
/// up to rounding. Unpenalised columns count as profiled out: the inner solvers leave the residual orthogonal to them.
/// Where those of another loss have not done so yet, all that is known is that no objective is negative.
double dual_value(const Problem& problem, const Solution& solution, const Vector& a, const Vector& b,
                  const Regularizer& regularizer) {
  if (problem.loss && unpenalised_slope(problem, solution, regularizer) > kOrthogonal) return 0;
  const Vector pull = regularizer.pull(solution.gradient);
  double kappa = 1;
  for (Index j = 0; j < a.size(); ++j) {
    const double bound = a[j] + kCorrelationNoise;
    if (kappa * pull[j] > bound && b[j] == 0 && regularizer.penalised(j)) kappa = bound / pull[j];
  }
  const Vector& weights = problem.design.row_weights();
  double value = 0;
  if (problem.loss) {
    value = problem.loss->dual(problem.target, kappa * solution.residual, weights);
  } else {
    const double cross = (problem.target.array() * solution.residual.array() * weights.array()).sum();
    const double square = (solution.residual.array().square() * weights.array()).sum();
    value = kappa * cross - 0.5 * kappa * kappa * square;
  }
  for (Index j = 0; j < a.size(); ++j) {
    const double excess = kappa * pull[j] - a[j] - kCorrelationNoise;
    if (!(excess > 0) || b[j] == 0 || !regularizer.penalised(j) || !regularizer.groups().leads(j)) continue;
    value -= excess * excess / (2 * b[j]);
  }
  return value;
}

/// What the loss is without any coefficient: the size that rounding errors of the objective are relative to.
double loss_size(const Problem& problem) {
  if (!problem.loss) return problem.half_target_square();
  const Index n = problem.target.size();
  return problem.loss->value(problem.target, Vector::Zero(n), problem.design.row_weights());
}

/// max_j sum_i pi_i |z_ij y_i| / level_j with c_j = 1, the size of the terms whose rounding the KKT residual cannot go
/// below; bounded through Cauchy-Schwarz by what the design already knows.
double rounding_scale(const Problem& problem, const Regularizer& regularizer) {
  const double size = std::sqrt(2 * loss_size(problem));
  double largest = 0;
  for (Index j = 0; j < problem.design.cols(); ++j) {
    if (regularizer.excluded(j)) continue;
    const double level = regularizer.level(j) / (regularizer.penalised(j) ? regularizer.weights()[j] : 1.0);
    largest = std::max(largest, std::sqrt(problem.design.second_moment()[j]) * size / level);
  }
  return largest;
}

/// By how much each of these columns violates its stationarity conditions, in units of its level.
Vector deviations(const Regularizer& regularizer, const Columns& columns, const ConstVec& v, const ConstVec& gradient) {
  const Columns active = support(v);
  Columns active_columns;
  for (const Index i : active) active_columns.push_back(columns[static_cast<size_t>(i)]);
  const Vector slope = regularizer.slope(active_columns, gather(v, active));
  const Vector radius = regularizer.radius(columns, v);
  const double kink = regularizer.penalty().slope_at_zero();
  Vector deviation = gradient;
  for (size_t i = 0; i < active.size(); ++i) {
    deviation[active[i]] -= std::copysign(slope[static_cast<Index>(i)], v[active[i]]);
  }
  deviation = regularizer.pull(columns, deviation);
  for (Index i = 0; i < v.size(); ++i) {
    const Index j = columns[static_cast<size_t>(i)];
    const double level = regularizer.level(j), threshold = radius[i] == 0 && regularizer.penalised(j) ? kink : 0.0;
    // Almost every column is at zero and well below its threshold, and needs no division to know it.
    if (deviation[i] <= threshold * level || (radius[i] == 0 && regularizer.excluded(j))) {
      deviation[i] = 0;
    } else {
      deviation[i] = std::max(0.0, deviation[i] / level - threshold);
    }
  }
  return deviation;
}

}  // namespace

void refresh_residual(const Problem& problem, Solution& solution) {
  const Columns active = support(solution.v);
  const Vector coef = gather(solution.v, active);
  if (problem.loss) {
    solution.predictor = Vector::Zero(problem.design.rows());
    problem.design.combine(active, coef, solution.predictor, problem.monitor);
    if (problem.has_intercept) {
      solution.intercept = best_intercept(problem, solution.predictor);
      solution.predictor.array() += solution.intercept;
    }
    solution.residual.resize(solution.predictor.size());
    problem.loss->residual(problem.target, solution.predictor, solution.residual);
  } else {
    solution.residual = problem.target;
    problem.design.combine(active, -coef, solution.residual, problem.monitor);
  }
}

void refresh(const Problem& problem, Solution& solution) {
  refresh_residual(problem, solution);
  correlate_all(problem, solution);
}

void correlate_all(const Problem& problem, Solution& solution) {
  solution.gradient.resize(problem.design.cols());
  const Vector weighted = solution.residual.cwiseProduct(problem.design.row_weights());
  problem.design.correlate(weighted, solution.gradient, problem.monitor);
}

double intercept_level(const Regularizer& regularizer) {
  return (regularizer.alpha() > 0 ? regularizer.alpha() : 1.0) / regularizer.y_scale();
}

double loss_value(const Problem& problem, const Solution& solution) {
  if (problem.loss) return problem.loss->value(problem.target, solution.predictor, problem.design.row_weights());
  return 0.5 * solution.residual.cwiseAbs2().dot(problem.design.row_weights());
}

double stationarity(const Regularizer& regularizer, const Columns& columns, const ConstVec& v,
                    const ConstVec& gradient) {
  return v.size() > 0 ? deviations(regularizer, columns, v, gradient).maxCoeff() : 0.0;
}

void certify(const Problem& problem, const Regularizer& regularizer, Solution& solution) {
  const Columns active = support(solution.v);
  solution.objective = loss_value(problem, solution) + regularizer.value(active, gather(solution.v, active));
  solution.kkt_residual = stationarity(regularizer, all_columns(solution.v.size()), solution.v, solution.gradient);
  if (problem.has_intercept && regularizer.alpha() > 0) {  // 0: the null model where no column tells anything
    const double slope = std::abs(solution.residual.dot(problem.design.row_weights()));
    solution.kkt_residual = std::max(solution.kkt_residual, slope / intercept_level(regularizer));
  }

  solution.gap = std::numeric_limits<double>::quiet_NaN();
  if (regularizer.penalty().linear_quadratic() && regularizer.penalty().slope_at_zero() > 0) {
    Vector l1, l2;
    regularizer.own_terms(l1, l2);
    solution.gap = std::max(0.0, solution.objective - dual_value(problem, solution, l1, l2, regularizer));
  }
}

bool certified(const Problem& problem, const Regularizer& regularizer, const Solution& solution) {
  const double tol = problem.options.tol;
  if (!std::isnan(solution.gap)) {
    const double allowed = tol * solution.objective;
    return solution.gap <= allowed || solution.gap <= allowed + kRounding * loss_size(problem);
  }
  if (solution.kkt_residual <= tol) return true;
  // The level of a column with a small weight is small, the rounding of its correlation is not.
  const double rounding = kRounding * rounding_scale(problem, regularizer);
  Vector share = deviations(regularizer, all_columns(solution.v.size()), solution.v, solution.gradient);
  const bool elsewhere = share.size() == 0 || solution.kkt_residual > share.maxCoeff();  // in the intercept
  if (elsewhere && !(solution.kkt_residual <= tol + rounding)) return false;
  for (Index j = 0; j < share.size(); ++j) {
    const double weight = regularizer.penalised(j) ? std::min(1.0, regularizer.weights()[j]) : 1.0;
    if (!(share[j] <= tol + rounding / weight)) return false;
  }
  return true;
}

}  // namespace pyreweight
