#include "training_rows.hpp"

#include "pyreweight/reduced_rows.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

constexpr const char* kName = "pyreweight.FoldProducts";

}  // namespace

TrainingRows make_training_rows(const py::object& X, const ConstVec& y, const ConstVec& sample_weight,
                                bool fit_intercept, bool standardize, bool squared, const py::object& shared,
                                Index left_out, Monitor& monitor) {
  const Vector targets = squared ? Vector(y) : Vector();
  TrainingRows rows;
  if (!shared.is_none()) {
    const auto& products = *static_cast<const FoldProducts*>(PyCapsule_GetPointer(shared.ptr(), kName));
    py::gil_scoped_release release;
    const TrainingProducts training(products, left_out, fit_intercept);
    if (training.usable()) {
      const KnownMoments moments = training.moments();
      {
        py::gil_scoped_acquire acquire;
        rows.design = make_design(X, sample_weight, fit_intercept, standardize, monitor, targets, &moments);
      }
      rows.row_factor = std::make_unique<Matrix>(factor_gram(*rows.design, training.gram(*rows.design), monitor));
      const double scale = scale_target(y, rows.design->row_weights(), fit_intercept).scale;
      rows.test_products = training.test_products(*rows.design, scale);
      return rows;
    }
  }
  rows.design = make_design(X, sample_weight, fit_intercept, standardize, monitor, targets);
  return rows;
}

py::object share_folds(const py::array& X, const ConstVec& y, const ConstVec& sample_weight, const Labels& fold,
                       Index folds, Index solves, bool fit_intercept, bool standardize) {
  if (!folds_worth_sharing(X.shape(0), X.shape(1), folds, solves)) return py::none();
  Monitor monitor = make_monitor(py::none());
  const auto design = make_design(X, sample_weight, fit_intercept, standardize, monitor, Vector(y));
  auto products = std::make_unique<FoldProducts>();
  {
    py::gil_scoped_release release;
    const Target target = scale_target(y, design->row_weights(), fit_intercept);
    if (!target.constant) *products = fold_products(*design, target, Columns(fold.begin(), fold.end()), folds, monitor);
  }
  if (products->sums.empty()) return py::none();  // y is constant
  py::capsule capsule(products.get(), kName,
                      [](PyObject* object) { delete static_cast<FoldProducts*>(PyCapsule_GetPointer(object, kName)); });
  products.release();
  return capsule;
}

}  // namespace pyreweight
