#include "pyreweight/separation.hpp"

#include <algorithm>
#include <limits>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

/// A direction of coefficients and of the predictor.
struct Direction {
  Vector v;          // (p,)
  Vector predictor;  // (n,)
};

/// Where the values of the rows of class k all lie above those of the others: the middle between them is taken off and
/// the answer is true.
bool centre_between(const Vector& y, const Vector& pi, Vector& z) {
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (Index i = 0; i < z.size(); ++i) {
    if (!(pi[i] > 0)) continue;
    if (y[i] == 1) {
      lowest = std::min(lowest, z[i]);
    } else {
      highest = std::max(highest, z[i]);
    }
  }
  if (!(lowest > highest)) return false;
  z.array() -= 0.5 * lowest + 0.5 * highest;
  return true;
}

/// Whether the loss falls for ever along the coefficients of class k.
bool separates_class(const Problem& problem, const Solution& solution, Index k, Direction& direction) {
  const ClassDesign& design = *problem.classes;
  const Index n = design.base().rows(), p = design.base().cols();
  const Vector y = problem.target.segment(k * n, n);
  direction.v = Vector::Zero(solution.v.size());
  direction.v.segment(k * p, p) = solution.v.segment(k * p, p);
  Vector z = solution.predictor.segment(k * n, n);
  if (!centre_between(y, design.base().row_weights(), z)) {
    // What the classes have in common shows in the differences only.
    const Eigen::Map<const Matrix> of_all(solution.predictor.data(), n, design.classes());
    z -= of_all.rowwise().mean();
    if (!centre_between(y, design.base().row_weights(), z)) return false;
    Vector mean = Vector::Zero(p);
    for (Index m = 0; m < design.classes(); ++m) {
      mean += solution.v.segment(m * p, p) / static_cast<double>(design.classes());
    }
    direction.v.segment(k * p, p) -= mean;
  }
  direction.predictor = Vector::Zero(solution.predictor.size());
  direction.predictor.segment(k * n, n) = z;
  return true;
}

bool falls_for_ever(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                    const Direction& direction) {
  const Columns all = all_columns(solution.v.size());
  const auto penalty = [&](double length) { return regularizer.value(all, solution.v + length * direction.v); };
  if (penalty(0x1p40) > 1.01 * penalty(0x1p20)) return false;
  const auto objective = [&](double length) {
    return problem.loss->value(problem.target, solution.predictor + length * direction.predictor,
                               problem.design.row_weights()) +
           penalty(length);
  };
  return objective(1) < objective(0) && objective(0x1p10) < objective(1);
}

}  // namespace

bool runs_away(const Problem& problem, const Regularizer& regularizer, const Solution& solution, bool settled) {
  const Columns all = all_columns(solution.v.size());
  if (regularizer.value(all, 0x1p40 * solution.v) > 1.01 * regularizer.value(all, 0x1p20 * solution.v)) return false;
  if (problem.loss->separates(problem.target, solution.predictor, problem.design.row_weights()) &&
      falls_for_ever(problem, regularizer, solution, {solution.v, solution.predictor})) {
    return true;
  }
  Direction direction;
  for (Index k = 0; problem.classes && settled && k < problem.classes->classes(); ++k) {
    if (separates_class(problem, solution, k, direction) && falls_for_ever(problem, regularizer, solution, direction)) {
      return true;
    }
  }
  return false;
}

}  // namespace pyreweight
