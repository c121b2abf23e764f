#pragma once

#include "pyreweight/class_design.hpp"
#include "pyreweight/regularizer.hpp"

namespace pyreweight {

/// Where classes share a shift of their coefficients of one feature that changes nothing: probabilities do not depend
/// on it, and the l1 penalty of an even number of classes is the same anywhere between the two middle coefficients. Of
/// this segment the end of least norm is taken, which has a zero at least. Whether v (p,) changed.
bool settle_common_shifts(const ClassDesign& design, const Regularizer& regularizer, Vector& v);

}  // namespace pyreweight
