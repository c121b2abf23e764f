#pragma once

#include <memory>

#include "pyreweight/design.hpp"

namespace pyreweight {

/// Dense X in memory of somebody else: `data` holds rows x cols entries, contiguous by columns or by rows.
/// sample_weight (n,) > 0 (rows of weight 0 are for the caller to drop); instantiated for double and float. `targets`
/// (n k,): what will be fitted, one after the other; the correlations come with the visit that the moments need, and
/// there is no such visit if they are `known`.
template <class Scalar>
std::unique_ptr<Design> dense_design(const Scalar* data, Index rows, Index cols, bool by_rows,
                                     const ConstVec& sample_weight, bool fit_intercept, bool standardize,
                                     Monitor& monitor, const ConstVec& targets = Vector(),
                                     const KnownMoments* known = nullptr);

}  // namespace pyreweight
