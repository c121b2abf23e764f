#pragma once

#include "pyreweight/scaled_problem.hpp"

namespace pyreweight {

/// Mean squared error, or mean of another loss, of solutions over weighted rows of a design, in
/// squares of the scale of the target: in the units of y it may overflow.
class TestError {
 public:
  /// `weights` (n,) of the rows on which the error is measured; empty or all 0: the error is nan. `products` (p + 1,
  /// p + 1) or empty: the weighted means of the products of the columns of the design and the target over these rows.
  TestError(const Design& design, const ConstVec& y, const ScaledProblem& scaled, const Vector& weights,
            const Matrix& products);

  double operator()(const Solution& solution) const;

 private:
  double of_reduced(const Solution& solution) const;

  const Design& design_;
  const ScaledProblem& scaled_;
  Vector weights_;  // (n,), sum 1
  Vector target_;   // (n,) in the units of the solvers, 0 where the weight is; as Softmax takes it for classes
  // Where the problem was reduced to few rows: the error as a quadratic form, square - 2 cross'v + v'gram v.
  double square_ = 0;
  Vector cross_;
  Matrix gram_;
};

}  // namespace pyreweight
