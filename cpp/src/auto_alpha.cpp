#include "pyreweight/auto_alpha.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "pyreweight/alpha_max.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/solver.hpp"

namespace pyreweight {

double noise_scale(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                   const AutoAlpha& rule) {
  if (problem.loss && problem.loss->known_noise()) return std::sqrt(null_curvature(problem).maxCoeff());
  const double S = rule.weight_sum, df = static_cast<double>(support(solution.v).size());
  const double freedom = std::max(S - (rule.fit_intercept ? 1.0 : 0.0) - df, S / 2);
  const double mean_square = solution.residual.cwiseAbs2().dot(problem.design.row_weights());
  return regularizer.y_scale() * std::sqrt(mean_square * (S / freedom));
}

Solution solve_auto_alpha(const Problem& problem, Regularizer& regularizer, const AutoAlpha& rule) {
  const double S = rule.weight_sum;
  const double L = std::log(static_cast<double>(std::max<Index>(problem.coefficients(), 3)));
  const auto solver = make_solver(problem, regularizer);
  Solution accepted = solver->solve_null();
  const double top = alpha_max(problem, regularizer, accepted.gradient);
  regularizer.set_alpha(top);
  if (top <= noise_scale(problem, regularizer, accepted, rule) * std::sqrt(2 * L / S)) {
    accepted.n_iter = 1;
    certify(problem, regularizer, accepted);
    accepted.converged = certified(problem, regularizer, accepted);
    return accepted;
  }
  if (problem.loss && problem.loss->known_noise()) {
    const double sigma = noise_scale(problem, regularizer, accepted, rule);
    regularizer.set_alpha(std::max(sigma * std::sqrt(L / (2 * S)), rule.eps * top));
    return solver->solve();
  }
  double accepted_alpha = top;
  for (int i = 0;; ++i) {
    const double alpha = std::max(top * std::pow(10.0, -i / 20.0), rule.eps * top);
    regularizer.set_alpha(alpha);
    const Solution& solution = solver->solve();
    const size_t df = support(solution.v).size();
    if (i > 0 && static_cast<double>(df) > S / 2) break;
    accepted = solution;
    accepted_alpha = alpha;
    const double sigma = noise_scale(problem, regularizer, solution, rule);
    if (problem.monitor.verbose()) {
      std::ostringstream line;
      line << "alpha " << alpha << ": nonzero " << df << ", noise scale " << sigma
           << ", stops at alpha <= " << sigma * std::sqrt(L / (2 * S));
      problem.monitor.report(line.str());
    }
    if (alpha <= sigma * std::sqrt(L / (2 * S)) || alpha <= rule.eps * top) break;
  }
  regularizer.set_alpha(accepted_alpha);
  return accepted;
}

}  // namespace pyreweight
