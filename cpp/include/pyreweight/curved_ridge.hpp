#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// argmin over v on the given columns, and over the intercept, of the loss plus 1/2 sum_j rho_j v_j^2, (p,): Newton
/// steps from `start` (its v counts), each a weighted ridge with the curvature weights of the loss, shortened until the
/// objective falls.
Vector curved_ridge(const Problem& problem, const Columns& columns, const ConstVec& rho, const Solution& start);

}  // namespace pyreweight
