#include "pyreweight/auto_alpha.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "pyreweight/alpha_max.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/degrees_of_freedom.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/solver.hpp"

namespace pyreweight {
namespace {

/// The nonzeros; with groups, where a shrunk group of m coefficients spends fewer than m, the trace of the smoother.
double spent(const Problem& problem, const Regularizer& regularizer, const Solution& solution) {
  const Columns active = support(solution.v);
  if (regularizer.groups().singletons() || problem.loss || active.empty()) return static_cast<double>(active.size());
  const auto gram = [&](const Columns& columns) { return problem.design.gram(columns, columns, problem.monitor); };
  return degrees_of_freedom(problem, regularizer, solution, gram);
}

/// What noise of sigma = sqrt(S) reaches in the largest of the correlations that alpha is compared with: sqrt(2 log p)
/// for single coefficients. The norm of m of them is near sqrt(m - 1) and exceeds that by about sqrt(2 log G) in the
/// largest of G groups; it is compared with alpha sqrt(m), where the smallest groups reach farthest.
double universal_level(const Problem& problem, const Regularizer& regularizer) {
  const auto log_of = [](Index count) { return std::log(static_cast<double>(std::max<Index>(count, 3))); };
  const Groups& groups = regularizer.groups();
  if (groups.singletons()) return std::sqrt(2 * log_of(problem.coefficients()));
  Index count = 0, smallest = problem.coefficients();
  for (Index j = 0; j < problem.coefficients(); ++j) {
    if (!regularizer.penalised(j) || !groups.leads(j)) continue;
    ++count;
    smallest = std::min(smallest, static_cast<Index>(groups.members(groups.of(j)).size()));
  }
  const double m = static_cast<double>(smallest);
  return (std::sqrt(m - 1) + std::sqrt(2 * log_of(count))) / std::sqrt(m);
}

/// Degrees of freedom that a model may spend: half the rows. A group comes in as a whole, unshrunk with some penalties,
/// so the first one may take more where it leaves a quarter of the rows to tell the noise.
double most_spent(const Regularizer& regularizer, const Solution& solution, double rows) {
  const Groups& groups = regularizer.groups();
  if (groups.singletons()) return rows / 2;
  Columns penalised;
  for (const Index j : support(solution.v)) {
    if (regularizer.penalised(j)) penalised.push_back(j);
  }
  const auto also = [&](Index j) { return groups.of(j) == groups.of(penalised.front()); };
  return std::all_of(penalised.begin(), penalised.end(), also) ? 0.75 * rows : rows / 2;
}

}  // namespace

double noise_scale(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                   const AutoAlpha& rule) {
  if (problem.loss && problem.loss->known_noise()) return std::sqrt(null_curvature(problem).maxCoeff());
  const double S = rule.weight_sum, df = spent(problem, regularizer, solution);
  const double freedom = std::max(S - (rule.fit_intercept ? 1.0 : 0.0) - df, S / 2);
  const double mean_square = solution.residual.cwiseAbs2().dot(problem.design.row_weights());
  return regularizer.y_scale() * std::sqrt(mean_square * (S / freedom));
}

Solution solve_auto_alpha(const Problem& problem, Regularizer& regularizer, const AutoAlpha& rule) {
  const double S = rule.weight_sum;
  const double level = universal_level(problem, regularizer) / std::sqrt(S);
  const auto solver = make_solver(problem, regularizer);
  Solution accepted = solver->solve_null();
  const double top = alpha_max(problem, regularizer, accepted.gradient);
  regularizer.set_alpha(top);
  if (top <= noise_scale(problem, regularizer, accepted, rule) * level) {
    accepted.n_iter = 1;
    certify(problem, regularizer, accepted);
    accepted.converged = certified(problem, regularizer, accepted);
    return accepted;
  }
  if (problem.loss && problem.loss->known_noise()) {
    const double sigma = noise_scale(problem, regularizer, accepted, rule);
    regularizer.set_alpha(std::max(sigma * level / 2, rule.eps * top));
    return solver->solve();
  }
  double accepted_alpha = top;
  for (int i = 0;; ++i) {
    const double alpha = std::max(top * std::pow(10.0, -i / 20.0), rule.eps * top);
    regularizer.set_alpha(alpha);
    const Solution& solution = solver->solve();
    if (i > 0 && spent(problem, regularizer, solution) > most_spent(regularizer, solution, S)) break;
    accepted = solution;
    accepted_alpha = alpha;
    const double sigma = noise_scale(problem, regularizer, solution, rule);
    if (problem.monitor.verbose()) {
      std::ostringstream line;
      line << "alpha " << alpha << ": nonzero " << support(solution.v).size() << ", noise scale " << sigma
           << ", stops at alpha <= " << sigma * level / 2;
      problem.monitor.report(line.str());
    }
    if (alpha <= sigma * level / 2 || alpha <= rule.eps * top) break;
  }
  regularizer.set_alpha(accepted_alpha);
  return accepted;
}

}  // namespace pyreweight
