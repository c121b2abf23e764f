#pragma once

#include <memory>

#include "pyreweight/design.hpp"

namespace pyreweight {

/// A squared-loss problem on p + 1 rows in place of n: R'R = Z' diag(pi) Z by Cholesky, and for every v
///
///     sum_i pi_i (y_i - z_i'v)^2 = ||R^-T Z' diag(pi) y - R v||^2 + rest^2.
///
/// Solvers then never visit the data again. Everything they compute from residuals, certificates included, is that of
/// the problem on n rows up to the rounding of the p x p matrix, whose entries are at most 4.
struct ReducedRows {
  std::unique_ptr<Design> design;  // centre, scale and moments of the original; empty: not reduced
  Vector target;                   // (p + 1,)
};

/// Whether it pays for a squared loss that is solved about `solves` times, and p x p is not much beside the `stored`
/// entries of X.
bool worth_reducing(double stored, Index cols, Index solves);

/// R, (p, p) in its upper triangle, where it is worth it and a p x p matrix can stand for the columns; else empty. The
/// row of a column that is constant, or that the earlier ones make up exactly, is zero; of all others each must be
/// independent enough of the earlier ones.
Matrix factor_rows(const Design& design, Index solves, Monitor& monitor);
/// The same from Z' diag(pi) Z.
Matrix factor_gram(const Design& design, Matrix gram, Monitor& monitor);

/// The problem on fewer rows for one target; not reduced if R is empty.
ReducedRows reduce_rows(const Design& design, const Matrix& R, const Vector& target, Monitor& monitor);

}  // namespace pyreweight
