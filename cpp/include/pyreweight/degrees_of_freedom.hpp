#pragma once

#include <functional>

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Degrees of freedom of the coefficients: the trace of the local linear smoother on the support A,
///
///     tr Z_A (Z_A' diag(pi) Z_A + diag(h))^-1 Z_A' diag(pi),   h_j the curvature of the penalty term at v_j;
///
/// |A| where h vanishes (l1), and where the matrix is not positive definite. With groups the second derivatives of the
/// penalty term, which are not diagonal, take the place of diag(h). `gram` gives Z_A' diag(pi) Z_A; with more
/// columns than rows the n x n form of the same trace is used instead.
double degrees_of_freedom(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                          const std::function<Matrix(const Columns&)>& gram);

}  // namespace pyreweight
