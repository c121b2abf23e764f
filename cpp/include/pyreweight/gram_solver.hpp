#pragma once

#include "pyreweight/cholesky.hpp"
#include "pyreweight/monitor.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

/// The quadratic problem on the working set, k columns known only through their Gram matrix G:
///
///     min_v  1/2 v'G v - q'v + sum_i (l1_i |v_i| + l2_i v_i^2 / 2)
///
/// held as the point v and the correlations c = q - G v, which the caller renews from the data now and then, so that
/// rounding in G is corrected like in iterative refinement. It knows no penalty, only weights.
class GramSolver {
 public:
  explicit GramSolver(Monitor& monitor) : monitor_(monitor) {}

  Index size() const { return v_.size(); }
  const Vector& v() const { return v_; }
  const Vector& correlations() const { return c_; }
  const Matrix& gram() const { return G_; }
  void set_state(const ConstVec& v, const ConstVec& correlations);
  /// Appends m columns with v = 0: `cross` (k, m) with the present ones, `own` (m, m) among themselves.
  void append(const Matrix& cross, const Matrix& own, const ConstVec& correlations);

  /// Minimises to rounding: sweeps of coordinate descent find the signs, an active-set Newton step on the support lands
  /// on the solution. l1 may be inf (out), l2 may be negative (a concave model); false when the quadratic form turned
  /// out indefinite on the support, or at the round limit: v is then some point on the way.
  bool solve(const ConstVec& l1, const ConstVec& l2);

  /// A direction d on the support with d'(G + diag(curvature)) d <= 0; false when that matrix is positive definite.
  bool concave_direction(const ConstVec& curvature, Vector& direction);
  /// v += step * direction, correlations with it.
  void move(double step, const ConstVec& direction);
  /// The change of 1/2 v'G v - q'v for a step along direction: step (-c'd) + step^2 d'G d / 2.
  double loss_change(double step, const ConstVec& direction) const;

 private:
  bool sweep(const ConstVec& l1, const ConstVec& l2);
  bool finish_on_support(const ConstVec& l1, const ConstVec& l2);
  /// Makes the columns of `active` independent by moving along null directions, which changes no fit; factor_ then
  /// holds their Cholesky factor in the order of `active`. False when the form is indefinite.
  bool factorise_support(Columns& active, const ConstVec& l1, const ConstVec& l2);
  Vector times_gram(const ConstVec& x) const;  // G x, using the nonzeros of x only

  Monitor& monitor_;
  Matrix G_;
  Vector v_, c_;
  UpdatableCholesky factor_;
};

}  // namespace pyreweight
