#include "pyreweight/quadratic_model.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

// Curvature counts at least this much of its mean: rows that the loss has given up would leave steps without bound.
constexpr double kLeastCurvature = 1e-6;

/// (n, K) the probabilities at a point, none smaller than what counts at least.
Matrix probabilities(const Problem& problem, const Solution& at) {
  const Index n = problem.classes->base().rows(), K = problem.classes->classes();
  Matrix q = Eigen::Map<const Matrix>(problem.target.data(), n, K) - Eigen::Map<const Matrix>(at.residual.data(), n, K);
  const double mean = problem.classes->base().row_weights().dot((q.array() * (1 - q.array())).rowwise().sum().matrix());
  q = q.cwiseMax(std::max(kLeastCurvature * mean / static_cast<double>(K), std::numeric_limits<double>::min()));
  q.array().colwise() /= q.rowwise().sum().eval().array();
  return q;
}

/// residual / h.
Vector responses(const Problem& problem, const Solution& at, const Vector& weights) {
  const Vector& pi = problem.design.row_weights();
  Vector out = Vector::Zero(pi.size());
  for (Index i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) out[i] = at.residual[i] * pi[i] / weights[i];
  }
  return out;
}

/// The t with B t = residual: residual / sqrt(q), since the residuals of a row have the sum 0.
Vector class_responses(const Solution& at, const Matrix& q) {
  const Matrix root = q.cwiseSqrt();
  return at.residual.cwiseQuotient(Eigen::Map<const Vector>(root.data(), root.size()));
}

}  // namespace

Curvature curvature_at(const Problem& problem, const Solution& at) {
  if (problem.classes) return {Vector(), probabilities(problem, at)};
  return {curvature_weights(problem, at), Matrix()};
}

double intercept_step(const Problem& problem, const Curvature& curvature, const Solution& at, const ConstVec& change) {
  if (!problem.has_intercept) return 0;
  const Vector& weights = curvature.weights;
  return (at.residual.dot(problem.design.row_weights()) - change.dot(weights)) / weights.sum();
}

ModelDesign::ModelDesign(const Problem& problem, const Columns& columns, const Curvature& curvature) {
  if (problem.classes) {
    design_ = std::make_unique<ClassDesign>(*problem.classes, columns, curvature.probabilities);
    mean_ = Vector::Zero(design_->cols());
    return;
  }
  auto design = std::make_unique<CurvatureDesign>(problem.design, columns, curvature.weights, problem.has_intercept,
                                                  problem.monitor);
  mean_ = design->weighted_mean();
  design_ = std::move(design);
}

QuadraticModel::QuadraticModel(const Problem& problem, const Columns& columns, const Solution& at,
                               const Options& options, Monitor& monitor)
    : QuadraticModel(problem, columns, at, curvature_at(problem, at), options, monitor) {}

QuadraticModel::QuadraticModel(const Problem& problem, const Columns& columns, const Solution& at, Curvature curvature,
                               const Options& options, Monitor& monitor)
    : columns_(columns),
      of_loss_(problem),
      curvature_(std::move(curvature)),
      design_(problem, columns, curvature_),
      problem_{design_.design(), Vector(), monitor, options} {
  const Vector v = gather(at.v, columns);
  const Columns active = support(v);
  problem_.target = problem.classes ? class_responses(at, curvature_.probabilities)
                                    : responses(problem, at, problem_.design.row_weights());
  problem_.design.combine(active, gather(v, active), problem_.target, problem.monitor);
  if (!problem.has_intercept) return;
  const Vector& weights = problem_.design.row_weights();
  problem_.target.array() -= problem_.target.dot(weights) / weights.sum();
}

Regularizer QuadraticModel::regularizer(const Regularizer& of_all) const {
  return {of_all.penalty(), of_all.alpha(),   gather(of_all.weights(), columns_),
          problem_.design,  of_all.y_scale(), of_all.groups().part(columns_)};
}

Vector QuadraticModel::gradient(const Solution& at) const {
  Vector out = gather(at.gradient, columns_);
  if (of_loss_.has_intercept) out -= at.residual.dot(of_loss_.design.row_weights()) * design_.mean();
  return out;
}

double QuadraticModel::intercept_step(const Solution& at, const ConstVec& change) const {
  return pyreweight::intercept_step(of_loss_, curvature_, at, change);
}

Vector curvature_weights(const Problem& problem, const Solution& at) {
  const Vector& pi = problem.design.row_weights();
  Vector curvature(at.predictor.size());
  problem.loss->curvature(problem.target, at.predictor, curvature);
  const double mean = curvature.dot(pi);
  return pi.cwiseProduct(curvature.cwiseMax(mean > 0 ? kLeastCurvature * mean : 1.0));
}

}  // namespace pyreweight
