#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// residual = target - Z v and gradient = Z' diag(pi) residual, computed from X itself.
void refresh(const Problem& problem, Solution& solution);

/// Objective, duality gap and KKT residual of solution.v from its residual and gradient, over all columns.
void certify(const Problem& problem, const Regularizer& regularizer, Solution& solution);

/// Whether the certificate meets options.tol: the gap where there is one, the KKT residual otherwise, each with the
/// rounding floor of 64 machine epsilons of the data.
bool certified(const Problem& problem, const Regularizer& regularizer, const Solution& solution);

}  // namespace pyreweight
