#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include "arguments.hpp"
#include "bindings.hpp"
#include "pyreweight/effective_penalty.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

Matrix penalty_of_masks(const py::array& X, const ConstVec& sample_weight, bool fit_intercept,
                        const ConstVec& mask_mean, const Eigen::Ref<const Matrix>& mask_cov) {
  const py::none quiet;
  Monitor monitor = make_monitor(quiet);
  const auto design = make_design(X, sample_weight, fit_intercept, false, monitor);
  py::gil_scoped_release release;
  return effective_penalty(*design, mask_mean, mask_cov, monitor);
}

}  // namespace

void bind_training(py::module_& m) {
  m.def("effective_penalty", &penalty_of_masks, py::arg("X").noconvert(), py::arg("sample_weight").noconvert(),
        py::arg("fit_intercept"), py::arg("mask_mean").noconvert(), py::arg("mask_cov").noconvert(),
        "Matrix (p, p) of the quadratic penalty that masks with this mean (p,) and covariance (p, p) amount to.");
}

}  // namespace pyreweight
