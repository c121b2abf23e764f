#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include "arguments.hpp"
#include "bindings.hpp"
#include "penalty_argument.hpp"
#include "pyreweight/dropout_expectation.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/registry.hpp"
#include "training_rows.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

py::dict to_dict(const FitResult& result) {
  py::dict out;
  out["coef"] = result.coef;
  out["eta"] = result.eta;
  out["keep_prob"] = result.keep_prob;
  if (result.intercepts.size() > 0) {
    out["intercept"] = result.intercepts;
  } else {
    out["intercept"] = result.intercept;
  }
  out["alpha"] = result.alpha;
  out["objective"] = result.objective;
  out["dual_gap"] = result.dual_gap;
  out["kkt_residual"] = result.kkt_residual;
  out["noise_scale"] = result.noise_scale;
  out["n_iter"] = result.n_iter;
  out["converged"] = result.converged;
  out["separated"] = result.separated;
  return out;
}

py::dict fit_columns(const py::object& X, const Eigen::Ref<const Matrix>& Y, const ConstVec& sample_weight,
                     const std::string& penalty, const py::dict& params, double alpha, const std::string& solver,
                     bool fit_intercept, bool standardize, const ConstVec& feature_weights,
                     const Labels& feature_groups, const Eigen::Ref<const Matrix>& start, int max_iter, double tol,
                     double eps, const py::object& report, const std::string& loss, const Params& loss_params,
                     const py::object& shared) {
  const auto rule = make_penalty(penalty, params);
  Monitor monitor = make_monitor(report);
  FitRequest request;
  request.alpha = alpha;
  request.paper_loop = solver == "irls";
  request.fit_intercept = fit_intercept;
  request.weight_sum = sample_weight.sum();
  request.eps = eps;
  request.feature_weights = feature_weights;
  request.feature_groups = make_groups(feature_groups);
  request.options.max_iter = max_iter;
  request.options.tol = tol;
  const TrainingRows rows =
      make_training_rows(X, Vector(Y.reshaped()), sample_weight, fit_intercept, standardize, loss == "squared",
                         request.paper_loop ? 0 : solves(request), shared, -1, monitor);
  const auto row_loss = make_loss_for(loss, loss_params, Y);
  request.loss = row_loss.get();
  request.row_factor = rows.row_factor.get();
  std::vector<FitResult> results;
  {
    py::gil_scoped_release release;
    results = fit_targets(*rows.design, Y, *rule, request, start, monitor);
  }
  py::list fits;
  for (const FitResult& result : results) fits.append(to_dict(result));
  py::dict out;
  out["centre"] = rows.design->centre();
  out["fits"] = fits;
  return out;
}

}  // namespace

void bind_fit(py::module_& m) {
  m.def("fit", &fit_columns, py::arg("X"), py::arg("Y").noconvert(), py::arg("sample_weight").noconvert(),
        py::arg("penalty"), py::arg("params"), py::arg("alpha"), py::arg("solver"), py::arg("fit_intercept"),
        py::arg("standardize"), py::arg("feature_weights").noconvert(), py::arg("feature_groups").noconvert(),
        py::arg("start").noconvert(), py::arg("max_iter"), py::arg("tol"), py::arg("eps"), py::arg("report"),
        py::arg("loss"), py::arg("loss_params"), py::arg("shared") = py::none(),
        "Fits every column of Y (n, k) on X (n, p), dense or CSC; alpha=nan chooses it. Returns the column centres and "
        "one dict per target. feature_groups (p,) or (0,), start (p, k) or (0, 0). With the loss softmax y holds class "
        "numbers below K, and a target has K intercepts and K p coefficients, class by class, as has feature_groups.");
  m.def("expected_logistic_loss", &expected_logistic_loss, py::arg("y").noconvert(), py::arg("z").noconvert(),
        py::arg("sd").noconvert(), py::arg("pi").noconvert(),
        "Weighted mean of the expected logistic loss at predictors of mean z and standard deviation sd.");
  m.def("check_sparse", &check_sparse, py::arg("indptr").noconvert(), py::arg("indices").noconvert(), py::arg("stored"),
        py::arg("majors"), py::arg("minors"),
        "Whether the indices of a CSR or CSC matrix are sorted without duplicates; ValueError when it is malformed.");
}

}  // namespace pyreweight
