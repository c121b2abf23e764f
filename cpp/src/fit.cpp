#include "pyreweight/fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/auto_alpha.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/irls.hpp"
#include "pyreweight/smooth.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

/// y = mean + scale * target, with a power of two for scale so that the root mean square of target is in [1, 2).
struct Target {
  Vector values;
  double mean = 0;
  double scale = 1;
  bool constant = false;
};

Target scale_target(const ConstVec& y, const Vector& weights, bool fit_intercept) {
  const auto power_of_two = [](double x) { return std::ldexp(1.0, std::ilogb(x)); };
  Target target;
  const Vector counted = (weights.array() > 0).select(y, 0.0);
  const double largest = counted.cwiseAbs().maxCoeff();
  target.constant = true;
  target.values = Vector::Zero(y.size());
  if (largest == 0) return target;
  const double unit = power_of_two(largest);
  Vector values = counted / unit;
  double mean = 0;
  if (fit_intercept) {
    mean = values.dot(weights);
    mean += (values.array() - mean).matrix().dot(weights);  // takes back what rounding left
    values.array() -= mean;
    target.mean = mean * unit;
  }
  const double deviation = std::sqrt(values.cwiseAbs2().dot(weights));
  if (deviation <= 10 * std::numeric_limits<double>::epsilon()) return target;
  target.constant = false;
  const double spread = power_of_two(deviation);
  target.values = (weights.array() > 0).select(values / spread, 0.0);
  target.scale = unit * spread;
  return target;
}

/// The dropout face of the coefficients: eta and keep probability q_j = g_j / (g_j + rho_j), rho_j the ridge weight.
void describe_masks(const Design& design, const Regularizer& regularizer, const Vector& v, FitResult& result) {
  result.eta = result.keep_prob = Vector::Zero(v.size());
  if (result.alpha > 0) {
    const Vector t = v.cwiseAbs().cwiseProduct(regularizer.units()) * regularizer.y_scale();
    regularizer.penalty().eta(t, result.alpha, result.eta);
  }
  const Vector rho = regularizer.ridge_weights(all_columns(v.size()), v);
  for (Index j = 0; j < v.size(); ++j) {
    if (regularizer.excluded(j)) {
      result.eta[j] = 0;
    } else if (!regularizer.penalised(j)) {
      result.keep_prob[j] = 1;
    } else if (result.eta[j] > 0) {
      result.keep_prob[j] = design.second_moment()[j] / (design.second_moment()[j] + rho[j]);
    }
  }
}

Solution run(const Problem& problem, Regularizer& regularizer, const FitRequest& request, const Vector& start,
             const AutoAlpha& rule) {
  Solution solution;
  const bool choose_alpha = std::isnan(request.alpha);
  if (choose_alpha) {
    solution = solve_auto_alpha(problem, regularizer, rule);
    if (!request.paper_loop) return solution;
  }
  if (request.paper_loop) return solve_irls(problem, regularizer, start);
  if (regularizer.penalty().slope_at_zero() == 0) return solve_smooth(problem, regularizer, start);
  WorkingSetSolver solver(problem, regularizer);
  if (start.size() > 0) solver.start_from(start);
  return solver.solve();
}

}  // namespace

FitResult fit(const Design& design, const ConstVec& y, const Penalty& penalty, const FitRequest& request,
              Monitor& monitor) {
  const Target target = scale_target(y, design.row_weights(), request.fit_intercept);
  const double alpha = std::isnan(request.alpha) ? 1.0 : request.alpha;
  const Problem problem{design, target.values, monitor, request.options};
  Regularizer regularizer(penalty, alpha, request.feature_weights, design, target.scale);
  const AutoAlpha rule{request.weight_sum, request.fit_intercept, request.eps};

  Solution solution;
  if (target.constant) {
    solution.v = Vector::Zero(design.cols());
    solution.residual = Vector::Zero(design.rows());
    solution.gap = penalty.linear_quadratic() && penalty.slope_at_zero() > 0 ? 0.0 : std::nan("");
    solution.n_iter = 1;
    solution.converged = true;
    if (std::isnan(request.alpha)) regularizer.set_alpha(0);
  } else {
    Vector start;
    if (request.start.size() > 0) start = request.start.cwiseProduct(design.scale()) / target.scale;
    solution = run(problem, regularizer, request, start, rule);
  }

  FitResult result;
  result.alpha = regularizer.alpha();
  result.coef = Vector::Zero(design.cols());
  for (const Index j : support(solution.v)) result.coef[j] = solution.v[j] / design.scale()[j] * target.scale;
  result.intercept = request.fit_intercept ? target.mean - result.coef.dot(design.centre()) : 0.0;
  result.objective = (solution.objective * target.scale) * target.scale;
  result.dual_gap = (solution.gap * target.scale) * target.scale;
  result.kkt_residual = solution.kkt_residual * result.alpha;
  result.noise_scale = noise_scale(problem, regularizer, solution, rule);
  result.n_iter = solution.n_iter;
  result.converged = solution.converged;
  describe_masks(design, regularizer, solution.v, result);
  return result;
}

}  // namespace pyreweight
