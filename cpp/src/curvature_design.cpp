#include "pyreweight/curvature_design.hpp"

#include <cmath>

#include "pyreweight/columns.hpp"

namespace pyreweight {

CurvatureDesign::CurvatureDesign(const Design& base, const Columns& columns, const ConstVec& row_weights, bool centred,
                                 Monitor& monitor)
    : Design(base.rows(), static_cast<Index>(columns.size()), row_weights),
      base_(base),
      columns_(columns),
      total_(row_weights.sum()) {
  weights_ = row_weights;  // they are not brought to the sum 1: the penalty keeps its weight against the loss
  root_weights_ = weights_.cwiseSqrt();
  centre_ = shift_ = mean_ = Vector::Zero(cols_);
  if (centred) {
    base.correlate_some(columns_, weights_, mean_, monitor);
    mean_ /= total_;
  }
  unit_ = inverse_ = Vector::Ones(cols_);
  scale_ = gather(base.scale(), columns_).array().sign();
  deviation_ = gather(base.deviation(), columns_);
  penalty_unit_ = gather(base.penalty_unit(), columns_);
  second_moment_ = total_ * gather(base.second_moment(), columns_);
}

Columns CurvatureDesign::in_base(const Columns& columns) const {
  Columns out;
  out.reserve(columns.size());
  for (const Index j : columns) out.push_back(columns_[static_cast<size_t>(j)]);
  return out;
}

void CurvatureDesign::correlate(const ConstVec& u, MutVec out, Monitor& monitor) const {
  base_.correlate_some(columns_, u, out, monitor);
  out -= u.sum() * mean_;
}

void CurvatureDesign::correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const {
  base_.correlate_some(in_base(columns), u, out, monitor);
  out -= u.sum() * gather(mean_, columns);
}

void CurvatureDesign::combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const {
  base_.combine(in_base(columns), coef, out, monitor);
  out.array() -= coef.dot(gather(mean_, columns));
}

Matrix CurvatureDesign::gram(const Columns& a, const Columns& b, Monitor& monitor) const {
  const Columns left = in_base(a);
  const Vector mean = gather(mean_, a);
  Matrix out = &a == &b ? base_.weighted_gram(left, left, weights_, monitor)
                        : base_.weighted_gram(left, in_base(b), weights_, monitor);
  out.noalias() -= total_ * mean * gather(mean_, b).transpose();
  return out;
}

Matrix CurvatureDesign::weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                      Monitor& monitor) const {
  const Columns left = in_base(a), right = in_base(b);
  const Vector mean_a = gather(mean_, a), mean_b = gather(mean_, b);
  Vector sum_a(mean_a.size()), sum_b(mean_b.size());
  base_.correlate_some(left, row_weights, sum_a, monitor);
  base_.correlate_some(right, row_weights, sum_b, monitor);
  Matrix out = base_.weighted_gram(left, right, row_weights, monitor);
  out.noalias() -= mean_a * (sum_b - row_weights.sum() * mean_b).transpose();
  out.noalias() -= sum_a * mean_b.transpose();
  return out;
}

Matrix CurvatureDesign::dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const {
  const Columns in = in_base(columns);
  // With h = Z (tau c): (Z - 1 c') tau (Z - 1 c')' = Z tau Z' - h 1' - 1 h' + (c' tau c) 1 1', rows times their roots.
  const Vector mean = gather(mean_, columns), weighted = tau.cwiseProduct(mean);
  Vector h = Vector::Constant(rows_, -0.5 * weighted.dot(mean));
  base_.combine(in, weighted, h, monitor);
  h = h.cwiseProduct(root_weights_);
  Vector change = Vector::Zero(rows_);
  for (Index i = 0; i < rows_; ++i) {
    if (base_.row_weights()[i] > 0) change[i] = root_weights_[i] / std::sqrt(base_.row_weights()[i]);
  }
  Matrix out = base_.dual_gram(in, tau, monitor);
  for (Index i = 0; i < rows_; ++i) {
    out.col(i).array() *= change.array() * change[i];
    out.col(i) -= h * root_weights_[i] + root_weights_ * h[i];
  }
  return out;
}

void CurvatureDesign::raw_block(Index first, Index count, const Columns& columns, Matrix& out) const {
  base_.raw_block(first, count, in_base(columns), out);
}

}  // namespace pyreweight
