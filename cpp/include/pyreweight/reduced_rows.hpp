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

/// Reduces where it pays for a squared loss that is solved about `solves` times, the columns are independent enough for
/// a p x p matrix to stand for them, and p x p is not much beside X.
ReducedRows reduce_rows(const Design& design, const Vector& target, Index solves, Monitor& monitor);

}  // namespace pyreweight
