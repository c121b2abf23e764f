#include "pyreweight/quadratic_model.hpp"

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

// Curvature counts at least this much of its mean: rows that the loss has given up would leave steps without bound.
constexpr double kLeastCurvature = 1e-6;

}  // namespace

QuadraticModel::QuadraticModel(const Problem& problem, const Columns& columns, const Solution& at,
                               const Options& options, Monitor& monitor)
    : columns_(columns),
      of_loss_(problem),
      design_(problem.design, columns, curvature_weights(problem, at), problem.has_intercept, problem.monitor),
      problem_{design_, Vector(), monitor, options} {
  const Vector& pi = problem.design.row_weights();
  const Vector& weights = design_.row_weights();
  problem_.target = Vector::Zero(problem.design.rows());
  const Vector v = gather(at.v, columns);
  const Columns active = support(v);
  design_.combine(active, gather(v, active), problem_.target, problem.monitor);
  for (Index i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) problem_.target[i] += at.residual[i] * pi[i] / weights[i];
  }
  if (problem.has_intercept) problem_.target.array() -= problem_.target.dot(weights) / weights.sum();
}

Regularizer QuadraticModel::regularizer(const Regularizer& of_all) const {
  return {of_all.penalty(), of_all.alpha(),   gather(of_all.weights(), columns_),
          design_,          of_all.y_scale(), of_all.groups().part(columns_)};
}

double QuadraticModel::intercept_step(const Solution& at, const ConstVec& change) const {
  if (!of_loss_.has_intercept) return 0;
  const Vector& weights = design_.row_weights();
  return (at.residual.dot(of_loss_.design.row_weights()) - change.dot(weights)) / weights.sum();
}

Vector curvature_weights(const Problem& problem, const Solution& at) {
  const Vector& pi = problem.design.row_weights();
  Vector curvature(at.predictor.size());
  problem.loss->curvature(problem.target, at.predictor, curvature);
  const double mean = curvature.dot(pi);
  return pi.cwiseProduct(curvature.cwiseMax(mean > 0 ? kLeastCurvature * mean : 1.0));
}

}  // namespace pyreweight
