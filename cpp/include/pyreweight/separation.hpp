#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Whether the objective falls for ever from the present point on, so that there is no minimiser: the penalty is
/// bounded, and the predictor separates the targets. Several outputs: or that of one class separates it from the
/// others, which is looked for at points that are `settled`, so that the others are worth having.
bool runs_away(const Problem& problem, const Regularizer& regularizer, const Solution& solution, bool settled);

}  // namespace pyreweight
