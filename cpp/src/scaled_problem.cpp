#include "pyreweight/scaled_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "pyreweight/auto_alpha.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/softmax.hpp"

namespace pyreweight {
namespace {

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
  if (request.loss && request.loss->outputs() > 1) {
    return {class_targets(y, weights, request.loss->outputs()), 0, 1, false};
  }
  if (request.loss) request.loss->check(y);
  const bool has_units = !request.loss || request.loss->in_units(1);
  return has_units ? scale_target(y, weights, request.fit_intercept) : Target{y, 0, 1, false};
}

/// Factors of the penalty for all columns of a class design: features for every class, intercepts 0. A number added to
/// the unpenalised coefficients of all classes changes nothing, so those of the reference class are fixed at 0.
Vector class_weights(const Vector& feature_weights, const ClassDesign& design, const Vector& target, bool fixed) {
  const Index p = design.base().cols(), K = design.classes();
  Vector weights = Vector::Zero(design.cols());
  weights.head(K * p) = feature_weights.replicate(K, 1);
  if (!fixed) return weights;
  const Index reference = reference_class(target, design.base().row_weights());
  for (Index j = 0; j < weights.size(); ++j) {
    if (weights[j] == 0 && design.class_of(j) == reference) weights[j] = std::numeric_limits<double>::infinity();
  }
  return weights;
}

/// Groups of all columns of a class design; intercepts are by themselves.
Groups class_groups(const Groups& of_coefficients, const ClassDesign& design) {
  if (of_coefficients.singletons()) return {};
  Columns labels;
  for (Index j = 0; j < design.cols(); ++j)
    labels.push_back(j < design.coefficients() ? of_coefficients.of(j) : -1 - j);
  return Groups(labels);
}

std::unique_ptr<Loss> loss_in_units(const Loss* loss, const Target& target, const Vector& weights) {
  // Targets with several outputs are labels, which have no units.
  if (!loss || target.constant || loss->outputs() > 1 || !loss->in_units(1)) return nullptr;
  return loss->in_units(1 / robust_spread(target.values, weights));
}

/// Factors of the penalty for all columns: those of groups times the root of their sizes.
Vector sized(const Groups& groups, const Vector& weights) {
  std::vector<char> alone(static_cast<size_t>(weights.size()));
  for (size_t j = 0; j < alone.size(); ++j) {
    const double weight = weights[static_cast<Index>(j)];
    alone[j] = weight == 0 || std::isinf(weight);
  }
  return groups.apart(alone).sized(weights);
}

}  // namespace

ScaledProblem::ScaledProblem(const Design& design, const ConstVec& y, const Penalty& penalty,
                             const ModelRequest& request, double alpha, Index solves, Monitor& monitor)
    : request_(request),
      target_(make_target(y, design.row_weights(), request)),
      classes_(request.loss && request.loss->outputs() > 1
                   ? std::make_unique<ClassDesign>(design, request.loss->outputs(), request.fit_intercept)
                   : nullptr),
      loss_(loss_in_units(request.loss, target_, design.row_weights())),
      reduced_(request.loss || request.paper_loop || target_.constant
                   ? ReducedRows{}
                   : reduce_rows(design,
                                 request.row_factor ? *request.row_factor : factor_rows(design, solves, monitor),
                                 target_.values, monitor)),
      problem_{classes_          ? *classes_
               : reduced_.design ? *reduced_.design
                                 : design,
               reduced_.design ? reduced_.target : target_.values,
               monitor,
               request.options,
               loss_ ? loss_.get() : request.loss,
               request.loss && request.fit_intercept && !classes_,
               classes_.get()},
      regularizer_(make_regularizer(penalty, alpha)) {}

Regularizer ScaledProblem::make_regularizer(const Penalty& penalty, double alpha) const {
  if (!classes_) {
    const Vector weights = sized(request_.feature_groups, request_.feature_weights);
    return {penalty, alpha, weights, problem_.design, target_.scale, request_.feature_groups};
  }
  const Groups groups = class_groups(request_.feature_groups, *classes_);
  const Vector weights = class_weights(request_.feature_weights, *classes_, target_.values, true);
  return {penalty, alpha, sized(groups, weights), *classes_, target_.scale, groups};
}

Regularizer ScaledProblem::whole_regularizer() const {
  if (!classes_) return regularizer_;
  return {regularizer_.penalty(),
          regularizer_.alpha(),
          sized(regularizer_.groups(), class_weights(request_.feature_weights, *classes_, target_.values, false)),
          *classes_,
          target_.scale,
          regularizer_.groups()};
}

Vector ScaledProblem::to_solver(const ConstVec& coef) const {
  if (!classes_) return coef.cwiseProduct(problem_.design.scale()) / target_.scale;
  const Index p = classes_->base().cols(), K = classes_->classes(), count = classes_->coefficients();
  Vector v = Vector::Zero(classes_->cols());
  v.head(count) = coef.cwiseProduct(classes_->scale().head(count));
  if (classes_->has_intercepts()) {
    Vector predictor = Vector::Zero(classes_->rows());
    const Columns active = support(v);
    classes_->combine(active, gather(v, active), predictor, problem_.monitor);
    v.tail(K) = best_intercepts(problem_, predictor);
  }
  const Index reference = reference_class(target_.values, classes_->base().row_weights());
  for (Index j = 0; j < p; ++j) {
    if (request_.feature_weights[j] != 0) continue;
    const double shift = v[reference * p + j];
    for (Index k = 0; k < K; ++k) v[k * p + j] -= shift;
  }
  if (classes_->has_intercepts()) v.tail(K).array() -= v[count + reference];
  return v;
}

void ScaledProblem::set_coefficients(const Solution& solution, Answer& answer) const {
  const Design& design = problem_.design;
  answer.columns = support(solution.v);
  answer.values = gather(solution.v, answer.columns);
  double at_centre = 0;
  for (Index i = 0; i < answer.values.size(); ++i) {
    const Index j = answer.columns[static_cast<size_t>(i)];
    answer.values[i] = answer.values[i] / design.scale()[j] * target_.scale;
    at_centre += answer.values[i] * design.centre()[j];
  }
  answer.intercept = request_.fit_intercept ? target_.mean + solution.intercept * target_.scale - at_centre : 0.0;
}

void ScaledProblem::set_class_coefficients(const Solution& solution, Answer& answer) const {
  const Index p = classes_->base().cols(), K = classes_->classes(), count = classes_->coefficients();
  Matrix coef = Matrix::Zero(p, K);
  for (const Index i : support(solution.v.head(count))) coef(i % p, i / p) = solution.v[i] / classes_->scale()[i];
  for (Index j = 0; j < p; ++j) {
    if (request_.feature_weights[j] == 0) coef.row(j).array() -= coef.row(j).mean();
  }
  answer.columns = support(Eigen::Map<const Vector>(coef.data(), count));
  answer.values = gather(Eigen::Map<const Vector>(coef.data(), count), answer.columns);
  answer.intercepts = Vector::Zero(K);
  if (!classes_->has_intercepts()) return;
  answer.intercepts = solution.v.tail(K) - coef.transpose() * classes_->base().centre();
  answer.intercepts.array() -= answer.intercepts.mean();
}

Answer ScaledProblem::to_user(const Solution& solution) const {
  Answer answer;
  answer.alpha = regularizer_.alpha();
  classes_ ? set_class_coefficients(solution, answer) : set_coefficients(solution, answer);
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
