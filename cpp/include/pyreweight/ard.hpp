#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Automatic relevance determination (MacKay 1992, Neal 1996): w_j ~ N(0, gamma_j), noise of variance sigma^2, and the
/// gamma_j and sigma^2 that make y most likely. In the design's coordinates, with rho_j = sigma^2 / (W gamma_j) the
/// ridge weight of column j (inf: gamma_j = 0, the column is out) and W the sum of the sample weights,
///
///     -2 log evidence = nu log(2 pi sigma^2) + log det(I + rho^-1 G) + W Y / sigma^2,
///     Y = min_v sum_i pi_i (y_i - z_i'v)^2 + sum_j rho_j v_j^2,
///
/// nu = W - 1 with an intercept (the evidence of what is orthogonal to it) and W without. The best sigma^2 = W Y / nu
/// is put in, but not below `least_noise` times the variance of y.
struct ArdSolution {
  Solution solution;  // objective: -log evidence of the target
  Vector ridge;       // (p,) rho_j, inf for columns that are out
  double noise_variance = 0;
};

/// Tipping and Faul's coordinate-wise maximisation (2003) with the noise profiled out: each rho_j in turn at its exact
/// best given the others (in closed form), the best columns outside added a few at a time, and damped Newton steps on
/// log rho between them. No step lowers the evidence. Only the k columns inside enter the k x k systems; every column
/// outside is checked at the end. kkt_residual is the largest derivative of -2 log evidence in log rho_j inside, and of
/// columns outside the excess of nu q_j^2 / (s_j Y) over 1, which vanishes when none of them would raise the evidence.
ArdSolution solve_ard(const Problem& problem, const Columns& usable, double weight_sum, bool fit_intercept);

}  // namespace pyreweight
