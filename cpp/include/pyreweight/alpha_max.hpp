#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// The top of every grid of alphas, given the null model's gradient (see Solution):
///
///     max_j |grad_j| / (d_j c_j Omega'(0+)) over the penalised columns, with norms over groups.
///
/// Slope 0: 1000 times the value for slope 1. Infinite slope: the smallest alpha at which every coordinate's own prox
/// is 0.
double alpha_max(const Problem& problem, const Regularizer& regularizer, const Vector& gradient);

}  // namespace pyreweight
