#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pyreweight/penalty.hpp"

namespace pyreweight {

/// The penalty of that name; std::invalid_argument lists the known names, or says which parameter is wrong.
std::unique_ptr<Penalty> make_penalty(const std::string& name, const Params& params);

/// Every registered name, sorted, of the separable penalties or of the others.
std::vector<std::string> penalty_names(bool separable = true);

/// The parameter names of a penalty (with "scale" last where it has one).
std::vector<std::string> penalty_parameters(const std::string& name);

}  // namespace pyreweight
