#pragma once

#include <pybind11/numpy.h>

#include <memory>

#include "pyreweight/design.hpp"

namespace pyreweight {

/// Python's signals and, unless `report` is None, its callable for lines of progress; `report` must outlive the result.
Monitor make_monitor(const pybind11::object& report);

/// The data matrix as the caller holds it, never copied; releases the GIL while it computes the column moments.
std::unique_ptr<Design> make_design(const pybind11::array& X, const ConstVec& sample_weight, bool fit_intercept,
                                    bool standardize, Monitor& monitor);

}  // namespace pyreweight
