#include "arguments.hpp"

#include <cstdint>
#include <utility>

#include "pyreweight/compressed.hpp"
#include "pyreweight/design_dense.hpp"
#include "pyreweight/design_sparse.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

/// Lets Ctrl-C through while the GIL is released.
void check_signals() {
  py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

/// Calls body(data pointer) with the scalar type of a float64 or float32 array.
template <class Body>
auto with_values(const py::array& values, const Body& body) {
  if (py::isinstance<py::array_t<double>>(values)) return body(static_cast<const double*>(values.data()));
  if (py::isinstance<py::array_t<float>>(values)) return body(static_cast<const float*>(values.data()));
  throw py::type_error("X must be float64 or float32");
}

/// Calls body(indptr, indices) with the type that both arrays have.
template <class Body>
auto with_offsets(const py::array& indptr, const py::array& indices, const Body& body) {
  const auto as = [&](auto zero) {
    using Offset = decltype(zero);
    return body(static_cast<const Offset*>(indptr.data()), static_cast<const Offset*>(indices.data()));
  };
  const auto are = [&](auto zero) {
    using Offsets = py::array_t<decltype(zero)>;
    return py::isinstance<Offsets>(indptr) && py::isinstance<Offsets>(indices);
  };
  if (are(std::int32_t{})) return as(std::int32_t{});
  if (are(std::int64_t{})) return as(std::int64_t{});
  throw py::type_error("X must have int32 or int64 for both indices and indptr");
}

bool is_aligned(const py::array& array) { return (array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0; }

bool is_plain_vector(const py::array& array) {
  return array.ndim() == 1 && (array.flags() & py::array::c_style) != 0 && is_aligned(array);
}

void check_parts(const py::array& indptr, const py::array& indices, Index stored, Index majors) {
  if (!is_plain_vector(indptr) || !is_plain_vector(indices)) {
    throw std::invalid_argument("X must have contiguous, aligned, one-dimensional indices and indptr");
  }
  if (indptr.size() != majors + 1) {
    throw std::invalid_argument("X is a malformed sparse matrix: its indptr does not fit its shape");
  }
  if (indices.size() != stored) {
    throw std::invalid_argument("X is a malformed sparse matrix: its data and indices differ in length");
  }
}

std::unique_ptr<Design> make_dense(const py::array& X, const ConstVec& sample_weight, bool fit_intercept,
                                   bool standardize, Monitor& monitor, const ConstVec& targets,
                                   const KnownMoments* known) {
  const bool by_rows = (X.flags() & py::array::c_style) != 0;
  if (X.ndim() != 2 || (!by_rows && (X.flags() & py::array::f_style) == 0) || !is_aligned(X)) {
    throw py::type_error("X must be a contiguous and aligned 2-D array");
  }
  const Index rows = X.shape(0), cols = X.shape(1);
  return with_values(X, [&](const auto* data) {
    py::gil_scoped_release release;
    return dense_design(data, rows, cols, by_rows, sample_weight, fit_intercept, standardize, monitor, targets, known);
  });
}

std::unique_ptr<Design> make_sparse(const py::object& X, const ConstVec& sample_weight, bool fit_intercept,
                                    bool standardize, Monitor& monitor, const ConstVec& targets,
                                    const KnownMoments* known) {
  const auto [rows, cols] = X.attr("shape").cast<std::pair<Index, Index>>();
  const auto values = X.attr("data").cast<py::array>();
  const auto indices = X.attr("indices").cast<py::array>(), indptr = X.attr("indptr").cast<py::array>();
  if (!is_plain_vector(values)) throw std::invalid_argument("X must have contiguous, aligned, one-dimensional data");
  const Index stored = values.size(), height = rows, width = cols;
  check_parts(indptr, indices, stored, width);
  return with_values(values, [&](const auto* data) {
    return with_offsets(indptr, indices, [&](const auto* starts, const auto* places) {
      py::gil_scoped_release release;
      return sparse_design(data, places, starts, stored, height, width, sample_weight, fit_intercept, standardize,
                           monitor, targets, known);
    });
  });
}

}  // namespace

Monitor make_monitor(const py::object& report, const py::object& check) {
  std::function<void(const std::string&)> say;
  if (!report.is_none()) {
    say = [&report](const std::string& line) {
      py::gil_scoped_acquire gil;
      report(line);
    };
  }
  if (check.is_none()) return Monitor(check_signals, say);
  const auto ask = [asked = &check] {
    check_signals();
    py::gil_scoped_acquire gil;
    (*asked)();
  };
  return Monitor(ask, say);
}

std::unique_ptr<Design> make_design(const py::object& X, const ConstVec& sample_weight, bool fit_intercept,
                                    bool standardize, Monitor& monitor, const ConstVec& targets,
                                    const KnownMoments* known) {
  if (py::isinstance<py::array>(X)) {
    return make_dense(X, sample_weight, fit_intercept, standardize, monitor, targets, known);
  }
  if (py::hasattr(X, "format") && py::str(X.attr("format")).cast<std::string>() == "csc") {
    return make_sparse(X, sample_weight, fit_intercept, standardize, monitor, targets, known);
  }
  throw py::type_error("X must be a dense array or a CSC matrix");
}

std::unique_ptr<Loss> make_loss_for(const std::string& name, Params params, const Eigen::Ref<const Matrix>& y) {
  if (name == "squared") return nullptr;
  if (name == "softmax") params["classes"] = y.size() > 0 ? y.maxCoeff() + 1 : 0.0;
  return make_loss(name, params);
}

bool check_sparse(const py::array& indptr, const py::array& indices, Index stored, Index majors, Index minors) {
  check_parts(indptr, indices, stored, majors);
  return with_offsets(indptr, indices, [&](const auto* starts, const auto* places) {
    py::gil_scoped_release release;
    return check_compressed(starts, majors, places, stored, minors);
  });
}

}  // namespace pyreweight
