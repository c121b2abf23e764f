#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include "arguments.hpp"
#include "bindings.hpp"
#include "penalty_argument.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/path.hpp"
#include "pyreweight/registry.hpp"
#include "training_rows.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

PathRequest make_request(const ConstVec& sample_weight, bool paper_loop, bool fit_intercept,
                         const ConstVec& feature_weights, const Labels& feature_groups, const ConstVec& alphas,
                         Index grid_size, double eps, int max_iter, double tol) {
  PathRequest request;
  request.paper_loop = paper_loop;
  request.fit_intercept = fit_intercept;
  request.weight_sum = sample_weight.sum();
  request.eps = eps;
  request.feature_weights = feature_weights;
  request.feature_groups = make_groups(feature_groups);
  request.options.max_iter = max_iter;
  request.options.tol = tol;
  request.alphas = alphas;
  request.grid_size = grid_size;
  return request;
}

/// (number of alphas,), or (number of alphas, K) for a loss with K outputs.
py::object intercepts(const std::vector<PathPoint>& points) {
  const Index count = static_cast<Index>(points.size()), K = count > 0 ? points.front().intercepts.size() : 0;
  Matrix out(count, std::max<Index>(K, 1));
  for (Index i = 0; i < count; ++i) {
    const PathPoint& point = points[static_cast<size_t>(i)];
    if (K > 0) {
      out.row(i) = point.intercepts.transpose();
    } else {
      out(i, 0) = point.intercept;
    }
  }
  if (K > 0) return py::cast(out);
  return py::cast(Vector(out.col(0)));
}

/// One array per quantity, one entry per alpha; coefficients as the parts of a CSC matrix (p, number of alphas), so
/// that a long path of a wide problem stays sparse.
py::dict to_dict(const std::vector<PathPoint>& points) {
  const Index count = static_cast<Index>(points.size());
  const auto collect = [&](auto member) {
    Vector out(count);
    for (Index i = 0; i < count; ++i) out[i] = points[static_cast<size_t>(i)].*member;
    return out;
  };
  py::array_t<std::int64_t> indptr(count + 1);
  py::array_t<int> n_iter(count);
  py::array_t<bool> converged(count), separated(count);
  indptr.mutable_at(0) = 0;
  for (Index i = 0; i < count; ++i) {
    const PathPoint& point = points[static_cast<size_t>(i)];
    indptr.mutable_at(i + 1) = indptr.at(i) + point.values.size();
    n_iter.mutable_at(i) = point.n_iter;
    converged.mutable_at(i) = point.converged;
    separated.mutable_at(i) = point.separated;
  }
  py::array_t<std::int64_t> indices(indptr.at(count));
  py::array_t<double> values(indptr.at(count));
  for (Index i = 0; i < count; ++i) {
    const PathPoint& point = points[static_cast<size_t>(i)];
    std::copy(point.columns.begin(), point.columns.end(), indices.mutable_data() + indptr.at(i));
    std::copy(point.values.begin(), point.values.end(), values.mutable_data() + indptr.at(i));
  }
  py::dict out;
  out["indptr"] = indptr;
  out["indices"] = indices;
  out["values"] = values;
  out["intercept"] = intercepts(points);
  out["alpha"] = collect(&PathPoint::alpha);
  out["objective"] = collect(&PathPoint::objective);
  out["dual_gap"] = collect(&PathPoint::dual_gap);
  out["kkt_residual"] = collect(&PathPoint::kkt_residual);
  out["noise_scale"] = collect(&PathPoint::noise_scale);
  out["degrees_of_freedom"] = collect(&PathPoint::degrees_of_freedom);
  out["residual_scale"] = collect(&PathPoint::residual_scale);
  out["test_error"] = collect(&PathPoint::test_error);
  out["test_unit"] = collect(&PathPoint::test_unit);
  out["n_iter"] = n_iter;
  out["converged"] = converged;
  out["separated"] = separated;
  return out;
}

py::dict fit_alphas(const py::object& X, const ConstVec& y, const ConstVec& sample_weight, const ConstVec& test_weight,
                    const std::string& penalty, const py::dict& params, const ConstVec& alphas, Index grid_size,
                    const std::string& solver, bool fit_intercept, bool standardize, const ConstVec& feature_weights,
                    const Labels& feature_groups, int max_iter, double tol, double eps, bool degrees_of_freedom,
                    int workers, const py::object& progress, const py::object& check, const std::string& loss,
                    const py::object& shared, Index left_out) {
  const auto rule = make_penalty(penalty, params);
  const ThreadShare share(workers);
  Monitor monitor = make_monitor(py::none(), check);
  PathRequest request = make_request(sample_weight, solver == "irls", fit_intercept, feature_weights, feature_groups,
                                     alphas, grid_size, eps, max_iter, tol);
  const TrainingRows rows = make_training_rows(X, y, sample_weight, fit_intercept, standardize, loss == "squared",
                                               request.paper_loop ? 0 : solves(request), shared, left_out, monitor);
  const auto row_loss = make_loss_for(loss, {}, y);
  request.loss = row_loss.get();
  request.degrees_of_freedom = degrees_of_freedom;
  request.test_weight = test_weight;
  request.test_products = rows.test_products;
  request.row_factor = rows.row_factor.get();
  if (!progress.is_none()) {
    request.progress = [&progress](Index i, const PathPoint& point) {
      py::gil_scoped_acquire gil;
      progress(i, point.alpha, point.columns.size(), point.objective, point.converged);
    };
  }
  std::vector<PathPoint> points;
  {
    py::gil_scoped_release release;
    points = fit_path(*rows.design, y, *rule, request, monitor);
  }
  return to_dict(points);
}

Vector find_alphas(const py::object& X, const ConstVec& y, const ConstVec& sample_weight, const std::string& penalty,
                   const py::dict& params, Index grid_size, bool fit_intercept, bool standardize,
                   const ConstVec& feature_weights, const Labels& feature_groups, double eps, const std::string& loss,
                   const py::object& shared) {
  const auto rule = make_penalty(penalty, params);
  Monitor monitor = make_monitor(py::none());
  const TrainingRows rows =
      make_training_rows(X, y, sample_weight, fit_intercept, standardize, loss == "squared", 0, shared, -1, monitor);
  PathRequest request = make_request(sample_weight, false, fit_intercept, feature_weights, feature_groups, Vector(),
                                     grid_size, eps, 100, 0);
  const auto row_loss = make_loss_for(loss, {}, y);
  request.loss = row_loss.get();
  request.row_factor = rows.row_factor.get();
  py::gil_scoped_release release;
  return path_alphas(*rows.design, y, *rule, request, monitor);
}

}  // namespace

void bind_path(py::module_& m) {
  m.def(
      "fit_path", &fit_alphas, py::arg("X"), py::arg("y").noconvert(), py::arg("sample_weight").noconvert(),
      py::arg("test_weight").noconvert(), py::arg("penalty"), py::arg("params"), py::arg("alphas").noconvert(),
      py::arg("grid_size"), py::arg("solver"), py::arg("fit_intercept"), py::arg("standardize"),
      py::arg("feature_weights").noconvert(), py::arg("feature_groups").noconvert(), py::arg("max_iter"),
      py::arg("tol"), py::arg("eps"), py::arg("degrees_of_freedom"), py::arg("workers"), py::arg("progress"),
      py::arg("check"), py::arg("loss"), py::arg("shared") = py::none(), py::arg("left_out") = -1,
      "Fits y (n,) on X (n, p), dense or CSC, at every alpha, or on a grid of grid_size alphas when there are none. "
      "test_weight "
      "(n,) or (0,), feature_groups (p,) or (0,). workers: how many such calls share the threads. progress(i, alpha, "
      "nonzeros, objective, "
      "converged) is called after each alpha, check() now and then. shared, left_out: of share_folds, or None. Returns "
      "arrays over the alphas, coefficients as "
      "CSC parts of (p, number of alphas); with the loss softmax, whose y holds class numbers below K, of (K p, number "
      "of alphas), class by class, as in feature_groups, and intercepts (number of alphas, K).");
  m.def("path_alphas", &find_alphas, py::arg("X"), py::arg("y").noconvert(), py::arg("sample_weight").noconvert(),
        py::arg("penalty"), py::arg("params"), py::arg("grid_size"), py::arg("fit_intercept"), py::arg("standardize"),
        py::arg("feature_weights").noconvert(), py::arg("feature_groups").noconvert(), py::arg("eps"), py::arg("loss"),
        py::arg("shared") = py::none(),
        "Geometric grid of alphas from alpha_max to eps alpha_max; all 0 when there is nothing to explain.");
  m.def(
      "share_folds", &share_folds, py::arg("X"), py::arg("y").noconvert(), py::arg("sample_weight").noconvert(),
      py::arg("fold").noconvert(), py::arg("folds"), py::arg("solves"), py::arg("fit_intercept"),
      py::arg("standardize"),
      "What the paths on the training sets of a cross-validation share, which are to solve about that many alphas; "
      "None where it does not pay. Row i is left out of the training set number fold[i], of none where that is folds.");
}

}  // namespace pyreweight
