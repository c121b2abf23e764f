#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// argmin_b sum_i pi_i l(y_i, b + z_i) for the loss of the problem, by safeguarded Newton steps.
double best_intercept(const Problem& problem, const ConstVec& predictor);

}  // namespace pyreweight
