#pragma once

#include <memory>

#include "pyreweight/design.hpp"

namespace pyreweight {

/// Sparse X in memory of somebody else, by columns: the entries of column j and their rows are values[e], indices[e]
/// for e in [starts[j], starts[j + 1]), `stored` is the length of both arrays. The structure is checked, and rows must
/// rise strictly in each column; explicit zeros are fine. sample_weight as in dense_design; instantiated for double and
/// float, 32- and 64-bit offsets.
template <class Scalar, class Offset>
std::unique_ptr<Design> sparse_design(const Scalar* values, const Offset* indices, const Offset* starts, Index stored,
                                      Index rows, Index cols, const ConstVec& sample_weight, bool fit_intercept,
                                      bool standardize, Monitor& monitor);

}  // namespace pyreweight
