#include "pyreweight/curved_ridge.hpp"

#include <cmath>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/quadratic_model.hpp"
#include "pyreweight/ridge.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxSteps = 100;
constexpr double kRounding = 1e-14;  // of the objective, which then no longer tells whether a step is one downhill

}  // namespace

Vector curved_ridge(const Problem& problem, const Columns& columns, const ConstVec& rho, const Solution& start) {
  const Columns all = all_columns(static_cast<Index>(columns.size()));
  Solution at;
  at.v = scatter(gather(start.v, columns), columns, start.v.size());
  refresh(problem, at);
  const auto objective = [&](const Solution& solution) {
    const Vector v = gather(solution.v, columns);
    double penalty = 0;
    for (Index i = 0; i < v.size(); ++i) penalty += v[i] == 0 ? 0.0 : 0.5 * rho[i] * v[i] * v[i];
    return loss_value(problem, solution) + penalty;
  };
  double value = objective(at), shortest = std::numeric_limits<double>::infinity();
  for (int iter = 0; iter < kMaxSteps; ++iter) {
    problem.monitor.poll();
    const QuadraticModel model(problem, columns, at, problem.options, problem.monitor);
    const Vector reached = RidgeSolver(model.problem().design, problem.monitor).solve(all, rho, model.problem().target);
    const Vector direction = scatter(reached, columns, at.v.size()) - at.v;
    Solution next = at;
    double length = 1, now = value;
    for (; length > 1e-8; length *= 0.5) {
      next.v = at.v + length * direction;
      refresh(problem, next);
      now = objective(next);
      if (now < value + kRounding * (1 + std::abs(value))) break;
    }
    const double moved = length * direction.cwiseAbs().maxCoeff();
    // Newton's steps shrink quadratically down to rounding.
    if (!(length > 1e-8) || (moved >= shortest && now > value - kRounding * (1 + std::abs(value)))) break;
    at = next;
    value = now;
    shortest = moved;
    if (moved <= 1e-15 * at.v.cwiseAbs().maxCoeff()) break;
  }
  return at.v;
}

}  // namespace pyreweight
