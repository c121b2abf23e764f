#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "pyreweight/penalty.hpp"

namespace pyreweight {

/// The penalty of that name from parameters as Python passes them: numbers for those of the registry, callables for the
/// custom ones, (name, params) of another penalty for "fixed_strength". To be called, and the result destroyed, with
/// the GIL held.
std::unique_ptr<Penalty> make_penalty(const std::string& name, const pybind11::dict& params);

}  // namespace pyreweight
