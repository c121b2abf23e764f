#pragma once

#include "pyreweight/problem.hpp"
#include "pyreweight/ridge.hpp"

namespace pyreweight {

/// solver="auto" for penalties without a kink at zero (ridge, Standout, lp with 1 < p < 2): nothing is ever exactly
/// zero, so every column takes part and each step is one weighted ridge, primal or dual. Newton's curvature replaces
/// the majoriser's where it is safely positive; a step that would raise the objective falls back to the majoriser.
/// Starts at keep probability 1/2 everywhere, or from `start` (p,) when it is not empty. `ridge`, which belongs to the
/// same design, keeps its Gram matrix from one call to the next.
Solution solve_smooth(const Problem& problem, const Regularizer& regularizer, const Vector& start, RidgeSolver& ridge);

}  // namespace pyreweight
