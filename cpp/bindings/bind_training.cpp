#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include "arguments.hpp"
#include "bindings.hpp"
#include "penalty_argument.hpp"
#include "pyreweight/dropout_training.hpp"
#include "pyreweight/effective_penalty.hpp"
#include "pyreweight/registry.hpp"

namespace py = pybind11;

namespace pyreweight {
namespace {

Matrix penalty_of_masks(const py::object& X, const ConstVec& sample_weight, bool fit_intercept,
                        const ConstVec& mask_mean, const Eigen::Ref<const Matrix>& mask_cov) {
  const py::none quiet;
  Monitor monitor = make_monitor(quiet);
  const auto design = make_design(X, sample_weight, fit_intercept, false, monitor);
  py::gil_scoped_release release;
  return effective_penalty(*design, mask_mean, mask_cov, monitor);
}

py::dict train(const py::object& X, const ConstVec& y, const ConstVec& sample_weight, const std::string& penalty,
               const py::dict& params, const ConstVec& feature_weights, bool fit_intercept, bool standardize,
               const std::map<std::string, std::string>& kinds, const std::map<std::string, double>& numbers,
               std::int64_t steps, Index batch_size, Index records, std::uint64_t seed, const ConstVec& start,
               const py::object& report) {
  TrainingRequest request;
  const std::string &loss = kinds.at("loss"), &pattern = kinds.at("pattern"), &mask = kinds.at("distribution");
  request.loss = loss == "logistic" ? TrainingLoss::kLogistic : TrainingLoss::kSquared;
  request.pattern = pattern == "row"       ? MaskPattern::kRow
                    : pattern == "strided" ? MaskPattern::kStrided
                                           : MaskPattern::kIndependent;
  request.distribution = mask == "gaussian" ? MaskDistribution::kGaussian : MaskDistribution::kBernoulli;
  request.alpha = numbers.at("alpha");
  request.min_keep_prob = numbers.at("min_keep_prob");
  request.step = numbers.at("step");
  request.decay = numbers.at("decay");
  request.feature_weights = feature_weights;
  request.fit_intercept = fit_intercept;
  request.batch_size = batch_size;
  request.steps = steps;
  request.records = records;
  request.seed = seed;
  request.start = start;
  const auto rule = make_penalty(penalty, params);
  Monitor monitor = make_monitor(report);
  const auto design = make_design(X, sample_weight, fit_intercept, standardize, monitor);
  TrainingResult result;
  {
    py::gil_scoped_release release;
    result = train_with_dropout(*design, y, *rule, request, monitor);
  }
  py::dict out;
  out["coef"] = result.coef;
  out["intercept"] = result.intercept;
  out["keep_prob"] = result.keep_prob;
  out["coefs"] = result.coefs;
  out["intercepts"] = result.intercepts;
  out["keep_probs"] = result.keep_probs;
  out["objectives"] = result.objectives;
  out["steps"] = result.steps;
  out["step_size"] = result.step;
  out["periods"] = result.periods;
  return out;
}

py::array_t<std::uint32_t> philox_words(const std::array<std::uint32_t, 4>& counter,
                                        const std::array<std::uint32_t, 2>& key) {
  const Words words = philox(counter, key);
  return py::array_t<std::uint32_t>(4, words.data());
}

}  // namespace

void bind_training(py::module_& m) {
  m.def("effective_penalty", &penalty_of_masks, py::arg("X").noconvert(), py::arg("sample_weight").noconvert(),
        py::arg("fit_intercept"), py::arg("mask_mean").noconvert(), py::arg("mask_cov").noconvert(),
        "Matrix (p, p) of the quadratic penalty that masks with this mean (p,) and covariance (p, p) amount to.");
  m.def("train_with_dropout", &train, py::arg("X").noconvert(), py::arg("y").noconvert(),
        py::arg("sample_weight").noconvert(), py::arg("penalty"), py::arg("params"),
        py::arg("feature_weights").noconvert(), py::arg("fit_intercept"), py::arg("standardize"), py::arg("kinds"),
        py::arg("numbers"), py::arg("steps"), py::arg("batch_size"), py::arg("records"), py::arg("seed"),
        py::arg("start").noconvert(), py::arg("report"),
        "Trains on y (n,) under sampled masks; start (p,) or (0,). Batches are consecutive rows. Returns a dict.");
  m.def("strided_periods", &strided_periods, py::arg("rate"),
        "Probabilities of the periods 1, ..., D of strided masks that keep a column with this probability.");
  m.def("philox", &philox_words, py::arg("counter"), py::arg("key"), "Philox4x32-10: four random words.");
}

}  // namespace pyreweight
