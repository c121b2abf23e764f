#include "pyreweight/solver.hpp"

#include "pyreweight/newton_solver.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {

std::unique_ptr<Solver> make_solver(const Problem& problem, Regularizer& regularizer) {
  if (problem.loss) return std::make_unique<NewtonSolver>(problem, regularizer);
  return std::make_unique<WorkingSetSolver>(problem, regularizer);
}

}  // namespace pyreweight
