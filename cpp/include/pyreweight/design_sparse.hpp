#pragma once

#include <memory>
#include <vector>

#include "pyreweight/compressed.hpp"
#include "pyreweight/design.hpp"
#include "pyreweight/long_sum.hpp"

namespace pyreweight {

constexpr double kFarFromZero = 16;  // |mean| / deviation above which a column is centred entry by entry

/// Zeros are never visited: products of raw entries are corrected for the means, which costs digits where the mean is
/// many deviations. Such a column has next to no zeros, and it is centred entry by entry, as in dense data.
template <class Scalar, class Offset>
class SparseDesign final : public Design {
 public:
  SparseDesign(const CompressedColumns<Scalar, Offset>& X, Index rows, Index cols, const ConstVec& sample_weight,
               bool fit_intercept, bool standardize, Monitor& monitor, const ConstVec& targets,
               const KnownMoments* known);

  void correlate(const ConstVec& u, MutVec out, Monitor& monitor) const override;
  void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const override;
  void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const override;
  Matrix weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                       Monitor& monitor) const override;
  ClassSums class_sums(const Matrix& more, const std::vector<Index>& of_row, Index classes,
                       Monitor& monitor) const override;
  Matrix dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const override;
  double stored_offset(Index j) const override { return far(j) ? 0.0 : shift_[j] * inverse_[j]; }
  void append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const override;
  double stored(const Columns& columns) const override {
    double count = 0;
    for (const Index j : columns) count += static_cast<double>(far(j) ? rows_ : X_.size(j));
    return count;
  }
  void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const override;

 private:
  void column_moments(bool fit_intercept, Monitor& monitor) override;
  bool moments_in_one_visit(Index j, bool fit_intercept, const Vector& totals);
  void careful_moments(Index j, bool fit_intercept, const LongSum& total_weight);
  template <class Body>
  void for_column_blocks(Monitor& monitor, const Body& body) const;
  double raw_product(Index j, const ConstVec& u) const;
  double product(Index j, const ConstVec& u, double total, const LongSum& long_total) const;
  bool rows_serve(const Columns& a, const Columns& b) const;
  Matrix raw_gram_by_rows(const Columns& a, const Columns& b, const ConstVec& row_weights, Monitor& monitor) const;
  Matrix raw_gram(const RowForm& left, const Columns& a, const Columns& b, const Vector& row_weights, double work,
                  Monitor& monitor) const;
  void correct_far(const Columns& a, const Columns& b, const ConstVec& row_weights, Matrix& out,
                   Monitor& monitor) const;
  void correct_far(const Matrix& more, const std::vector<Index>& of_row, ClassSums& out, Monitor& monitor) const;

  bool far(Index j) const { return far_[static_cast<size_t>(j)] != 0; }
  /// Entry e of column j in the units of z, not centred.
  double scaled(Index j, Index e) const { return X_.value(e) * unit_[j] * inverse_[j]; }
  double entries(const Columns& columns) const {
    double count = 0;
    for (const Index j : columns) count += static_cast<double>(X_.size(j));
    return count;
  }

  CompressedColumns<Scalar, Offset> X_;
  Columns blocks_;         // where the blocks of columns with about as many entries each begin
  std::vector<char> far_;  // (p,) columns whose mean is many deviations, or with units that could overflow in a product
  bool any_far_ = false;
};

/// Sparse X in memory of somebody else, by columns: the entries of column j and their rows are values[e], indices[e]
/// for e in [starts[j], starts[j + 1]), `stored` is the length of both arrays. The structure is checked, and rows must
/// rise strictly in each column; explicit zeros are fine. sample_weight, targets and known as in dense_design;
/// instantiated for double and float, 32- and 64-bit offsets.
template <class Scalar, class Offset>
std::unique_ptr<Design> sparse_design(const Scalar* values, const Offset* indices, const Offset* starts, Index stored,
                                      Index rows, Index cols, const ConstVec& sample_weight, bool fit_intercept,
                                      bool standardize, Monitor& monitor, const ConstVec& targets = Vector(),
                                      const KnownMoments* known = nullptr);

}  // namespace pyreweight
