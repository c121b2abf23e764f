#include "pyreweight/ard.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "pyreweight/ard_evidence.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

constexpr size_t kAdditions = 10;    // columns added between two looks at all of them
constexpr double kWorthwhile = 0.3;  // of the best gain, for a column to be added with it

/// Sweeps and Newton steps until a round of them gains less than `enough`.
void settle(Evidence& evidence, double enough, Monitor& monitor) {
  for (int round = 0; round < 100 && evidence.size() > 0; ++round) {
    monitor.poll();
    const double before = evidence.cost(evidence.ridge());
    evidence.sweep();
    for (int i = 0; i < 5 && evidence.size() > 0; ++i) {
      if (!(evidence.newton_step() > 0.1 * enough)) break;
    }
    if (evidence.size() == 0 || !(before - evidence.cost(evidence.ridge()) > enough)) break;
  }
}

}  // namespace

ArdSolution solve_ard(const Problem& problem, const Columns& usable, double weight_sum, bool fit_intercept) {
  const double freedom = std::max(weight_sum - fit_intercept, weight_sum / 2);
  Evidence evidence(problem, freedom > 1 ? usable : Columns(), freedom);
  ArdSolution answer;
  Solution& solution = answer.solution;
  std::vector<std::pair<double, Index>> gains;
  while (solution.n_iter < problem.options.max_iter && !solution.converged) {
    problem.monitor.poll();
    ++solution.n_iter;
    const double violation = evidence.look_outside(gains);
    const double inside = evidence.size() > 0 ? evidence.gradient().cwiseAbs().maxCoeff() : 0.0;
    solution.kkt_residual = std::max(violation, inside);
    if (problem.monitor.verbose()) {
      std::ostringstream line;
      line << "look " << solution.n_iter << ": " << evidence.size() << " columns, stationary within "
           << solution.kkt_residual;
      problem.monitor.report(line.str());
    }
    if (violation <= problem.options.tol) {
      solution.converged = inside <= problem.options.tol && solution.n_iter > 1;
      if (solution.converged || evidence.size() == 0) {
        solution.converged = true;
        break;
      }
      settle(evidence, 1e-14, problem.monitor);
      continue;
    }
    const double best = gains.empty() ? 0.0 : gains.front().first;
    size_t added = 0;
    for (const auto& [gain, j] : gains) {
      if (gain < kWorthwhile * best || added == kAdditions) break;
      if (evidence.add(j, kWorthwhile * gain)) ++added;
    }
    evidence.refresh();
    settle(evidence, added > 0 ? 0.05 * best : 1e-14, problem.monitor);
    if (added == 0 && evidence.size() == 0) break;
  }
  const double fit = evidence.fit(), profiled = evidence.profiled_fit();
  answer.noise_variance = weight_sum * profiled / freedom;
  answer.ridge = Vector::Constant(problem.design.cols(), kInfinity);
  for (Index i = 0; i < evidence.size(); ++i)
    answer.ridge[evidence.active()[static_cast<size_t>(i)]] = evidence.ridge()[i];
  const double cost = evidence.size() > 0 ? evidence.cost(evidence.ridge()) : freedom * std::log(fit);
  solution.objective = 0.5 * (cost + freedom * (1 + std::log(2 * 3.141592653589793 * weight_sum / freedom)));
  solution.v = scatter(evidence.mean(), evidence.active(), problem.design.cols());
  solution.gap = std::nan("");
  return answer;
}

}  // namespace pyreweight
