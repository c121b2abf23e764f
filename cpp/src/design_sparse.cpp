#include "pyreweight/design_sparse.hpp"

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "pyreweight/columns.hpp"
#include "pyreweight/compressed.hpp"
#include "pyreweight/long_sum.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kBlockEntries = 16384;  // stored entries of the columns that one task visits
constexpr Index kProductColumns = 16;   // columns of a product that one task computes
constexpr double kDenseAdvantage = 12;  // multiplications of a blocked product in the time of one sparse one
constexpr double kFarFromZero = 16;     // |mean| / deviation above which a column is centred entry by entry
constexpr double kWorthSharing = 2e6;   // stored entries from which the rows of a sum are shared out

LongSum long_sum(const ConstVec& u) {
  LongSum sum;
  for (Index i = 0; i < u.size(); ++i) sum.add(u[i]);
  return sum;
}

/// Zeros are never visited: products of raw entries are corrected for the means, which costs digits where the mean is
/// many deviations. Such a column has next to no zeros, and it is centred entry by entry, as in dense data.
template <class Scalar, class Offset>
class SparseDesign final : public Design {
 public:
  SparseDesign(const CompressedColumns<Scalar, Offset>& X, Index rows, Index cols, const ConstVec& sample_weight,
               bool fit_intercept, bool standardize, Monitor& monitor)
      : Design(rows, cols, sample_weight), X_(X), far_(static_cast<size_t>(cols), 0) {
    for (Index j = 0, load = kBlockEntries; j < cols; ++j) {
      if (load >= kBlockEntries) {
        blocks_.push_back(j);
        load = 0;
      }
      load += X_.size(j) + 4;
    }
    blocks_.push_back(cols);
    this->standardise(fit_intercept, standardize, monitor);
    for (Index j = 0; j < cols; ++j) {
      const double d = deviation_[j];
      const bool far = d > 0 && (std::abs(centre_[j]) > kFarFromZero * d || d < 1e-100 || d > 1e100);
      far_[static_cast<size_t>(j)] = far;
      any_far_ |= far;
    }
  }

  void correlate(const ConstVec& u, MutVec out, Monitor& monitor) const override {
    const double total = u.sum();
    const LongSum long_total = any_far_ ? long_sum(u) : LongSum();
    for_column_blocks(monitor, [&](Index first, Index last) {
      for (Index j = first; j < last; ++j) out[j] = product(j, u, total, long_total);
    });
  }

  void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const override {
    const double total = u.sum();
    const LongSum long_total = any_far_ ? long_sum(u) : LongSum();
    const Index k = static_cast<Index>(columns.size()), tasks = (k + kProductColumns - 1) / kProductColumns;
    parallel_for(tasks, 4 * entries(columns) / static_cast<double>(std::max<Index>(tasks, 1)), monitor,
                 [&](Index task) {
                   for (Index c = task * kProductColumns; c < std::min(k, (task + 1) * kProductColumns); ++c) {
                     out[c] = product(columns[static_cast<size_t>(c)], u, total, long_total);
                   }
                 });
  }

  void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const override {
    const double work = static_cast<double>(rows_) + entries(columns);
    // Every row is summed in the order of the columns, so the parts do not show in the result.
    const Index parts = work < kWorthSharing ? 1 : 8, share = (rows_ + parts - 1) / parts;
    parallel_for(parts, 4 * work / static_cast<double>(parts), monitor, [&](Index part) {
      const Index first = std::min(rows_, part * share), last = std::min(rows_, first + share);
      double constant = 0;
      for (size_t c = 0; c < columns.size(); ++c) {
        const Index j = columns[c];
        const double factor = coef[static_cast<Index>(c)] * inverse_[j];
        if (factor == 0) continue;
        const auto [begin, end] = X_.range(j, first, last);
        if (far_[static_cast<size_t>(j)]) {
          Index next = first;
          for (Index e = begin; e < end; ++e) {
            const Index i = X_.row(e);
            for (; next < i; ++next) out[next] -= shift_[j] * factor;
            out[i] += (X_.value(e) * unit_[j] - shift_[j]) * factor;
            next = i + 1;
          }
          for (; next < last; ++next) out[next] -= shift_[j] * factor;
        } else {
          const double scaled = unit_[j] * factor;
          for (Index e = begin; e < end; ++e) out[X_.row(e)] += X_.value(e) * scaled;
          constant += shift_[j] * factor;
        }
      }
      if (constant != 0) out.segment(first, last - first).array() -= constant;
    });
  }

  /// Row by row, each stored entry of a column of b meets the stored entries of a in its row; by blocks made dense
  /// where that is less work.
  Matrix weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                       Monitor& monitor) const override {
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

  Matrix dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const override {
    double work = 0;
    Columns near, far, near_at, far_at;
    for (size_t c = 0; c < columns.size(); ++c) {
      const Index j = columns[c];
      const bool is_far = far_[static_cast<size_t>(j)];
      (is_far ? far : near).push_back(j);
      (is_far ? far_at : near_at).push_back(static_cast<Index>(c));
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
    Matrix out = far.empty() ? Matrix::Zero(rows_, rows_) : Design::dual_gram(far, gather(tau, far_at), monitor);
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

  void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const override {
    out.setZero(count, static_cast<Index>(columns.size()));
    for (Index c = 0; c < out.cols(); ++c) {
      const auto [begin, end] = X_.range(columns[static_cast<size_t>(c)], first, first + count);
      for (Index e = begin; e < end; ++e) out(X_.row(e) - first, c) = X_.value(e);
    }
  }

 protected:
  void column_moments(bool fit_intercept, Monitor& monitor) override {
    const LongSum total = long_sum(weights_);
    for_column_blocks(monitor, [&](Index first, Index last) {
      for (Index j = first; j < last; ++j) moments_of(j, fit_intercept, total);
    });
  }

 private:
  /// Entry e of column j in the units of z, not centred.
  double scaled(Index j, Index e) const { return X_.value(e) * unit_[j] * inverse_[j]; }

  double entries(const Columns& columns) const {
    double count = 0;
    for (const Index j : columns) count += static_cast<double>(X_.size(j));
    return count;
  }

  template <class Body>
  void for_column_blocks(Monitor& monitor, const Body& body) const {
    const Index tasks = static_cast<Index>(blocks_.size()) - 1;
    parallel_for(tasks, 4.0 * kBlockEntries, monitor,
                 [&](Index task) { body(blocks_[static_cast<size_t>(task)], blocks_[static_cast<size_t>(task) + 1]); });
  }

  /// z_j' u; `total` and `long_total` are the sum of u.
  double product(Index j, const ConstVec& u, double total, const LongSum& long_total) const {
    if (!(scale_[j] > 0)) return 0;
    const Index end = X_.end(j);
    Index e = X_.begin(j);
    if (!far_[static_cast<size_t>(j)]) {
      double even = 0, odd = 0;  // two chains of additions, since each waits for its own result
      for (; e + 1 < end; e += 2) {
        even += X_.value(e) * u[X_.row(e)];
        odd += X_.value(e + 1) * u[X_.row(e + 1)];
      }
      if (e < end) even += X_.value(e) * u[X_.row(e)];
      return ((even + odd) - centre_[j] * total) * unit_[j] * inverse_[j];
    }
    double sum = 0;
    LongSum visited;
    for (; e < end; ++e) {
      const double x = u[X_.row(e)];
      sum += (X_.value(e) * unit_[j] - shift_[j]) * x;
      visited.add(x);
    }
    if (X_.size(j) < rows_) sum -= shift_[j] * long_total.minus(visited);
    return sum * inverse_[j];
  }

  /// Mean and deviation in two visits; the rows without an entry count through their weight.
  void moments_of(Index j, bool fit_intercept, const LongSum& total_weight) {
    double largest = 0, mean = 0, drift = 0, square = 0;
    LongSum visited;
    for (Index e = X_.begin(j); e < X_.end(j); ++e) {
      const double weight = weights_[X_.row(e)];
      if (weight > 0) largest = std::max(largest, std::abs(X_.value(e)));
      visited.add(weight);
    }
    const double unit = inverse_power_of_two(largest);
    if (fit_intercept) {
      for (Index e = X_.begin(j); e < X_.end(j); ++e) mean += (X_.value(e) * unit) * weights_[X_.row(e)];
    }
    for (Index e = X_.begin(j); e < X_.end(j); ++e) {
      const double weight = weights_[X_.row(e)], centred = X_.value(e) * unit - mean;
      drift += centred * weight;
      square += centred * centred * weight;
    }
    const double rest = X_.size(j) < rows_ ? std::max(0.0, total_weight.minus(visited)) : 0.0;
    drift -= rest * mean;
    square += rest * (mean * mean);
    set_moments(j, fit_intercept, largest, unit, mean, drift, square);
  }

  /// Replaces the products with columns far from zero.
  void correct_far(const Columns& a, const Columns& b, const ConstVec& row_weights, Matrix& out,
                   Monitor& monitor) const {
    const auto products_of = [&](Index j, const Columns& others) {
      Vector u = Vector::Zero(rows_), products(static_cast<Index>(others.size()));
      combine({j}, Vector::Ones(1), u, monitor);
      correlate_some(others, u.cwiseProduct(row_weights), products, monitor);
      return products;
    };
    for (Index r = 0; r < out.rows(); ++r) {
      const Index j = a[static_cast<size_t>(r)];
      if (!far_[static_cast<size_t>(j)]) continue;
      out.row(r) = products_of(j, b).transpose();
      if (&a == &b) out.col(r) = out.row(r).transpose();
    }
    for (Index c = 0; c < out.cols() && &a != &b; ++c) {
      const Index j = b[static_cast<size_t>(c)];
      if (far_[static_cast<size_t>(j)]) out.col(c) = products_of(j, a);
    }
  }

  CompressedColumns<Scalar, Offset> X_;
  Columns blocks_;         // where the blocks of columns with about as many entries each begin
  std::vector<char> far_;  // (p,) columns whose mean is many deviations, or with units that could overflow in a product
  bool any_far_ = false;
};

}  // namespace

template <class Scalar, class Offset>
std::unique_ptr<Design> sparse_design(const Scalar* values, const Offset* indices, const Offset* starts, Index stored,
                                      Index rows, Index cols, const ConstVec& sample_weight, bool fit_intercept,
                                      bool standardize, Monitor& monitor) {
  if (!check_compressed(starts, cols, indices, stored, rows)) {
    throw std::invalid_argument("X must hold its row indices sorted and without duplicates");
  }
  const CompressedColumns<Scalar, Offset> X(values, indices, starts);
  return std::make_unique<SparseDesign<Scalar, Offset>>(X, rows, cols, sample_weight, fit_intercept, standardize,
                                                        monitor);
}

#define PYREWEIGHT_SPARSE(Scalar, Offset)                                                                          \
  template std::unique_ptr<Design> sparse_design(const Scalar*, const Offset*, const Offset*, Index, Index, Index, \
                                                 const ConstVec&, bool, bool, Monitor&);
PYREWEIGHT_SPARSE(double, std::int32_t)
PYREWEIGHT_SPARSE(double, std::int64_t)
PYREWEIGHT_SPARSE(float, std::int32_t)
PYREWEIGHT_SPARSE(float, std::int64_t)
#undef PYREWEIGHT_SPARSE

}  // namespace pyreweight
