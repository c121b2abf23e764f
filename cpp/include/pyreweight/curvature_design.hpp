#pragma once

#include "pyreweight/design.hpp"

namespace pyreweight {

/// Some columns of another design under the row weights of a loss's curvature: the data of the weighted least squares
/// that a Newton step solves. Coefficients keep their units, so the penalty is the same; the columns are centred by
/// their own weighted mean c_j, which eliminates the intercept from the step. Column k of this design is columns[k] of
/// the other, which must outlive it. Its second moments are estimates: those of the other design times the sum of the
/// row weights.
class CurvatureDesign final : public Design {
 public:
  CurvatureDesign(const Design& base, const Columns& columns, const ConstVec& row_weights, bool centred,
                  Monitor& monitor);

  /// (k,) the weighted means that are subtracted, in the units of the other design.
  const Vector& weighted_mean() const { return mean_; }

  void correlate(const ConstVec& u, MutVec out, Monitor& monitor) const override;
  void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const override;
  void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const override;
  Matrix gram(const Columns& a, const Columns& b, Monitor& monitor) const override;
  Matrix weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                       Monitor& monitor) const override;
  Matrix dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const override;
  double stored_offset(Index j) const override { return base_.stored_offset(in_base(j)) + mean_[j]; }
  void append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const override {
    base_.append_stored(in_base(j), rows, values);
  }
  double stored(const Columns& columns) const override { return base_.stored(in_base(columns)); }
  void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const override;

 private:
  Index in_base(Index j) const { return columns_[static_cast<size_t>(j)]; }
  Columns in_base(const Columns& columns) const;

  const Design& base_;
  Columns columns_;
  double total_;
  Vector mean_;
};

}  // namespace pyreweight
