#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Whether the penalty of these columns stays below some value however far they go along v.
bool is_bounded(const Regularizer& regularizer, const Columns& columns, const ConstVec& v);

/// Whether the objective falls for ever from the present point on, so that there is no minimiser: the penalty is
/// bounded, and the predictor separates the targets. Several outputs: or that of one class separates it from the
/// others, or what the classes of a set have in common separates the set, where sets are classes tied by wrong
/// predictions; or a single coefficient runs away, whose column orders the classes, an indicator of rows of one class
/// say; or, with two classes and after many curvatures, a combination of columns does. These are looked for at points
/// that are `settled`, so that the others are worth having. Not every direction is tried: where none is found the
/// objective may still have no minimum.
bool runs_away(const Problem& problem, const Regularizer& regularizer, const Solution& solution, bool settled);

}  // namespace pyreweight
