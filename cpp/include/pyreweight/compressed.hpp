#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "pyreweight/types.hpp"

namespace pyreweight {

/// Checks a compressed matrix: that `starts` (majors + 1,) begins at 0, never falls and ends within the `stored`
/// entries, and that every index lies in [0, minors); std::invalid_argument otherwise. Reads nothing else. Returns
/// whether the indices of each column (row) rise strictly: sorted, without duplicates.
template <class Offset>
bool check_compressed(const Offset* starts, Index majors, const Offset* indices, Index stored, Index minors);

/// A matrix by columns, in memory of somebody else: column j has the entries e in [begin(j), end(j)), of rising rows.
template <class Scalar, class Offset>
class CompressedColumns {
 public:
  CompressedColumns(const Scalar* values, const Offset* indices, const Offset* starts)
      : values_(values), indices_(indices), starts_(starts) {}

  Index begin(Index j) const { return starts_[j]; }
  Index end(Index j) const { return starts_[j + 1]; }
  Index size(Index j) const { return end(j) - begin(j); }
  Index row(Index e) const { return indices_[e]; }
  double value(Index e) const { return static_cast<double>(values_[e]); }

  /// The entries of column j in rows [first, last).
  std::pair<Index, Index> range(Index j, Index first, Index last) const {
    const Offset* const from = indices_ + begin(j);
    const Offset* const to = indices_ + end(j);
    const Offset* const low = from == to || *from >= first ? from : std::lower_bound(from, to, first);
    const Offset* const high = from == to || *(to - 1) < last ? to : std::lower_bound(low, to, last);
    return {low - indices_, high - indices_};
  }

 private:
  const Scalar* values_;
  const Offset* indices_;
  const Offset* starts_;
};

/// Some columns of a matrix by rows: row i has the entries f in [starts[i], starts[i + 1]); values[f] stands in the
/// column at position places[f], positions rising.
struct RowForm {
  std::vector<Index> starts;  // (n + 1,)
  std::vector<int> places;
  std::vector<double> values;

  Index begin(Index i) const { return starts[static_cast<size_t>(i)]; }
  Index end(Index i) const { return starts[static_cast<size_t>(i) + 1]; }
  Index size(Index i) const { return end(i) - begin(i); }
  Index place(Index f) const { return places[static_cast<size_t>(f)]; }
  double value(Index f) const { return values[static_cast<size_t>(f)]; }

  /// Room for the given columns of a matrix with n rows, not filled.
  template <class Matrix>
  RowForm(const Matrix& matrix, const Columns& columns, Index rows) : starts(static_cast<size_t>(rows) + 1, 0) {
    for (const Index j : columns) {
      for (Index e = matrix.begin(j); e < matrix.end(j); ++e) ++starts[static_cast<size_t>(matrix.row(e)) + 1];
    }
    for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  }

  /// Fills it with value_of(j, e) for entry e of column j.
  template <class Matrix, class ValueOf>
  void fill(const Matrix& matrix, const Columns& columns, const ValueOf& value_of) {
    places.resize(static_cast<size_t>(starts.back()));
    values.resize(places.size());
    std::vector<Index> next = starts;
    for (size_t c = 0; c < columns.size(); ++c) {
      const Index j = columns[c];
      for (Index e = matrix.begin(j); e < matrix.end(j); ++e) {
        const size_t f = static_cast<size_t>(next[static_cast<size_t>(matrix.row(e))]++);
        places[f] = static_cast<int>(c);
        values[f] = value_of(j, e);
      }
    }
  }
};

}  // namespace pyreweight
