#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "pyreweight/columns.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/row_blocks.hpp"
#include "pyreweight/tiles.hpp"

namespace pyreweight {
namespace {

/// Of products of the columns as they are stored, centring is to leave what it leaves of those of a column that is
/// just not too far from zero for them.
constexpr double kLeastShare = 1 / (1 + kFarFromZero * kFarFromZero);

// Of a product added to sums that are too large for the nearest memory, in the time of one that is not.
constexpr double kScattered = 4;

/// Adds weight x x' to the upper half of `sum` for x = (the entries of a row at their places, `more` after them).
void add_row(const int* places, const double* values, int count, const ConstVec& more, double weight, Matrix& sum) {
  const Index size = sum.rows(), p = size - more.size();
  double* const out = sum.data();
  for (int f = 0; f < count; ++f) {
    double* const products = out + places[f] * size;
    const double x = values[f] * weight;
    for (int g = 0; g <= f; ++g) products[places[g]] += x * values[g];
  }
  for (Index t = 0; t < more.size(); ++t) {
    double* const products = out + (p + t) * size;
    const double x = more[t] * weight;
    for (int g = 0; g < count; ++g) products[places[g]] += x * values[g];
    for (Index s = 0; s <= t; ++s) products[p + s] += x * more[s];
  }
}

}  // namespace

/// Products of the entries as they are stored, row by row; by blocks made dense where that is less work.
template <class Scalar, class Offset>
ClassSums SparseDesign<Scalar, Offset>::class_sums(const Matrix& more, const std::vector<Index>& of_row, Index classes,
                                                   Monitor& monitor) const {
  const Columns columns = all_columns(cols_);
  const Index size = cols_ + more.cols();
  const double n = static_cast<double>(rows_), stored = entries(columns), area = static_cast<double>(size * size);
  const double work = stored + stored / n * stored;
  const double of_far = static_cast<double>(classes * std::count(far_.begin(), far_.end(), 1)) * (n + stored);
  if (work + of_far > n * area / kDenseAdvantage) return Design::class_sums(more, of_row, classes, monitor);

  // The sums of all parts, two matrices each, are to be no more than X.
  const double most = std::max(1.0, stored / (2 * area * static_cast<double>(classes)));
  const Index parts = std::min(row_parts(work), static_cast<Index>(most));
  const std::vector<Subtotals> none(static_cast<size_t>(classes), Subtotals(size, size, work / n));
  std::vector<std::vector<Subtotals>> sums(static_cast<size_t>(parts), none);
  const Matrix beside = more.transpose();
  const auto class_of = [&](Index i) { return of_row[static_cast<size_t>(i)]; };
  for_parts_of_rows(rows_, kScattered * work, parts, monitor, [&](Index part, Index from, Index to) {
    RowBlocks<CompressedColumns<Scalar, Offset>> rows(X_, columns, from, to);
    Columns order(kBlockRows);
    for (Index first = from; first < to; first += kBlockRows) {
      const Index last = std::min(to, first + kBlockRows);
      rows.advance(last, [&](Index j) { return unit_[j] * inverse_[j]; });
      // One class after the other, whose sums then stay in the nearest memory.
      std::iota(order.begin(), order.end(), first);
      const auto end = order.begin() + (last - first);
      std::stable_sort(order.begin(), end, [&](Index i, Index k) { return class_of(i) < class_of(k); });
      for (auto at = order.begin(); at != end; ++at) {
        const Index i = *at;
        if (weights_[i] == 0) continue;
        Matrix& sum = sums[static_cast<size_t>(part)][static_cast<size_t>(class_of(i))].next(1);
        const int begin = rows.begin(i);
        add_row(rows.places() + begin, rows.values() + begin, rows.end(i) - begin, beside.col(i), weights_[i], sum);
      }
    }
  });
  ClassSums out{shift_.cwiseProduct(inverse_), kLeastShare, {}};
  for (size_t k = 0; k < none.size(); ++k) {
    out.sums.push_back(sums.front()[k].take_total());
    for (size_t part = 1; part < sums.size(); ++part) out.sums[k] += sums[part][k].take_total();
    mirror_upper(out.sums[k]);
  }
  if (any_far_) correct_far(more, of_row, out, monitor);
  return out;
}

/// Replaces the sums with columns far from zero by those of their centred entries.
template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::correct_far(const Matrix& more, const std::vector<Index>& of_row, ClassSums& out,
                                               Monitor& monitor) const {
  const Columns columns = all_columns(cols_);
  for (const Index j : columns) {
    if (far(j)) out.offset[j] = 0;
  }
  Vector products(cols_ + more.cols());
  for (const Index j : columns) {
    if (!far(j)) continue;
    Vector entries_of_j = Vector::Zero(rows_);
    combine({j}, Vector::Ones(1), entries_of_j, monitor);
    for (size_t k = 0; k < out.sums.size(); ++k) {
      Vector u = entries_of_j.cwiseProduct(weights_);
      for (Index i = 0; i < rows_; ++i) {
        if (of_row[static_cast<size_t>(i)] != static_cast<Index>(k)) u[i] = 0;
      }
      correlate_some(columns, u, products.head(cols_), monitor);
      products.head(cols_) += u.sum() * out.offset;
      products.tail(more.cols()) = more.transpose() * u;
      out.sums[k].col(j) = products;
      out.sums[k].row(j) = products.transpose();
    }
  }
}

#define PYREWEIGHT_SPARSE(Scalar, Offset)                                                                      \
  template ClassSums SparseDesign<Scalar, Offset>::class_sums(const Matrix&, const std::vector<Index>&, Index, \
                                                              Monitor&) const;
PYREWEIGHT_SPARSE(double, std::int32_t)
PYREWEIGHT_SPARSE(double, std::int64_t)
PYREWEIGHT_SPARSE(float, std::int32_t)
PYREWEIGHT_SPARSE(float, std::int64_t)
#undef PYREWEIGHT_SPARSE

}  // namespace pyreweight
