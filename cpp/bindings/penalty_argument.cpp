#include "penalty_argument.hpp"

#include <pybind11/eigen.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "pyreweight/callable_penalty.hpp"
#include "pyreweight/fixed_strength.hpp"
#include "pyreweight/registry.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

/// Calls `function` with a new 1-D array, holding the GIL for that time only; its exceptions reach the user unchanged.
VectorFunction vector_function(const py::object& function, const std::string& name) {
  // Shared, so that copies made without the GIL do not touch Python's reference count.
  const auto shared = std::make_shared<py::object>(function);
  return [shared, name](const Vector& t) -> Vector {
    py::gil_scoped_acquire gil;
    const py::object answer = (*shared)(py::cast(t));
    const auto given = py::array::ensure(answer);
    const bool complex = given && given.dtype().kind() == 'c';
    if (complex || py::hasattr(answer, "mask")) {
      throw std::invalid_argument(name + " must return an array of real numbers, not a " +
                                  (complex ? "complex" : "masked") + " one");
    }
    const auto values = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(answer);
    if (!values) {
      PyErr_Clear();
      throw std::invalid_argument(name + " must return an array of real numbers");
    }
    if (values.ndim() != 1) {
      throw std::invalid_argument(name + " must return an array of the shape of its argument, (" +
                                  std::to_string(t.size()) + ",), not one of " + std::to_string(values.ndim()) +
                                  " dimensions");
    }
    return Eigen::Map<const Vector>(values.data(), values.size());
  };
}

std::unique_ptr<Penalty> custom(const py::dict& params, const char* argument, CallableRule::Kind kind) {
  VectorFunction value;
  if (params.contains("value_func")) value = vector_function(params["value_func"], "value_func");
  return std::make_unique<CallablePenalty>(vector_function(params[argument], argument), kind, value);
}

}  // namespace

std::unique_ptr<Penalty> make_penalty(const std::string& name, const py::dict& params) {
  if (name == "custom_penalty") return custom(params, "derivative_func", CallableRule::Kind::derivative);
  if (name == "custom_dropout") return custom(params, "keep_prob_func", CallableRule::Kind::keep_probability);
  if (name == "fixed_strength") {
    const py::tuple inner = params["penalty"];
    return std::make_unique<FixedStrength>(make_penalty(inner[0].cast<std::string>(), inner[1].cast<py::dict>()),
                                           params["strength"].cast<double>());
  }
  return make_penalty(name, params.cast<Params>());
}

}  // namespace pyreweight
