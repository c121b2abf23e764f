#include "pyreweight/scaled_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "pyreweight/auto_alpha.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

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

/// The lower median of values, each as often as its weight says; half of the weight is half up to rounding.
double weighted_median(std::vector<std::pair<double, double>> values_and_weights) {
  std::sort(values_and_weights.begin(), values_and_weights.end());
  double total = 0, sum = 0;
  for (const auto& entry : values_and_weights) total += entry.second;
  for (const auto& entry : values_and_weights) {
    sum += entry.second;
    if (sum >= 0.5 * total * (1 - 1e-12)) return entry.first;
  }
  return values_and_weights.back().first;
}

/// The median absolute deviation from the median over its value for the normal distribution of variance 1; the root
/// mean square where more than half of the values are equal.
double robust_spread(const Vector& values, const Vector& weights) {
  std::vector<std::pair<double, double>> entries;
  for (Index i = 0; i < values.size(); ++i) {
    if (weights[i] > 0) entries.emplace_back(values[i], weights[i]);
  }
  const double median = weighted_median(entries);
  for (auto& entry : entries) entry.first = std::abs(entry.first - median);
  const double spread = weighted_median(entries) / 0.6744897501960817;
  return spread > 0 ? spread : std::sqrt(values.cwiseAbs2().dot(weights));
}

Target make_target(const ConstVec& y, const Vector& weights, const ModelRequest& request) {
  if (request.loss) request.loss->check(y);
  const bool has_units = !request.loss || request.loss->in_units(1);
  return has_units ? scale_target(y, weights, request.fit_intercept) : Target{y, 0, 1, false};
}

std::unique_ptr<Loss> loss_in_units(const Loss* loss, const Target& target, const Vector& weights) {
  return loss && !target.constant ? loss->in_units(1 / robust_spread(target.values, weights)) : nullptr;
}

Vector group_weights(const ModelRequest& request) {
  std::vector<char> alone;
  for (const double weight : request.feature_weights) alone.push_back(weight == 0 || std::isinf(weight));
  return request.feature_groups.apart(alone).sized(request.feature_weights);
}

}  // namespace

ScaledProblem::ScaledProblem(const Design& design, const ConstVec& y, const Penalty& penalty,
                             const ModelRequest& request, double alpha, Index solves, Monitor& monitor)
    : request_(request),
      target_(make_target(y, design.row_weights(), request)),
      loss_(loss_in_units(request.loss, target_, design.row_weights())),
      reduced_(request.loss || request.paper_loop || target_.constant
                   ? ReducedRows{}
                   : reduce_rows(design, target_.values, solves, monitor)),
      problem_{reduced_.design ? *reduced_.design : design,
               reduced_.design ? reduced_.target : target_.values,
               monitor,
               request.options,
               loss_ ? loss_.get() : request.loss,
               request.loss && request.fit_intercept},
      regularizer_(penalty, alpha, group_weights(request), design, target_.scale, request.feature_groups) {}

Vector ScaledProblem::to_solver(const ConstVec& coef) const {
  return coef.cwiseProduct(problem_.design.scale()) / target_.scale;
}

Answer ScaledProblem::to_user(const Solution& solution) const {
  const Design& design = problem_.design;
  Answer answer;
  answer.alpha = regularizer_.alpha();
  answer.columns = support(solution.v);
  answer.values = gather(solution.v, answer.columns);
  double at_centre = 0;
  for (Index i = 0; i < answer.values.size(); ++i) {
    const Index j = answer.columns[static_cast<size_t>(i)];
    answer.values[i] = answer.values[i] / design.scale()[j] * target_.scale;
    at_centre += answer.values[i] * design.centre()[j];
  }
  answer.intercept = request_.fit_intercept ? target_.mean + solution.intercept * target_.scale - at_centre : 0.0;
  answer.objective = (solution.objective * target_.scale) * target_.scale;
  answer.dual_gap = (solution.gap * target_.scale) * target_.scale;
  answer.kkt_residual = solution.kkt_residual * (answer.alpha > 0 ? answer.alpha : 1.0);
  const AutoAlpha rule{request_.weight_sum, request_.fit_intercept, request_.eps};
  answer.noise_scale = noise_scale(problem_, regularizer_, solution, rule);
  answer.n_iter = solution.n_iter;
  answer.converged = solution.converged;
  answer.separated = solution.separated;
  return answer;
}

Solution ScaledProblem::constant_solution() const {
  Solution solution;
  const Penalty& penalty = regularizer_.penalty();
  solution.v = Vector::Zero(problem_.design.cols());
  solution.residual = Vector::Zero(problem_.design.rows());
  solution.gap = penalty.linear_quadratic() && penalty.slope_at_zero() > 0 ? 0.0 : std::nan("");
  solution.n_iter = 1;
  solution.converged = true;
  return solution;
}

}  // namespace pyreweight
