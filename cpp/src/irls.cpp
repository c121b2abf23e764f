#include "pyreweight/irls.hpp"

#include <cmath>
#include <sstream>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/curved_ridge.hpp"
#include "pyreweight/intercept.hpp"
#include "pyreweight/ridge.hpp"

namespace pyreweight {
namespace {

constexpr double kLeastKeepProbability = 1e-30;

}  // namespace

Columns usable_columns(const Regularizer& regularizer) {
  Columns usable;
  for (Index j = 0; j < regularizer.weights().size(); ++j) {
    if (!regularizer.excluded(j)) usable.push_back(j);
  }
  return usable;
}

Vector even_chance_weights(const Problem& problem, const Regularizer& regularizer, const Columns& columns) {
  Vector rho = gather(problem.design.second_moment(), columns);
  for (Index i = 0; i < rho.size(); ++i) {
    if (!regularizer.penalised(columns[static_cast<size_t>(i)])) rho[i] = 0;
  }
  return rho;
}

Solution solve_irls(const Problem& problem, const Regularizer& regularizer, const Vector& start) {
  const Vector& moment = problem.design.second_moment();
  RidgeSolver ridge(problem.design, problem.monitor);
  Solution solution;
  solution.v = start.size() > 0 ? start : null_point(problem);
  Columns kept = usable_columns(regularizer);
  for (int iter = 1; iter <= problem.options.max_iter && !solution.converged; ++iter) {
    problem.monitor.poll();
    const Vector rho = iter == 1 && start.size() == 0 ? even_chance_weights(problem, regularizer, kept)
                                                      : regularizer.ridge_weights(kept, gather(solution.v, kept));
    Columns next, place;
    for (size_t i = 0; i < kept.size(); ++i) {
      const double g = moment[kept[i]], weight = rho[static_cast<Index>(i)];
      if (g / (g + weight) < kLeastKeepProbability) continue;  // infinite weights included
      next.push_back(kept[i]);
      place.push_back(static_cast<Index>(i));
    }
    kept = next;
    const Vector updated =
        problem.loss ? curved_ridge(problem, kept, gather(rho, place), solution)
                     : scatter(ridge.solve(kept, gather(rho, place), problem.target), kept, solution.v.size());
    const Vector& unit = problem.design.penalty_unit();
    const Index count = problem.coefficients();
    const double change = (updated - solution.v).cwiseProduct(unit).head(count).lpNorm<Eigen::Infinity>();
    const double largest = updated.cwiseProduct(unit).head(count).lpNorm<Eigen::Infinity>();
    solution.v = updated;
    solution.n_iter = iter;
    solution.converged = change <= problem.options.tol * largest;
    if (problem.monitor.verbose()) {
      std::ostringstream line;
      line << "reweighting " << iter << ": " << kept.size() << " columns, largest change " << change << " of "
           << largest;
      problem.monitor.report(line.str());
    }
  }
  refresh(problem, solution);
  certify(problem, regularizer, solution);
  return solution;
}

}  // namespace pyreweight
