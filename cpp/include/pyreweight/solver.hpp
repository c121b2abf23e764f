#pragma once

#include <memory>

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// solver="auto" at one alpha after the other, whatever the loss and the penalty.
class Solver {
 public:
  virtual ~Solver() = default;

  /// Starts from v (p,) instead of from zero.
  virtual void start_from(const ConstVec& v) = 0;
  /// Solves at the regularizer's present alpha, from where the last call ended.
  virtual const Solution& solve() = 0;
  /// Fits the intercept and the unpenalised columns alone.
  virtual const Solution& solve_null() = 0;
};

/// The solver for the loss of the problem; both arguments must outlive it.
std::unique_ptr<Solver> make_solver(const Problem& problem, Regularizer& regularizer);

}  // namespace pyreweight
