#pragma once

#include <cstdint>
#include <vector>

#include "pyreweight/design.hpp"

namespace pyreweight {

/// Columns of a design side by side in memory, and a residual r = target - Z v that is kept up to date while one
/// coefficient after another changes: what coordinate descent needs.
///
/// Column i is a_i - offset_i e_c(i), a_i what is stored and e_c a common column of the design. A column whose stored
/// entries are all the same, as in a table of words, has its rows alone in memory. The weighted residual is held as
/// s - diag(pi) E shift, so that a step along a column touches its stored entries only.
class SweptColumns {
 public:
  explicit SweptColumns(const Design& design);

  Index size() const { return static_cast<Index>(columns_.size()); }
  Index rows() const { return pi_.size(); }
  const Vector& row_weights() const { return pi_; }
  void append(const Columns& fresh, Monitor& monitor);
  /// z_i' diag(pi) z_i.
  double diagonal(Index i) const { return at(i).diagonal; }

  /// Z v.
  Vector image(const ConstVec& v) const;
  /// Z'u for every column.
  void products(const Vector& u, MutVec out, Monitor& monitor) const;

  /// r = target - Z v.
  void renew(const Vector& target, const ConstVec& v);
  /// diag(pi) r.
  Vector weighted_residual() const { return residual_ - weighted_common_ * shift_; }
  /// r' diag(pi) r / 2.
  double half_square() const;
  /// z_i' diag(pi) r.
  double correlation(Index i) const {
    double sum = stored_product(at(i), residual_);
    const double* const common = common_sums_.data() + i * shift_.size();
    for (Index c = 0; c < shift_.size(); ++c) sum -= common[c] * shift_[c];
    return sum - at(i).offset * common_residual_[at(i).common];
  }
  /// r -= step z_i.
  void step(Index i, double step);

 private:
  friend class SupportColumns;

  struct Column {
    Index begin, end;  // of its rows
    Index values;      // where its values begin; -1 where all are `value`
    double value, offset;
    double diagonal;
    Index common;
  };

  const Column& at(Index i) const { return columns_[static_cast<size_t>(i)]; }
  /// visit(row, entry) for what is stored of a column.
  template <class Visit>
  void visit_stored(const Column& column, const Visit& visit) const {
    const std::uint32_t* const rows = rows_.data();
    if (column.values < 0) {
      for (Index e = column.begin; e < column.end; ++e) visit(static_cast<Index>(rows[e]), column.value);
      return;
    }
    const double* const values = values_.data() + (column.values - column.begin);
    for (Index e = column.begin; e < column.end; ++e) visit(static_cast<Index>(rows[e]), values[e]);
  }
  double stored_product(const Column& column, const Vector& u) const;
  double product(Index i, const Vector& u, const Vector& of_common) const {
    return stored_product(at(i), u) - at(i).offset * of_common[at(i).common];
  }

  const Design& design_;
  Vector pi_;                                // (n,) row weights
  bool same_weights_ = false;                // for every row
  Matrix common_, weighted_common_, total_;  // (n, C) E and diag(pi) E, (C, C) E' diag(pi) E
  std::vector<Column> columns_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> values_, common_sums_;   // the latter E' diag(pi) a_i, C for each column
  Vector residual_, shift_, common_residual_;  // (n,) s, (C,) the shift and E' diag(pi) r
};

inline double SweptColumns::stored_product(const Column& column, const Vector& u) const {
  const std::uint32_t* const rows = rows_.data();
  const double* const of_row = u.data();
  double even = 0, odd = 0;  // two chains of additions, since each waits for its own result
  Index e = column.begin;
  if (column.values < 0) {
    for (; e + 1 < column.end; e += 2) {
      even += of_row[rows[e]];
      odd += of_row[rows[e + 1]];
    }
    if (e < column.end) even += of_row[rows[e]];
    return column.value * (even + odd);
  }
  const double* const values = values_.data() + (column.values - column.begin);
  for (; e + 1 < column.end; e += 2) {
    even += values[e] * of_row[rows[e]];
    odd += values[e + 1] * of_row[rows[e + 1]];
  }
  if (e < column.end) even += values[e] * of_row[rows[e]];
  return even + odd;
}

/// Some of the columns by rows as well, for products with all of them.
class SupportColumns {
 public:
  SupportColumns(const SweptColumns& all, const Columns& columns);

  /// Z v.
  Vector image(const ConstVec& v, Monitor& monitor) const;
  /// Z'u.
  Vector products(const Vector& u, Monitor& monitor) const;

 private:
  const SweptColumns& all_;
  const Columns& columns_;
  bool same_values_;           // in every column: the rows hold no values
  std::vector<Index> starts_;  // (n + 1,) row i has the entries in [starts[i], starts[i + 1])
  std::vector<std::uint32_t> places_;
  std::vector<double> values_;
};

}  // namespace pyreweight
