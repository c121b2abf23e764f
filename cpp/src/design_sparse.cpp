#include "pyreweight/design_sparse.hpp"

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kBlockEntries = 16384;  // stored entries of the columns that one task visits
constexpr Index kSomeColumns = 16;      // columns of a task when they are chosen ones
constexpr double kWorthSharing = 2e6;   // stored entries from which the rows of a sum are shared out

LongSum long_sum(const ConstVec& u) {
  LongSum sum;
  for (Index i = 0; i < u.size(); ++i) sum.add(u[i]);
  return sum;
}

}  // namespace

template <class Scalar, class Offset>
SparseDesign<Scalar, Offset>::SparseDesign(const CompressedColumns<Scalar, Offset>& X, Index rows, Index cols,
                                           const ConstVec& sample_weight, bool fit_intercept, bool standardize,
                                           Monitor& monitor, const ConstVec& targets, const KnownMoments* known)
    : Design(rows, cols, sample_weight), X_(X), far_(static_cast<size_t>(cols), 0) {
  for (Index j = 0, load = kBlockEntries; j < cols; ++j) {
    if (load >= kBlockEntries) {
      blocks_.push_back(j);
      load = 0;
    }
    load += X_.size(j) + 4;
  }
  blocks_.push_back(cols);
  expect(targets, fit_intercept, known);
  this->standardise(fit_intercept, standardize, monitor, known);
  for (Index j = 0; j < cols; ++j) {
    const double d = deviation_[j];
    const bool far = d > 0 && (std::abs(centre_[j]) > kFarFromZero * d || d < 1e-100 || d > 1e100);
    far_[static_cast<size_t>(j)] = far;
    any_far_ |= far;
  }
  finish_known_products(monitor);
}

template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::correlate(const ConstVec& u, MutVec out, Monitor& monitor) const {
  if (recall(u, out)) return;
  const double total = u.sum();
  const LongSum long_total = any_far_ ? long_sum(u) : LongSum();
  for_column_blocks(monitor, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j) out[j] = product(j, u, total, long_total);
  });
}

template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::correlate_some(const Columns& columns, const ConstVec& u, MutVec out,
                                                  Monitor& monitor) const {
  const double total = u.sum();
  const LongSum long_total = any_far_ ? long_sum(u) : LongSum();
  const Index k = static_cast<Index>(columns.size()), tasks = (k + kSomeColumns - 1) / kSomeColumns;
  parallel_for(tasks, 4 * entries(columns) / static_cast<double>(std::max<Index>(tasks, 1)), monitor, [&](Index task) {
    for (Index c = task * kSomeColumns; c < std::min(k, (task + 1) * kSomeColumns); ++c) {
      out[c] = product(columns[static_cast<size_t>(c)], u, total, long_total);
    }
  });
}

template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::combine(const Columns& columns, const ConstVec& coef, MutVec out,
                                           Monitor& monitor) const {
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
      if (far(j)) {
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

template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::raw_block(Index first, Index count, const Columns& columns, Matrix& out) const {
  out.setZero(count, static_cast<Index>(columns.size()));
  for (Index c = 0; c < out.cols(); ++c) {
    const auto [begin, end] = X_.range(columns[static_cast<size_t>(c)], first, first + count);
    for (Index e = begin; e < end; ++e) out(X_.row(e) - first, c) = X_.value(e);
  }
}

/// Everywhere in a far column, which is centred entry by entry.
template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::append_stored(Index j, std::vector<std::uint32_t>& rows,
                                                 std::vector<double>& values) const {
  const auto append = [&](Index i, double z) {
    rows.push_back(static_cast<std::uint32_t>(i));
    values.push_back(z);
  };
  if (!far(j)) {
    const size_t from = rows.size(), at = values.size(), count = static_cast<size_t>(X_.size(j));
    rows.resize(from + count);
    values.resize(at + count);
    for (size_t e = 0; e < count; ++e) {
      rows[from + e] = static_cast<std::uint32_t>(X_.row(X_.begin(j) + static_cast<Index>(e)));
      values[at + e] = scaled(j, X_.begin(j) + static_cast<Index>(e));
    }
    return;
  }
  const double gap = -shift_[j] * inverse_[j];
  Index next = 0;
  for (Index e = X_.begin(j); e < X_.end(j); ++e) {
    for (; next < X_.row(e); ++next) append(next, gap);
    append(next++, (X_.value(e) * unit_[j] - shift_[j]) * inverse_[j]);
  }
  for (; next < rows_; ++next) append(next, gap);
}

template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::column_moments(bool fit_intercept, Monitor& monitor) {
  const LongSum total_weight = long_sum(weights_);
  const Vector totals = Eigen::Map<const Matrix>(known_vector_.data(), rows_, known_vectors()).colwise().sum();
  for_column_blocks(monitor, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j) {
      if (!moments_in_one_visit(j, fit_intercept, totals)) careful_moments(j, fit_intercept, total_weight);
    }
  });
}

template <class Scalar, class Offset>
template <class Body>
void SparseDesign<Scalar, Offset>::for_column_blocks(Monitor& monitor, const Body& body) const {
  const Index tasks = static_cast<Index>(blocks_.size()) - 1;
  parallel_for(tasks, 4.0 * kBlockEntries, monitor,
               [&](Index task) { body(blocks_[static_cast<size_t>(task)], blocks_[static_cast<size_t>(task) + 1]); });
}

/// x_j' u.
template <class Scalar, class Offset>
double SparseDesign<Scalar, Offset>::raw_product(Index j, const ConstVec& u) const {
  const Index end = X_.end(j);
  Index e = X_.begin(j);
  double even = 0, odd = 0;  // two chains of additions, since each waits for its own result
  for (; e + 1 < end; e += 2) {
    even += X_.value(e) * u[X_.row(e)];
    odd += X_.value(e + 1) * u[X_.row(e + 1)];
  }
  if (e < end) even += X_.value(e) * u[X_.row(e)];
  return even + odd;
}

/// z_j' u; `total` and `long_total` are the sum of u.
template <class Scalar, class Offset>
double SparseDesign<Scalar, Offset>::product(Index j, const ConstVec& u, double total,
                                             const LongSum& long_total) const {
  if (!(scale_[j] > 0)) return 0;
  if (!far(j)) return (raw_product(j, u) - centre_[j] * total) * unit_[j] * inverse_[j];
  double sum = 0;
  LongSum visited;
  for (Index e = X_.begin(j); e < X_.end(j); ++e) {
    const double x = u[X_.row(e)];
    sum += (X_.value(e) * unit_[j] - shift_[j]) * x;
    visited.add(x);
  }
  if (X_.size(j) < rows_) sum -= shift_[j] * long_total.minus(visited);
  return sum * inverse_[j];
}

/// Mean and deviation from the sums of the entries and of their squares, to which zeros add nothing; false where that
/// loses digits.
template <class Scalar, class Offset>
bool SparseDesign<Scalar, Offset>::moments_in_one_visit(Index j, bool fit_intercept, const Vector& totals) {
  constexpr Index kChains = 4;  // of additions, each of which waits for its own result, and rounds less often
  double largest = 0, sums[kChains] = {}, squares[kChains] = {};
  const auto add = [&](Index e, Index chain) {
    const double x = X_.value(e), weighted = x * weights_[X_.row(e)];
    largest = std::max(largest, std::abs(x));
    sums[chain] += weighted;
    squares[chain] += weighted * x;
  };
  Index e = X_.begin(j);
  for (const Index whole = X_.end(j) - X_.size(j) % kChains; e < whole; e += kChains) {
    for (Index chain = 0; chain < kChains; ++chain) add(e + chain, chain);
  }
  for (; e < X_.end(j); ++e) add(e, 0);
  const double sum = fit_intercept ? (sums[0] + sums[1]) + (sums[2] + sums[3]) : 0.0;
  const double square = (squares[0] + squares[1]) + (squares[2] + squares[3]);
  const double moment = square - sum * sum;
  const bool safe = moment_is_safe(moment, square, largest);
  if (safe) {
    centre_[j] = sum;
    deviation_[j] = std::sqrt(moment);
  }
  for (Index t = 0; t < totals.size(); ++t) {
    const auto known = known_vector_.segment(t * rows_, rows_);
    known_products_[t * cols_ + j] = safe ? raw_product(j, known) - sum * totals[t] : std::nan("");
  }
  return safe;
}

/// The same from deviations from the mean; the rows without an entry count through their weight.
template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::careful_moments(Index j, bool fit_intercept, const LongSum& total_weight) {
  double largest = 0, mean = 0, drift = 0, square = 0;
  LongSum visited;
  for (Index e = X_.begin(j); e < X_.end(j); ++e) {
    const double weight = weights_[X_.row(e)];
    if (!std::isfinite(X_.value(e))) throw std::invalid_argument("X has an entry that is NaN or infinite");
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

template <class Scalar, class Offset>
std::unique_ptr<Design> sparse_design(const Scalar* values, const Offset* indices, const Offset* starts, Index stored,
                                      Index rows, Index cols, const ConstVec& sample_weight, bool fit_intercept,
                                      bool standardize, Monitor& monitor, const ConstVec& targets,
                                      const KnownMoments* known) {
  if (!check_compressed(starts, cols, indices, stored, rows)) {
    throw std::invalid_argument("X must hold its row indices sorted and without duplicates");
  }
  const CompressedColumns<Scalar, Offset> X(values, indices, starts);
  return std::make_unique<SparseDesign<Scalar, Offset>>(X, rows, cols, sample_weight, fit_intercept, standardize,
                                                        monitor, targets, known);
}

#define PYREWEIGHT_SPARSE(Scalar, Offset)                                                                          \
  template std::unique_ptr<Design> sparse_design(const Scalar*, const Offset*, const Offset*, Index, Index, Index, \
                                                 const ConstVec&, bool, bool, Monitor&, const ConstVec&,           \
                                                 const KnownMoments*);
PYREWEIGHT_SPARSE(double, std::int32_t)
PYREWEIGHT_SPARSE(double, std::int64_t)
PYREWEIGHT_SPARSE(float, std::int32_t)
PYREWEIGHT_SPARSE(float, std::int64_t)
#undef PYREWEIGHT_SPARSE

}  // namespace pyreweight
