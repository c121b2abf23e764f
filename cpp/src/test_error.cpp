#include "pyreweight/test_error.hpp"

#include <limits>

#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {

TestError::TestError(const Design& design, const ConstVec& y, const ScaledProblem& scaled, const Vector& weights,
                     const Matrix& products)
    : design_(design), scaled_(scaled) {
  const double total = weights.sum();
  if (!(total > 0)) return;
  const Target& target = scaled.target();
  weights_ = weights / total;
  if (scaled.problem().classes) {
    target_ = target.values;
    return;
  }
  target_ = (weights.array() > 0).select((y.array() - target.mean) / target.scale, 0.0);
  if (&scaled.problem().design == &design) return;
  if (products.size() > 0) {
    const Index p = design.cols();
    square_ = products(p, p);
    cross_ = products.col(p).head(p);
    gram_ = products.topLeftCorner(p, p);
    return;
  }
  const Columns columns = all_columns(design.cols());
  Monitor& monitor = scaled.problem().monitor;
  const Vector weighted = target_.cwiseProduct(weights_);
  square_ = target_.dot(weighted);
  cross_.resize(design.cols());
  design.correlate(weighted, cross_, monitor);
  gram_ = design.weighted_gram(columns, columns, weights_, monitor);
}

double TestError::of_reduced(const Solution& solution) const {
  const Vector& v = solution.v;
  const double error = square_ - 2 * cross_.dot(v) + v.dot(gram_ * v);
  if (error > kCancellation * square_) return error;  // else the rows are visited
  const Columns active = support(v);
  Vector errors = target_;
  design_.combine(active, -gather(v, active), errors, scaled_.problem().monitor);
  return errors.cwiseAbs2().dot(weights_);
}

double TestError::operator()(const Solution& solution) const {
  if (weights_.size() == 0) return std::numeric_limits<double>::quiet_NaN();
  if (gram_.size() > 0) return of_reduced(solution);
  const Target& target = scaled_.target();
  if (scaled_.problem().loss && !target.constant) {
    return scaled_.problem().loss->value(target_, solution.predictor, weights_);
  }
  // A row of the fit with weight 0 has target 0, so that its residual is minus its prediction.
  return (target_ - (target.values - solution.residual)).cwiseAbs2().dot(weights_);
}

}  // namespace pyreweight
