#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// argmin_b sum_i pi_i l(y_i, b + z_i) for the loss of the problem, by safeguarded Newton steps.
double best_intercept(const Problem& problem, const ConstVec& predictor);

/// Mean curvature of the loss at the best constant predictor (0 without intercept); 1 for the squared loss.
double null_curvature(const Problem& problem);

}  // namespace pyreweight
