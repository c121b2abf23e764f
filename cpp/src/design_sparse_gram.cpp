#include <cstdint>

#include "pyreweight/columns.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kProductColumns = 16;   // columns of a product that one task computes
constexpr double kDenseAdvantage = 12;  // multiplications of a blocked product in the time of one sparse one

}  // namespace

/// Row by row, each stored entry of a column of b meets the stored entries of a in its row; by blocks made dense
/// where that is less work.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                                   Monitor& monitor) const {
  const bool symmetric = &a == &b;
  const Index height = static_cast<Index>(a.size()), width = static_cast<Index>(b.size());
  RowForm left(X_, a, rows_);
  double work = static_cast<double>(height * width);
  for (const Index j : b) {
    for (Index e = X_.begin(j); e < X_.end(j); ++e) work += static_cast<double>(left.size(X_.row(e)));
  }
  if (work > static_cast<double>(rows_) * static_cast<double>(height * width) / kDenseAdvantage) {
    return Design::weighted_gram(a, b, row_weights, monitor);
  }
  const Vector root = row_weights.cwiseSqrt();
  left.fill(X_, a, [&](Index j, Index e) { return scaled(j, e) * root[X_.row(e)]; });
  const double total = row_weights.sum();
  Vector mean(height), sum = Vector::Zero(height);
  for (Index r = 0; r < height; ++r) {
    const Index j = a[static_cast<size_t>(r)];
    mean[r] = shift_[j] * inverse_[j];
    for (Index e = X_.begin(j); e < X_.end(j); ++e) sum[r] += scaled(j, e) * row_weights[X_.row(e)];
  }
  Matrix out = Matrix::Zero(height, width);
  const Index tasks = (width + kProductColumns - 1) / kProductColumns;
  parallel_for(tasks, 2 * work / static_cast<double>(std::max<Index>(tasks, 1)), monitor, [&](Index task) {
    for (Index c = task * kProductColumns; c < std::min(width, (task + 1) * kProductColumns); ++c) {
      const Index j = b[static_cast<size_t>(c)], most = symmetric ? c + 1 : height;
      double* const products = out.data() + c * height;
      double own_sum = 0;
      for (Index e = X_.begin(j); e < X_.end(j); ++e) {
        const Index i = X_.row(e), end = left.end(i);
        const double x = scaled(j, e) * root[i];
        own_sum += x * root[i];
        for (Index f = left.begin(i); f < end && left.place(f) < most; ++f) {
          products[left.place(f)] += x * left.value(f);
        }
      }
      const double own_mean = shift_[j] * inverse_[j];
      for (Index r = 0; r < most; ++r) {
        products[r] -= mean[r] * (own_sum - total * own_mean) + sum[r] * own_mean;
      }
    }
  });
  if (symmetric) out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  if (any_far_) correct_far(a, b, row_weights, out, monitor);
  return out;
}

template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const {
  double work = 0;
  Columns near, distant, near_at, distant_at;
  for (size_t c = 0; c < columns.size(); ++c) {
    const Index j = columns[c];
    (far(j) ? distant : near).push_back(j);
    (far(j) ? distant_at : near_at).push_back(static_cast<Index>(c));
    work += static_cast<double>(X_.size(j)) * static_cast<double>(X_.size(j));
  }
  const double square = static_cast<double>(rows_) * static_cast<double>(rows_);
  if (work > square * static_cast<double>(columns.size()) / kDenseAdvantage) {
    return Design::dual_gram(columns, tau, monitor);
  }
  RowForm rows(X_, near, rows_);
  const auto rooted = [&](Index j, Index e) { return scaled(j, e) * root_weights_[X_.row(e)]; };
  rows.fill(X_, near, rooted);
  // With means m: sum tau (x - m 1)(x - m 1)' = sum tau x x' - 1 h' - h 1' + (sum tau m^2) 1 1', h = sum tau m x, and
  // every row times the root of its weight.
  const Vector strength = gather(tau, near_at);
  const Vector means = gather(shift_, near).cwiseProduct(gather(inverse_, near));
  const double constant = strength.dot(means.cwiseAbs2());
  Vector h = Vector::Zero(rows_);
  for (Index i = 0; i < rows_; ++i) {
    for (Index f = rows.begin(i); f < rows.end(i); ++f) {
      h[i] += rows.value(f) * strength[rows.place(f)] * means[rows.place(f)];
    }
  }
  Matrix out =
      distant.empty() ? Matrix::Zero(rows_, rows_) : Design::dual_gram(distant, gather(tau, distant_at), monitor);
  const Index tasks = (rows_ + kProductColumns - 1) / kProductColumns;
  parallel_for(tasks, 3 * (work + square) / static_cast<double>(tasks), monitor, [&](Index task) {
    for (Index i = task * kProductColumns; i < std::min(rows_, (task + 1) * kProductColumns); ++i) {
      double* const products = out.data() + i * rows_;
      for (Index f = rows.begin(i); f < rows.end(i); ++f) {
        const Index j = near[static_cast<size_t>(rows.place(f))];
        const double x = rows.value(f) * strength[rows.place(f)];
        for (Index e = X_.begin(j); e < X_.end(j) && X_.row(e) <= i; ++e) products[X_.row(e)] += x * rooted(j, e);
      }
      const double root = root_weights_[i];
      for (Index k = 0; k <= i; ++k) products[k] -= root_weights_[k] * (h[i] - constant * root) + h[k] * root;
    }
  });
  out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

/// Replaces the products with columns far from zero.
template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::correct_far(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                               Matrix& out, Monitor& monitor) const {
  const auto products_of = [&](Index j, const Columns& others) {
    Vector u = Vector::Zero(rows_), products(static_cast<Index>(others.size()));
    combine({j}, Vector::Ones(1), u, monitor);
    correlate_some(others, u.cwiseProduct(row_weights), products, monitor);
    return products;
  };
  for (Index r = 0; r < out.rows(); ++r) {
    const Index j = a[static_cast<size_t>(r)];
    if (!far(j)) continue;
    out.row(r) = products_of(j, b).transpose();
    if (&a == &b) out.col(r) = out.row(r).transpose();
  }
  for (Index c = 0; c < out.cols() && &a != &b; ++c) {
    const Index j = b[static_cast<size_t>(c)];
    if (far(j)) out.col(c) = products_of(j, a);
  }
}

#define PYREWEIGHT_SPARSE(Scalar, Offset)                                                                      \
  template Matrix SparseDesign<Scalar, Offset>::weighted_gram(const Columns&, const Columns&, const ConstVec&, \
                                                              Monitor&) const;                                 \
  template Matrix SparseDesign<Scalar, Offset>::dual_gram(const Columns&, const ConstVec&, Monitor&) const;
PYREWEIGHT_SPARSE(double, std::int32_t)
PYREWEIGHT_SPARSE(double, std::int64_t)
PYREWEIGHT_SPARSE(float, std::int32_t)
PYREWEIGHT_SPARSE(float, std::int64_t)
#undef PYREWEIGHT_SPARSE

}  // namespace pyreweight
