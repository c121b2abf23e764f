#pragma once

#include "pyreweight/cholesky.hpp"

namespace pyreweight {

/// Cholesky factor of G_AA + diag(shift_A) for a set A of columns that changes little from one use to the next, such
/// as a support: it is updated where that is cheaper than starting over.
class SupportFactor {
 public:
  explicit SupportFactor(Monitor& monitor) : monitor_(monitor) {}

  /// A, in the order the factor has it.
  const Columns& columns() const { return columns_; }
  /// shift of the column at `position`.
  double shift(Index position) const { return shifts_[static_cast<size_t>(position)]; }
  /// Makes A = `wanted` with these shifts, k x k matrix G (k the size of shift). False when columns of `wanted` make
  /// the matrix indefinite or singular to working precision. A is then, with `most`, as much of it as was found to be
  /// independent one column after the other, the rest of it failed(); else some part of it.
  bool follow(const Matrix& G, const ConstVec& shift, const Columns& wanted, bool most);
  /// Adds one column; false, and nothing changed, as above.
  bool append(const Matrix& G, double shift, Index column);
  void remove(Index position);
  /// Removes the columns with v_j = 0; where they are so many that starting over is cheaper, all of them (false).
  bool keep_support(const ConstVec& v);
  bool has(Index column) const;
  /// Whether A is `support`, in the order of its columns, with these shifts (k,).
  bool is_of(const Columns& support, const ConstVec& shift) const;
  void clear();
  /// (G_AA + diag(shift_A))^-1 b in the order of columns().
  Vector solve(const ConstVec& b) const { return factor_.solve(b); }
  const Columns& failed() const { return failed_; }

 private:
  bool too_many(const Columns& removals) const;
  bool append_all(const Matrix& G, const ConstVec& shift, const Columns& fresh);
  void append_most(const Matrix& G, const ConstVec& shift, const Columns& fresh);

  Monitor& monitor_;
  UpdatableCholesky factor_;
  Columns columns_;
  std::vector<double> shifts_;  // of columns_
  Columns failed_;
};

}  // namespace pyreweight
