#pragma once

#include "pyreweight/problem.hpp"
#include "pyreweight/regularizer.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

/// With many more rows than columns: the columns that a part of the rows says the solution needs; those it is surest of
/// where it says little, or all where they are few; none with too few rows. For linear-quadratic penalties. A guess
/// that saves rounds: whoever takes it checks all columns on all rows.
Columns pilot_columns(const Problem& problem, const Regularizer& regularizer);

}  // namespace pyreweight
