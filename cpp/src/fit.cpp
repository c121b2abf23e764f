#include "pyreweight/fit.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

#include "pyreweight/auto_alpha.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/fit_ard.hpp"
#include "pyreweight/irls.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/penalties_ard.hpp"
#include "pyreweight/penalties_ranking.hpp"
#include "pyreweight/smooth.hpp"
#include "pyreweight/solver.hpp"
#include "pyreweight/top_k.hpp"

namespace pyreweight {
namespace {

/// The dropout face of the coefficients: eta and keep probability q_j = g_j / (g_j + rho_j), rho_j the ridge weight.
void describe_masks(const Problem& problem, const Regularizer& regularizer, const Vector& v, FitResult& result) {
  const Vector& moment = problem.design.second_moment();
  result.eta = result.keep_prob = Vector::Zero(v.size());
  if (result.alpha > 0 || !regularizer.penalty().has_strength()) {
    const bool ranked = !regularizer.penalty().separable();
    const Columns all = all_columns(v.size());
    const Vector t = ranked
                         ? regularizer.magnitudes(all, v)
                         : Vector(regularizer.radius(all, v).cwiseProduct(regularizer.units()) * regularizer.y_scale());
    regularizer.penalty().eta(t, result.alpha, result.eta);
  }
  const Vector rho = regularizer.ridge_weights(all_columns(v.size()), v);
  for (Index j = 0; j < v.size(); ++j) {
    if (regularizer.excluded(j)) {
      result.eta[j] = 0;
    } else if (!regularizer.penalised(j)) {
      result.keep_prob[j] = 1;
    } else if (result.eta[j] > 0) {
      result.keep_prob[j] = moment[j] / (moment[j] + rho[j]);
    }
  }
  result.eta.conservativeResize(problem.coefficients());
  result.keep_prob.conservativeResize(problem.coefficients());
}

Solution run(const Problem& problem, Regularizer& regularizer, const FitRequest& request, const Vector& start) {
  const Penalty& penalty = regularizer.penalty();
  if (problem.loss && !penalty.separable()) {
    throw std::invalid_argument(std::string("penalty ") + penalty.name() + " is offered for the squared loss only");
  }
  if (const auto* ranking = dynamic_cast<const TopK*>(&penalty)) {
    regularizer.set_alpha(0);
    return request.paper_loop ? solve_irls(problem, regularizer, start)
                              : solve_top_k(problem, regularizer, ranking->k(), start);
  }
  if (!penalty.has_strength()) {
    throw std::invalid_argument(
        "penalty estimates its strength, as ARD does, and cannot be fitted at a fixed one: take ARD() itself, or "
        "VariationalBayesDropout().as_dropout(alpha), whose keep probabilities are the same");
  }
  Solution solution;
  if (std::isnan(request.alpha)) {
    const AutoAlpha rule{request.weight_sum, request.fit_intercept, request.eps};
    solution = solve_auto_alpha(problem, regularizer, rule);
    if (!request.paper_loop) return solution;
  }
  if (request.paper_loop) return solve_irls(problem, regularizer, start);
  if (!problem.loss && regularizer.penalty().slope_at_zero() == 0) {
    RidgeSolver ridge(problem.design, problem.monitor);
    return solve_smooth(problem, regularizer, start, ridge);
  }
  const auto solver = make_solver(problem, regularizer);
  if (start.size() > 0) solver->start_from(start);
  return solver->solve();
}

}  // namespace

Index solves(const FitRequest& request) {
  constexpr Index kPointsOfAutoAlpha = 12;  // on the way to its alpha, typically
  return std::isnan(request.alpha) ? kPointsOfAutoAlpha : 1;
}

FitResult fit(const Design& design, const ConstVec& y, const Penalty& penalty, const FitRequest& request,
              Monitor& monitor) {
  const bool choose_alpha = std::isnan(request.alpha);
  ScaledProblem scaled(design, y, penalty, request, choose_alpha ? 1.0 : request.alpha, solves(request), monitor);
  if (dynamic_cast<const Ard*>(&penalty) != nullptr) return fit_ard(design, scaled, request);
  Solution solution;
  if (scaled.target().constant) {
    solution = scaled.constant_solution();
    if (choose_alpha) scaled.regularizer().set_alpha(0);
  } else {
    const Vector start = request.start.size() > 0 ? scaled.to_solver(request.start) : Vector();
    solution = run(scaled.problem(), scaled.regularizer(), request, start);
  }
  FitResult result{scaled.to_user(solution), {}, {}, {}};
  result.coef = scatter(result.values, result.columns, scaled.problem().coefficients());
  describe_masks(scaled.problem(), scaled.whole_regularizer(), solution.v, result);
  return result;
}

std::vector<FitResult> fit_targets(const Design& design, const Eigen::Ref<const Matrix>& Y, const Penalty& penalty,
                                   const FitRequest& request, const Eigen::Ref<const Matrix>& starts,
                                   Monitor& monitor) {
  const Index k = Y.cols();
  FitRequest common = request;
  Matrix row_factor;
  if (k > 1 && !request.loss && !request.paper_loop) {
    row_factor = factor_rows(design, k * solves(request), monitor);
    common.row_factor = &row_factor;
  }
  std::vector<FitResult> results(static_cast<size_t>(k));
  // A fit visits X ten times or more. Functions of the user's run one at a time anyway.
  const double visits = 20.0 * static_cast<double>(design.rows()) * static_cast<double>(design.cols());
  parallel_jobs(k, penalty.pointwise() ? visits : 0.0, monitor, [&](Index target, Monitor& own) {
    FitRequest alone = common;
    if (starts.size() > 0) alone.start = starts.col(target);
    results[static_cast<size_t>(target)] = fit(design, Y.col(target), penalty, alone, own);
  });
  return results;
}

}  // namespace pyreweight
