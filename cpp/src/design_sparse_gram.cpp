#include <algorithm>
#include <cstdint>

#include "pyreweight/columns.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/row_blocks.hpp"

namespace pyreweight {
namespace {

constexpr Index kProductColumns = 16;     // columns of a product that one task computes
constexpr double kNearProducts = 131072;  // entries of a matrix of products for the nearest memory

}  // namespace

/// Whether a product of these columns goes row by row: it has few enough entries for the nearest memory.
template <class Scalar, class Offset>
bool SparseDesign<Scalar, Offset>::rows_serve(const Columns& a, const Columns& b) const {
  const double products = static_cast<double>(a.size()) * static_cast<double>(b.size());
  const double n = static_cast<double>(rows_);
  return products <= kNearProducts && entries(a) / n * entries(b) <= n * products / kDenseAdvantage;
}

/// Products of the columns as they are stored, scaled; of a symmetric matrix the upper half. Parts of the rows, the
/// same for any number of threads, have their sums to themselves.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::raw_gram_by_rows(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                                      Monitor& monitor) const {
  const bool symmetric = &a == &b;
  const Index height = static_cast<Index>(a.size()), width = static_cast<Index>(b.size());
  const double work = entries(a) + entries(b) + entries(a) / static_cast<double>(rows_) * entries(b);
  const Index parts = row_parts(work);
  const Columns none;
  std::vector<Subtotals> sums(static_cast<size_t>(parts), Subtotals(height, width, work / rows_));
  const auto factor = [&](Index j) { return unit_[j] * inverse_[j]; };
  const auto add_rows = [&](Index first, Index last, Subtotals& sum) {
    RowBlocks left(X_, a, first, last), right(X_, symmetric ? none : b, first, last);
    for (Index begin = first; begin < last; begin += kBlockRows) {
      const Index end = std::min(last, begin + kBlockRows);
      if (row_weights.segment(begin, end - begin).isZero(0)) {
        left.skip(end);
        right.skip(end);
        continue;
      }
      left.advance(end, factor);
      if (!symmetric) right.advance(end, factor);
      const auto& of_b = symmetric ? left : right;
      const int* const rows = left.places();
      const int* const columns = of_b.places();
      const double* const values = left.values();
      const double* const others = of_b.values();
      double* const out = sum.next(end - begin).data();
      for (Index i = begin; i < end; ++i) {
        const int start = left.begin(i), stop = left.end(i);
        const double weight = row_weights[i];
        for (int f = of_b.begin(i), last_of_b = of_b.end(i); f < last_of_b; ++f) {
          double* const products = out + columns[f] * height;
          const double x = others[f] * weight;
          const int most = symmetric ? f + 1 : stop;
          for (int g = start; g < most; ++g) products[rows[g]] += x * values[g];
        }
      }
    }
  };
  for_parts_of_rows(rows_, work, parts, monitor, [&](Index part, Index first, Index last) {
    add_rows(first, last, sums[static_cast<size_t>(part)]);
  });
  Matrix out = sums.front().take_total();
  for (size_t part = 1; part < sums.size(); ++part) out += sums[part].take_total();
  if (symmetric) out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

/// The same column by column of b, each entry meeting those of a in its row; of a symmetric one the upper half.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::raw_gram(const RowForm& left, const Columns& a, const Columns& b,
                                              const Vector& root, double work, Monitor& monitor) const {
  const bool symmetric = &a == &b;
  const Index height = static_cast<Index>(a.size()), width = static_cast<Index>(b.size());
  Matrix out = Matrix::Zero(height, width);
  const Index tasks = (width + kProductColumns - 1) / kProductColumns;
  parallel_for(tasks, 2 * work / static_cast<double>(std::max<Index>(tasks, 1)), monitor, [&](Index task) {
    for (Index c = task * kProductColumns; c < std::min(width, (task + 1) * kProductColumns); ++c) {
      const Index j = b[static_cast<size_t>(c)], most = symmetric ? c + 1 : height;
      double* const products = out.data() + c * height;
      for (Index e = X_.begin(j); e < X_.end(j); ++e) {
        const Index i = X_.row(e), end = left.end(i);
        const double x = scaled(j, e) * root[i];
        for (Index f = left.begin(i); f < end && left.place(f) < most; ++f) {
          products[left.place(f)] += x * left.value(f);
        }
      }
    }
  });
  if (symmetric) out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

/// Products of stored entries, corrected for the means; by blocks made dense where that is less work.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                                   Monitor& monitor) const {
  Matrix out;
  if (rows_serve(a, b)) {
    out = raw_gram_by_rows(a, b, row_weights, monitor);
  } else {
    RowForm left(X_, a, rows_);
    double work = static_cast<double>(a.size() * b.size());
    for (const Index j : b) {
      for (Index e = X_.begin(j); e < X_.end(j); ++e) work += static_cast<double>(left.size(X_.row(e)));
    }
    if (work > static_cast<double>(rows_) * static_cast<double>(a.size() * b.size()) / kDenseAdvantage) {
      return Design::weighted_gram(a, b, row_weights, monitor);
    }
    const Vector root = row_weights.cwiseSqrt();
    left.fill(X_, a, [&](Index j, Index e) { return scaled(j, e) * root[X_.row(e)]; });
    out = raw_gram(left, a, b, root, work, monitor);
  }
  const auto sums = [&](const Columns& columns) {
    Vector sum = Vector::Zero(static_cast<Index>(columns.size()));
    for (Index c = 0; c < sum.size(); ++c) {
      const Index j = columns[static_cast<size_t>(c)];
      for (Index e = X_.begin(j); e < X_.end(j);) {  // in subtotals, see Subtotals
        double part = 0;
        for (const Index stop = std::min(X_.end(j), e + kBlockRows); e < stop; ++e) {
          part += scaled(j, e) * row_weights[X_.row(e)];
        }
        sum[c] += part;
      }
    }
    return sum;
  };
  const Vector mean_a = gather(shift_, a).cwiseProduct(gather(inverse_, a));
  const Vector mean_b = gather(shift_, b).cwiseProduct(gather(inverse_, b));
  if (!mean_a.isZero(0) || !mean_b.isZero(0)) {
    const bool symmetric = &a == &b;
    const Vector sum_a = sums(a), sum_b = symmetric ? sum_a : sums(b);
    const double total = row_weights.sum();
    for (Index c = 0; c < out.cols(); ++c) {
      for (Index r = 0; r < (symmetric ? c + 1 : out.rows()); ++r) {
        out(r, c) -= mean_a[r] * (sum_b[c] - total * mean_b[c]) + sum_a[r] * mean_b[c];
      }
    }
    if (symmetric) out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  }
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
