#pragma once

#include "pyreweight/fit.hpp"

namespace pyreweight {

/// The fit with penalty ARD in the user's units. alpha is sigma / sqrt(W), the noise level of a coefficient of a column
/// with mean square 1; eta = alpha / rho in the units of d_j w_j, so that the keep probability is g eta / (g eta +
/// alpha) as for every penalty; objective is -log evidence of y; kkt_residual the solver's times alpha.
FitResult fit_ard(const Design& design, const ScaledProblem& scaled, const FitRequest& request);

}  // namespace pyreweight
