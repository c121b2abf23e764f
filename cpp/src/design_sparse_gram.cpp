#include <algorithm>
#include <cstdint>
#include <utility>

#include "pyreweight/columns.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kProductColumns = 16;     // columns of a product that one task computes
constexpr double kDenseAdvantage = 12;    // multiplications of a blocked product in the time of one sparse one
constexpr double kNearProducts = 131072;  // entries of a matrix of products for the nearest memory
constexpr Index kBlockRows = 256;         // rows whose entries are gathered there at a time
constexpr double kPartWork = 4e6;         // multiplications of a part of the rows
constexpr Index kMostParts = 8;
constexpr double kRegionWork = 1e8;  // multiplications between two polls of the monitor, in as many tasks

/// Some columns of a matrix by rows, block of rows after block: row i of the present block has the entries f in
/// [begin(i), end(i)), of rising places among the columns.
template <class Matrix>
class RowBlocks {
 public:
  /// Before row `first`; the columns must live as long.
  RowBlocks(const Matrix& X, const Columns& columns, Index first, Index rows) : X_(X), columns_(columns), last_(first) {
    for (const Index j : columns) {
      const auto [begin, end] = X.range(j, first, rows);
      next_.push_back(begin);
      end_.push_back(end);
    }
  }

  /// Goes on to the rows before `last`; the entries of column j are taken times factor(j).
  template <class Factor>
  void advance(Index last, const Factor& factor) {
    first_ = last_;
    last_ = last;
    starts_.assign(static_cast<size_t>(last - first_) + 1, 0);
    int* const starts = starts_.data();
    const Index first = first_;
    for (size_t c = 0; c < next_.size(); ++c) {
      for (Index e = next_[c], end = end_[c]; e < end && X_.row(e) < last; ++e) ++starts[X_.row(e) - first];
    }
    int sum = 0;
    for (int& start : starts_) start = std::exchange(sum, sum + start);
    places_.resize(static_cast<size_t>(sum));
    values_.resize(places_.size());
    int* const places = places_.data();
    double* const values = values_.data();
    for (size_t c = 0; c < next_.size(); ++c) {
      const double times = factor(columns_[c]);
      Index e = next_[c];
      for (const Index end = end_[c]; e < end && X_.row(e) < last; ++e) {
        const int f = starts[X_.row(e) - first]++;
        places[f] = static_cast<int>(c);
        values[f] = X_.value(e) * times;
      }
      next_[c] = e;
    }
  }

  /// Leaves the rows before `last` out.
  void skip(Index last) {
    last_ = last;
    for (size_t c = 0; c < next_.size(); ++c) {
      Index& e = next_[c];
      while (e < end_[c] && X_.row(e) < last) ++e;
    }
  }

  // Every start has moved on to that of the next row.
  int begin(Index i) const { return i == first_ ? 0 : starts_[static_cast<size_t>(i - first_) - 1]; }
  int end(Index i) const { return starts_[static_cast<size_t>(i - first_)]; }
  const int* places() const { return places_.data(); }
  const double* values() const { return values_.data(); }

 private:
  const Matrix X_;
  const Columns& columns_;
  Index first_ = 0, last_;
  Columns next_, end_;  // of the entries of the columns
  std::vector<int> starts_, places_;
  std::vector<double> values_;
};

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
  const Index parts = std::clamp<Index>(static_cast<Index>(work / kPartWork), 1, kMostParts);
  const Index regions = 1 + static_cast<Index>(work / kRegionWork);
  const Index blocks = (rows_ + kBlockRows - 1) / kBlockRows, tasks = parts * regions;
  const Index share = (blocks + tasks - 1) / tasks * kBlockRows;
  const Columns none;
  std::vector<Matrix> sums(static_cast<size_t>(parts), Matrix::Zero(height, width));
  const auto factor = [&](Index j) { return unit_[j] * inverse_[j]; };
  const auto add_rows = [&](Index first, Index last, Matrix& sum) {
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
      double* const out = sum.data();
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
  for (Index region = 0; region < regions; ++region) {
    parallel_for(parts, 4 * work / static_cast<double>(tasks), monitor, [&](Index part) {
      const Index first = std::min(rows_, (region * parts + part) * share), last = std::min(rows_, first + share);
      add_rows(first, last, sums[static_cast<size_t>(part)]);
    });
  }
  Matrix out = std::move(sums.front());
  for (size_t part = 1; part < sums.size(); ++part) out += sums[part];
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
      for (Index e = X_.begin(j); e < X_.end(j); ++e) sum[c] += scaled(j, e) * row_weights[X_.row(e)];
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
