#include "pyreweight/fit_ard.hpp"

#include <cmath>
#include <stdexcept>

#include "pyreweight/ard.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/irls.hpp"

namespace pyreweight {

FitResult fit_ard(const Design& design, const ScaledProblem& scaled, const FitRequest& request) {
  if (request.loss != nullptr) throw std::invalid_argument("ARD is defined for the squared loss");
  if (request.paper_loop) throw std::invalid_argument("solver must be 'auto' with ARD, whose updates are its own");
  if ((request.feature_weights.array() == 0).any()) {
    throw std::invalid_argument("feature_weights must not be 0 with ARD, which gives every column a prior");
  }
  const bool constant = scaled.target().constant;
  ArdSolution ard;
  if (constant) {
    ard.solution = scaled.constant_solution();
    ard.solution.gap = std::nan("");
  } else {
    ard = solve_ard(scaled.problem(), usable_columns(scaled.regularizer()), request.weight_sum, request.fit_intercept);
    refresh(scaled.problem(), ard.solution);
  }
  const double unit = scaled.target().scale;
  FitResult result{scaled.to_user(ard.solution), {}, {}, {}};
  const double level = std::sqrt(ard.noise_variance / request.weight_sum);
  const double freedom = std::max(request.weight_sum - request.fit_intercept, request.weight_sum / 2);
  result.alpha = level * unit;
  result.noise_scale = std::sqrt(ard.noise_variance) * unit;
  result.kkt_residual = ard.solution.kkt_residual * result.alpha;
  result.objective = constant ? 0.0 : ard.solution.objective + freedom * std::log(unit);
  result.coef = scatter(result.values, result.columns, design.cols());
  result.eta = result.keep_prob = Vector::Zero(design.cols());
  for (const Index j : result.columns) {
    const double g = design.second_moment()[j], squared_unit = design.penalty_unit()[j] * design.penalty_unit()[j];
    result.eta[j] = result.alpha / ard.ridge[j] * squared_unit;
    result.keep_prob[j] = g / (g + ard.ridge[j]);
  }
  return result;
}

}  // namespace pyreweight
