#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// argmin_b sum_i pi_i l(y_i, b + z_i) for the loss of the problem, by safeguarded Newton steps.
double best_intercept(const Problem& problem, const ConstVec& predictor);
/// The same from a point near it.
double best_intercept(const Problem& problem, const ConstVec& predictor, double start);

/// argmin_b over (K,) for a loss with several outputs, to which the predictor (n K,) is added; up to a constant.
/// Newton's steps where the loss falls, and elsewhere those of iterative scaling (Darroch and Ratcliff 1972), which
/// always do.
Vector best_intercepts(const Problem& problem, const ConstVec& predictor);

/// Where solvers start: 0, but intercepts that are columns at their best for these.
Vector null_point(const Problem& problem);

/// Mean curvature of the loss at the best constant predictor (0 without intercept), one for each output; 1 for the
/// squared loss.
Vector null_curvature(const Problem& problem);

/// sum_i pi_i l'' z_ij^2 for every column at the best constant predictor, as if columns and curvature had nothing to do
/// with each other.
Vector null_moments(const Problem& problem);

}  // namespace pyreweight
