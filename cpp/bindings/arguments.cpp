#include "arguments.hpp"

#include "pyreweight/design_dense.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

/// Lets Ctrl-C through while the GIL is released.
void check_signals() {
  py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

}  // namespace

Monitor make_monitor(const py::object& report) {
  std::function<void(const std::string&)> say;
  if (!report.is_none()) {
    say = [&report](const std::string& line) {
      py::gil_scoped_acquire gil;
      report(line);
    };
  }
  return Monitor(check_signals, say);
}

std::unique_ptr<Design> make_design(const py::array& X, const ConstVec& sample_weight, bool fit_intercept,
                                    bool standardize, Monitor& monitor) {
  const bool by_rows = (X.flags() & py::array::c_style) != 0;
  if (X.ndim() != 2 || (!by_rows && (X.flags() & py::array::f_style) == 0)) {
    throw py::type_error("X must be a contiguous 2-D array");
  }
  const bool is_double = py::isinstance<py::array_t<double>>(X);
  if (!is_double && !py::isinstance<py::array_t<float>>(X)) throw py::type_error("X must be float64 or float32");
  const void* data = X.data();
  const Index rows = X.shape(0), cols = X.shape(1);
  py::gil_scoped_release release;
  if (is_double) {
    return dense_design(static_cast<const double*>(data), rows, cols, by_rows, sample_weight, fit_intercept,
                        standardize, monitor);
  }
  return dense_design(static_cast<const float*>(data), rows, cols, by_rows, sample_weight, fit_intercept, standardize,
                      monitor);
}

}  // namespace pyreweight
