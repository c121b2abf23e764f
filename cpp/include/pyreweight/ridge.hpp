#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Weighted ridge, min_v 1/2 sum_i pi_i (y_i - z_i'v)^2 + 1/2 sum_j rho_j v_j^2 over some columns, again and again with
/// other weights rho_j in [0, inf]. k columns by n rows: the smaller of the k x k and the n x n system is solved.
///
/// Primal, in the alpha-form (A^1/2 G A^1/2 + I - A) u = A^1/2 c, v = A^1/2 u with A = diag(1 / (1 + rho)): entries
/// stay bounded at both ends of rho. Dual, v = rho^-1 Z'(Z rho^-1 Z' + I)^-1 y in sqrt(pi)-weighted rows; columns with
/// almost no ridge, which would spoil its conditioning, are eliminated as a block of least squares.
class RidgeSolver {
 public:
  RidgeSolver(const Design& design, Monitor& monitor) : design_(design), monitor_(monitor) {}

  /// v (|columns|,) for the target y (n,).
  Vector solve(const Columns& columns, const ConstVec& rho, const Vector& y);

  /// x = (G + diag(diagonal))^-1 right on the given columns, entries of any sign; false when not positive definite.
  bool shifted_solve(const Columns& columns, const ConstVec& diagonal, const ConstVec& right, Vector& x);

  /// v again, from coefficients near it and their residual (n,): by orthogonal transformations of the columns instead
  /// of their Gram matrix, which has only half of the digits where columns are almost dependent. For small systems.
  Vector solve_near(const Columns& columns, const ConstVec& rho, const ConstVec& v, const ConstVec& residual) const;

 private:
  Vector primal(const Columns& columns, const ConstVec& rho, const Vector& y);
  Vector dual(const Columns& columns, const ConstVec& rho, const Vector& y);
  Vector correlations(const Columns& columns, const Vector& y);
  Matrix gram_of(const Columns& columns);

  const Design& design_;
  Monitor& monitor_;
  Columns cached_;  // columns whose Gram matrix is kept
  Matrix gram_;
};

}  // namespace pyreweight
