#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// solver="irls": the algorithm of LeJeune, Javadi and Baraniuk (2021), iterate for iterate. eta = t / Omega'(t), then
/// the ridge with weights alpha c_j / eta_j; starts at keep probability 1/2 everywhere, or from `start` (p,) when it is
/// not empty. A coordinate whose keep probability falls under 1e-30 leaves for good and is 0; zeros absorb wherever
/// eta(0) = 0. Stops when max |d_j dw_j| <= tol max |d_j w_j|. The objective never rises.
Solution solve_irls(const Problem& problem, const Regularizer& regularizer, const Vector& start);

/// The columns that are neither constant nor given an infinite weight.
Columns usable_columns(const Regularizer& regularizer);

/// Ridge weights of keep probability 1/2: q_j = g_j / (g_j + rho_j) asks for rho_j = g_j; 0 for unpenalised columns.
Vector even_chance_weights(const Problem& problem, const Regularizer& regularizer, const Columns& columns);

}  // namespace pyreweight
