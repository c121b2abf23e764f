#pragma once

#include <pybind11/pybind11.h>

namespace pyreweight {

void bind_penalties(pybind11::module_& m);
void bind_fit(pybind11::module_& m);
void bind_training(pybind11::module_& m);
void bind_path(pybind11::module_& m);

}  // namespace pyreweight
