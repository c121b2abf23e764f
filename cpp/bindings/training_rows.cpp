#include "training_rows.hpp"

#include "pyreweight/reduced_rows.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

constexpr const char* kName = "pyreweight.FoldProducts";

bool is_dense(const py::object& X) { return py::isinstance<py::array>(X); }

/// With centres and scales of dense X as the first rows have them, which saves the visit that would find the right
/// ones, far shorter than that for the products in sparse X; else, unless `must_guess`, with these. Empty where y is
/// constant, too.
FoldProducts visit_once(const py::object& X, const ConstVec& y, const ConstVec& sample_weight, const Columns& fold,
                        Index folds, bool fit_intercept, bool standardize, bool must_guess, Monitor& monitor) {
  const auto make = [&](const KnownMoments* moments) {
    return make_design(X, sample_weight, fit_intercept, standardize, monitor, Vector(), moments);
  };
  KnownMoments guess;
  if (is_dense(X)) {
    const auto cols = X.attr("shape").cast<std::pair<Index, Index>>().second;
    const KnownMoments none{Vector::Zero(cols), Vector::Ones(cols), {}};
    guess = guess_moments(*make(&none), fit_intercept);
  }
  const bool guessed = guess.centre.size() > 0;
  if (must_guess && !guessed) return {};
  const auto design = make(guessed ? &guess : nullptr);
  py::gil_scoped_release release;
  const Target target = scale_target(y, design->row_weights(), fit_intercept);
  return target.constant ? FoldProducts{} : fold_products(*design, target, fold, folds, monitor);
}

/// For one target and X that make_design takes.
bool one_visit_pays(const py::object& X, const ConstVec& y, Index solves) {
  if (!is_dense(X)) return false;
  const auto array = X.cast<py::array>();
  return array.ndim() == 2 && array.shape(0) == y.size() && whole_gram_pays(array.shape(0), array.shape(1), solves);
}

/// False where the products do not suffice.
bool from_products(const FoldProducts& products, const py::object& X, const ConstVec& y, const ConstVec& sample_weight,
                   bool fit_intercept, bool standardize, Index left_out, Monitor& monitor, TrainingRows& rows) {
  const TrainingProducts training(products, left_out, fit_intercept);
  if (!training.usable()) return false;
  const KnownMoments moments = training.moments();
  rows.design = make_design(X, sample_weight, fit_intercept, standardize, monitor, Vector(y), &moments);
  py::gil_scoped_release release;
  rows.row_factor = std::make_unique<Matrix>(factor_gram(*rows.design, training.gram(*rows.design), monitor));
  if (left_out < 0) return true;
  const double scale = scale_target(y, rows.design->row_weights(), fit_intercept).scale;
  rows.test_products = training.test_products(*rows.design, scale);
  return true;
}

}  // namespace

TrainingRows make_training_rows(const py::object& X, const ConstVec& y, const ConstVec& sample_weight,
                                bool fit_intercept, bool standardize, bool squared, Index solves,
                                const py::object& shared, Index left_out, Monitor& monitor) {
  TrainingRows rows;
  if (!shared.is_none()) {
    const auto& products = *static_cast<const FoldProducts*>(PyCapsule_GetPointer(shared.ptr(), kName));
    if (from_products(products, X, y, sample_weight, fit_intercept, standardize, left_out, monitor, rows)) return rows;
  } else if (squared && one_visit_pays(X, y, solves)) {
    const FoldProducts products = visit_once(X, y, sample_weight, Columns(static_cast<size_t>(y.size()), 0), 0,
                                             fit_intercept, standardize, true, monitor);
    const bool visited = !products.sums.empty();
    if (visited && from_products(products, X, y, sample_weight, fit_intercept, standardize, -1, monitor, rows)) {
      return rows;
    }
  }
  rows.design = make_design(X, sample_weight, fit_intercept, standardize, monitor, squared ? Vector(y) : Vector());
  return rows;
}

py::object share_folds(const py::object& X, const ConstVec& y, const ConstVec& sample_weight, const Labels& fold,
                       Index folds, Index solves, bool fit_intercept, bool standardize) {
  const auto cols = X.attr("shape").cast<std::pair<Index, Index>>().second;
  const auto stored = X.attr(is_dense(X) ? "size" : "nnz").cast<double>();
  if (!folds_worth_sharing(stored, cols, folds, solves)) return py::none();
  Monitor monitor = make_monitor(py::none());
  auto products = std::make_unique<FoldProducts>(visit_once(X, y, sample_weight, Columns(fold.begin(), fold.end()),
                                                            folds, fit_intercept, standardize, false, monitor));
  if (products->sums.empty()) return py::none();
  py::capsule capsule(products.get(), kName,
                      [](PyObject* object) { delete static_cast<FoldProducts*>(PyCapsule_GetPointer(object, kName)); });
  products.release();
  return capsule;
}

}  // namespace pyreweight
