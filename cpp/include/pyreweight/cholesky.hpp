#pragma once

#include <vector>

#include "pyreweight/monitor.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

/// Replaces the upper triangle of a symmetric `a` by R with R'R = a, block by block, so that the work is shared between
/// threads and the monitor is polled. False when `a` is not positive definite to working precision: a pivot fell under
/// 4 k eps of its diagonal entry. The strict lower triangle is scratch.
bool cholesky(Matrix& a, Monitor& monitor);

/// x = a^-1 b for symmetric positive definite `a`, which is overwritten; false as above.
bool solve_positive_definite(Matrix& a, const ConstVec& b, Vector& x, Monitor& monitor);

/// L L' = A for a matrix that grows by blocks of rows and columns, O(k^2) each, and shrinks by one at a time, O(k^2).
class UpdatableCholesky {
 public:
  Index size() const { return size_; }
  /// Starts over with A = `a`; false (and empty) when it is not positive definite to working precision.
  bool assign(const Matrix& a, Monitor& monitor);
  void clear() { size_ = 0; }
  /// Appends the row and column `cross` (k,) with the diagonal entry `diagonal`; false, and nothing changed, when it
  /// depends on the others to working precision.
  bool append(const ConstVec& cross, double diagonal);
  /// Appends the rows and columns `cross` (k, m) with the block `own` (m, m); false, and nothing changed, when one
  /// of them depends on the others.
  bool append(const Matrix& cross, const Matrix& own, Monitor& monitor);
  /// The same one after the other, without those that depend on the others, or of whose diagonal entry the others
  /// leave no more than `least`; which were appended (m,).
  std::vector<char> append_independent(const Matrix& cross, const Matrix& own, double least = 0);
  void remove(Index position);
  Vector solve(const ConstVec& b) const;

 private:
  void reserve(Index size);

  Matrix L_;  // lower triangle of the leading size_ x size_ block
  Index size_ = 0;
};

}  // namespace pyreweight
