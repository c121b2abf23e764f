#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// residual = target - Z v and gradient = Z' diag(pi) residual, computed from X itself. Losses that are not squared:
/// predictor, with the best intercept for v, and the residual from it.
void refresh(const Problem& problem, Solution& solution);
/// The gradient of all columns alone, for a residual that is known.
void correlate_all(const Problem& problem, Solution& solution);
/// The residual alone.
void refresh_residual(const Problem& problem, Solution& solution);

/// The loss of the solution at its residual or predictor.
double loss_value(const Problem& problem, const Solution& solution);

/// The largest violation of the stationarity conditions over some columns, each in units of its level.
double stationarity(const Regularizer& regularizer, const Columns& columns, const ConstVec& v,
                    const ConstVec& gradient);

/// What the derivative by the intercept is measured against (see Regularizer::level).
double intercept_level(const Regularizer& regularizer);

/// Objective, duality gap and KKT residual of solution.v from its residual and gradient, over all columns.
void certify(const Problem& problem, const Regularizer& regularizer, Solution& solution);

/// Whether the certificate meets options.tol: the gap where there is one, the KKT residual otherwise, each with the
/// rounding floor of 64 machine epsilons of the data.
bool certified(const Problem& problem, const Regularizer& regularizer, const Solution& solution);

}  // namespace pyreweight
