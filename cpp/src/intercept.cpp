#include "pyreweight/intercept.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "pyreweight/columns.hpp"
#include "pyreweight/softmax.hpp"

namespace pyreweight {

double best_intercept(const Problem& problem, const ConstVec& predictor) {
  const Vector& pi = problem.design.row_weights();
  return best_intercept(problem, predictor, problem.loss->constant(problem.target.dot(pi)) - predictor.dot(pi));
}

double best_intercept(const Problem& problem, const ConstVec& predictor, double start) {
  const Vector& pi = problem.design.row_weights();
  Vector shifted(predictor.size()), residual(predictor.size()), curvature(predictor.size());
  double b = start;
  double low = -kInfinity, high = kInfinity;  // the derivative falls as b grows
  double stride = 1;
  for (int iter = 0; iter < 200; ++iter) {
    shifted = predictor.array() + b;
    problem.loss->residual(problem.target, shifted, residual);
    problem.loss->curvature(problem.target, shifted, curvature);
    const double slope = residual.dot(pi), bend = curvature.dot(pi);
    if (slope == 0) break;
    (slope > 0 ? low : high) = b;
    double next = b + slope / bend;
    if (!(next > low && next < high)) {
      // Newton left the bracket, or there is none yet and the loss is flat here.
      next = std::isinf(low) ? high - stride : std::isinf(high) ? low + stride : 0.5 * (low + high);
      stride *= 2;
    }
    const bool still = std::abs(next - b) <= 4 * std::numeric_limits<double>::epsilon() * (1 + std::abs(next));
    b = next;
    if (still) break;
  }
  return b;
}

Vector best_intercepts(const Problem& problem, const ConstVec& predictor) {
  const Index n = problem.classes->base().rows(), K = problem.classes->classes();
  const Vector& pi = problem.classes->base().row_weights();
  const Eigen::Map<const Matrix> y(problem.target.data(), n, K);
  const Vector shares = y.transpose() * pi;
  Vector b = Vector::Zero(K), z, residual(n * K);
  const auto value_at = [&](const Vector& at) {
    z = predictor;
    Eigen::Map<Matrix>(z.data(), n, K).rowwise() += at.transpose();
    return problem.loss->value(problem.target, z, pi);
  };
  double value = value_at(b);
  for (int iter = 0; iter < 100; ++iter) {
    problem.loss->residual(problem.target, z, residual);
    const Matrix q = y - Eigen::Map<const Matrix>(residual.data(), n, K);
    const Vector mean = q.transpose() * pi, slope = shares - mean;
    Matrix hessian = -(q.transpose() * pi.asDiagonal() * q);
    hessian.diagonal() += mean;
    hessian.array() += hessian.trace() / static_cast<double>(K * K);  // along the constants, where the loss is level
    Vector next = b + hessian.ldlt().solve(slope);
    double reached = next.allFinite() ? value_at(next) : std::numeric_limits<double>::infinity();
    if (!(reached < value)) {
      constexpr double kLeastShare = 1e-100;
      next = b.array() + (shares.array() / mean.array().max(kLeastShare)).log();
      reached = value_at(next);
    }
    if (!(reached < value)) break;
    b = next;
    value = reached;
  }
  return b;
}

Vector null_point(const Problem& problem) {
  Vector v = Vector::Zero(problem.design.cols());
  if (!problem.classes || !problem.classes->has_intercepts()) return v;
  const Index K = problem.classes->classes(), n = problem.classes->base().rows();
  const Vector& pi = problem.classes->base().row_weights();
  for (Index k = 0; k < K; ++k) {
    v[problem.coefficients() + k] = problem.loss->constant(problem.target.segment(k * n, n).dot(pi));
  }
  // The intercept of the reference class is fixed at 0, see ScaledProblem.
  v.tail(K).array() -= v[problem.coefficients() + reference_class(problem.target, pi)];
  return v;
}

Vector null_curvature(const Problem& problem) {
  if (!problem.loss) return Vector::Ones(1);
  const Index size = problem.target.size();
  Vector predictor = Vector::Zero(size), curvature(size);
  if (problem.has_intercept) predictor.setConstant(best_intercept(problem, predictor));
  if (problem.classes) {
    const Vector v = null_point(problem);
    const Columns active = support(v);
    problem.design.combine(active, gather(v, active), predictor, problem.monitor);
  }
  problem.loss->curvature(problem.target, predictor, curvature);
  curvature = curvature.cwiseProduct(problem.design.row_weights());
  const Index outputs = problem.loss->outputs();
  return Eigen::Map<const Matrix>(curvature.data(), size / outputs, outputs).colwise().sum().transpose();
}

Vector null_moments(const Problem& problem) {
  const Vector curvature = null_curvature(problem);
  Vector moments = problem.design.second_moment();
  for (Index j = 0; j < moments.size(); ++j) {
    moments[j] *= curvature[problem.classes ? problem.classes->class_of(j) : 0];
  }
  return moments;
}

}  // namespace pyreweight
