#pragma once

#include "pyreweight/design.hpp"

namespace pyreweight {

/// Whether a working set is better solved over its columns (ColumnSolver) than over its Gram matrix (GramSolver), once
/// `fresh` columns join the `working` ones, `active` of which are nonzero. Counted in operations: the pairs that the
/// Gram matrix lacks and a factor of a support as large as it may become, against coordinate descent over the columns.
/// Unless `count_rows`, as if there were some usual number of rows as full as these: for callers whose answer hangs on
/// the choice, which must not tell copies of rows from weights.
bool columns_are_cheaper(const Design& design, const Columns& working, const Columns& fresh, Index active,
                         bool count_rows = true);

/// Whether the columns store few of their entries.
bool are_sparse(const Design& design, const Columns& columns);

/// Whether a weighted Gram matrix of these columns costs less than so many of Newton's steps, each of which looks at
/// every row and at these columns.
bool gram_is_cheaper(const Design& design, const Columns& columns, double steps);

/// Operations of such a step.
double work_of_step(const Design& design, const Columns& columns);

}  // namespace pyreweight
