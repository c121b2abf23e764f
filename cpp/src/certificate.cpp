#include "pyreweight/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();

/// Fenchel dual value at theta = kappa times the residual. With terms a_j |v_j| + b_j v_j^2 / 2 the dual is
///   sum_i pi_i (y_i theta_i - theta_i^2 / 2) - sum_j (|z_j' pi theta| - a_j)_+^2 / (2 b_j),
/// and b_j = 0 demands |z_j' pi theta| <= a_j, which kappa sees to; correlations are known up to rounding, so both hold
/// up to rounding. Unpenalised columns count as profiled out: the inner solvers leave the residual orthogonal to them.
double dual_value(const Problem& problem, const Solution& solution, const Vector& a, const Vector& b,
                  const Regularizer& regularizer) {
  double kappa = 1;
  for (Index j = 0; j < a.size(); ++j) {
    if (regularizer.penalised(j) && b[j] == 0) {
      const double correlation = std::abs(solution.gradient[j]);
      kappa = std::min(kappa, (a[j] + kCorrelationNoise) / correlation);
    }
  }
  const Vector& weights = problem.design.row_weights();
  const double cross = (problem.target.array() * solution.residual.array() * weights.array()).sum();
  const double square = (solution.residual.array().square() * weights.array()).sum();
  double value = kappa * cross - 0.5 * kappa * kappa * square;
  for (Index j = 0; j < a.size(); ++j) {
    if (!regularizer.penalised(j) || b[j] == 0) continue;
    const double excess = std::max(0.0, kappa * std::abs(solution.gradient[j]) - a[j] - kCorrelationNoise);
    value -= excess * excess / (2 * b[j]);
  }
  return value;
}

/// max_j sum_i pi_i |z_ij y_i| / level_j with c_j = 1, the size of the terms whose rounding the KKT residual cannot go
/// below; bounded through Cauchy-Schwarz by what the design already knows.
double rounding_scale(const Problem& problem, const Regularizer& regularizer) {
  const double size = std::sqrt(2 * problem.half_target_square());
  double largest = 0;
  for (Index j = 0; j < problem.design.cols(); ++j) {
    if (regularizer.excluded(j)) continue;
    const double level = regularizer.level(j) / (regularizer.penalised(j) ? regularizer.weights()[j] : 1.0);
    largest = std::max(largest, std::sqrt(problem.design.second_moment()[j]) * size / level);
  }
  return largest;
}

}  // namespace

void refresh(const Problem& problem, Solution& solution) {
  const Columns active = support(solution.v);
  solution.residual = problem.target;
  problem.design.combine(active, -gather(solution.v, active), solution.residual, problem.monitor);
  solution.gradient.resize(problem.design.cols());
  const Vector weighted = solution.residual.cwiseProduct(problem.design.row_weights());
  problem.design.correlate(weighted, solution.gradient, problem.monitor);
}

void certify(const Problem& problem, const Regularizer& regularizer, Solution& solution) {
  const Columns active = support(solution.v);
  const Vector coef = gather(solution.v, active);
  solution.objective =
      0.5 * solution.residual.cwiseAbs2().dot(problem.design.row_weights()) + regularizer.value(active, coef);

  const double kink = regularizer.penalty().slope_at_zero();
  const Vector slope = regularizer.slope(active, coef);
  double residual = 0;
  for (Index j = 0; j < solution.v.size(); ++j) {
    if (solution.v[j] != 0 || regularizer.excluded(j)) continue;
    const double threshold = regularizer.penalised(j) ? kink : 0.0;
    residual = std::max(residual, std::abs(solution.gradient[j]) / regularizer.level(j) - threshold);
  }
  for (size_t i = 0; i < active.size(); ++i) {
    const Index j = active[i];
    const double deviation = std::abs(solution.gradient[j] - std::copysign(slope[i], coef[i]));
    residual = std::max(residual, deviation / regularizer.level(j));
  }
  solution.kkt_residual = residual;

  solution.gap = std::numeric_limits<double>::quiet_NaN();
  if (regularizer.penalty().linear_quadratic() && kink > 0) {
    Vector l1, l2;
    regularizer.majorise(all_columns(solution.v.size()), Vector::Ones(solution.v.size()), l1, l2);
    solution.gap = std::max(0.0, solution.objective - dual_value(problem, solution, l1, l2, regularizer));
  }
}

bool certified(const Problem& problem, const Regularizer& regularizer, const Solution& solution) {
  const double tol = problem.options.tol;
  if (!std::isnan(solution.gap)) {
    return solution.gap <= tol * solution.objective + kRounding * problem.half_target_square();
  }
  return solution.kkt_residual <= tol ||
         solution.kkt_residual <= tol + kRounding * rounding_scale(problem, regularizer);
}

}  // namespace pyreweight
