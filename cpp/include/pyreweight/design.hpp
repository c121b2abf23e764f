#pragma once

#include <cstdint>
#include <vector>

#include "pyreweight/monitor.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

/// What a visit of the columns would find.
struct KnownMoments {
  Vector centre, deviation;  // (p,) weighted
  Vector products;           // (p k,) (x_j - m_j)' pi (y - mean of y), for one target after the other
};

/// Of a design and a few more columns: for every class of rows the sums of the row weights times the products of the
/// columns in pairs.
struct ClassSums {
  Vector offset;             // (p,) the columns are z_j + offset_j
  double least_share = 0.1;  // of a second moment, what centring must leave
  std::vector<Matrix> sums;  // (p + k, p + k) each
};

/// The data matrix as the solvers see it: columns centred and scaled on the fly, rows weighted, X never copied.
///
///     z_ij = (x_ij - m_j) / D_j,   weights pi_i = s_i / sum s
///
/// m_j is the weighted mean (0 without intercept). D_j is the weighted standard deviation d_j when standardising; else
/// it is the power of two next to it, which is exact and keeps every product near 1 (X * 1e200 is then an ordinary
/// problem). A solver's coefficient v_j belongs to z_j: w_j = v_j / D_j, up to the scale of y.
class Design {
 public:
  virtual ~Design() = default;

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  const Vector& row_weights() const { return weights_; }  // (n,), sum 1
  const Vector& centre() const { return centre_; }        // (p,) m_j
  const Vector& scale() const { return scale_; }          // (p,) D_j, 0 for a column that is constant
  const Vector& deviation() const { return deviation_; }  // (p,) weighted standard deviation
  /// d_j / D_j, where the penalty sees d_j |w_j|: 1 when standardising, else 1 / D_j (0 for a constant column).
  const Vector& penalty_unit() const { return penalty_unit_; }
  /// sum_i pi_i z_ij^2: 1 when standardising, in [1, 4) otherwise, 0 for a constant column.
  const Vector& second_moment() const { return second_moment_; }

  /// out_j = z_j' u for every column; u (n,) usually is pi * residual.
  virtual void correlate(const ConstVec& u, MutVec out, Monitor& monitor) const = 0;
  /// The same for the given columns only: out (|columns|,).
  virtual void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const;
  /// out += sum_j coef_j z_j over the given columns.
  virtual void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const = 0;
  /// Z_a' diag(pi) Z_b, (|a|, |b|); the same object twice gives the symmetric case at half the price.
  virtual Matrix gram(const Columns& a, const Columns& b, Monitor& monitor) const;
  /// Z_a' diag(row_weights) Z_b with row weights >= 0 (n,) of the caller's; the centre stays that of the design.
  virtual Matrix weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights, Monitor& monitor) const;
  /// With `more` (n, k) beside Z; row i is in class of_row[i], one of `classes`.
  virtual ClassSums class_sums(const Matrix& more, const std::vector<Index>& of_row, Index classes,
                               Monitor& monitor) const;
  /// diag(sqrt pi) Z diag(tau) Z' diag(sqrt pi) over the given columns, (n, n).
  virtual Matrix dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const;
  /// out (count, |columns|) = the raw entries x_ij of rows [first, first + count).
  virtual void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const = 0;
  /// Column by column, for coordinate descent: z_j = stored_j - stored_offset(j) common(common_of(j)), where stored_j
  /// is zero except at the entries that are stored. These join the lists.
  virtual void append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const = 0;
  virtual double stored_offset(Index) const { return 0; }
  virtual Index commons() const { return 1; }
  virtual Index common_of(Index) const { return 0; }
  virtual Vector common(Index) const { return Vector::Ones(rows_); }
  /// How many entries the columns have stored; n each in a dense matrix.
  virtual double stored(const Columns& columns) const = 0;
  /// out = z_ij root_i, root (n,) the square roots of row weights.
  virtual void weighted_block(Index first, Index count, const Columns& columns, const ConstVec& root,
                              Matrix& out) const;

 protected:
  Design(Index rows, Index cols, const ConstVec& sample_weight);
  /// The entries of a column that stores all of its rows.
  template <class Entries>
  void append_all_rows(const Entries& entries, std::vector<std::uint32_t>& rows, std::vector<double>& values) const {
    for (Index i = 0; i < rows_; ++i) {
      rows.push_back(static_cast<std::uint32_t>(i));
      values.push_back(entries[i]);
    }
  }
  /// What will be fitted, (n k,): the visit that the moments need gives its correlations, too, unless `known` has them.
  void expect(const ConstVec& targets, bool fit_intercept, const KnownMoments* known = nullptr);
  /// Fills centre, scale and what follows from them, without a visit if `known`; called once by the constructor of the
  /// derived class.
  void standardise(bool fit_intercept, bool standardize, Monitor& monitor, const KnownMoments* known = nullptr);
  /// Fills the known products in; called once by that constructor when `correlate_some` is ready.
  void finish_known_products(Monitor& monitor);
  /// Fills centre and deviation, and known_products_ where there are known vectors: of the columns less their centres,
  /// nan where they cannot be had from that visit.
  virtual void column_moments(bool fit_intercept, Monitor& monitor);
  Index known_vectors() const { return known_vector_.size() / std::max<Index>(rows_, 1); }
  /// Whether the sums over x - shift of one visit have kept the digits of the second moment `square` about `shift`,
  /// `moment` about the mean.
  static bool moment_is_safe(double moment, double square, double shift);
  /// Whether u is a known vector; out_j = z_j' u then.
  bool recall(const ConstVec& u, MutVec out) const;
  /// From two visits of column j, which is taken times `unit` so that squares neither overflow nor vanish: the mean,
  /// and the weighted sums of the deviations from it and of their squares. `largest` is the largest |x_ij| that counts.
  void set_moments(Index j, bool fit_intercept, double largest, double unit, double mean, double drift, double square);
  /// The power of two 2^-e with x 2^-e in [1, 2), kept inside the range of double.
  static double inverse_power_of_two(double x);

  Index rows_, cols_;
  Vector weights_, root_weights_;
  Vector centre_, scale_, deviation_, penalty_unit_, second_moment_;
  // z = (x unit - shift) inverse with unit a power of two near 1 / D: no overflow on the way, whatever the units of X.
  Vector unit_, shift_, inverse_;
  // What the first pass of every solver multiplies with, so that it need not visit the data again; one after the other.
  Vector known_vector_, known_products_;  // (n k,), (p k,), k = 0 for none

 private:
  void careful_moments(Index j, bool fit_intercept);
};

}  // namespace pyreweight
