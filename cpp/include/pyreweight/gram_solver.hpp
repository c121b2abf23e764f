#pragma once

#include "pyreweight/support_factor.hpp"

namespace pyreweight {

/// The quadratic problem on the working set, k columns known only through their Gram matrix G:
///
///     min_v  1/2 v'G v - q'v + sum_i (l1_i |v_i| + l2_i v_i^2 / 2)
///
/// held as the point v and the correlations c = q - G v, which the caller renews from the data now and then, so that
/// rounding in G is corrected like in iterative refinement. It knows no penalty, only weights.
class GramSolver {
 public:
  explicit GramSolver(Monitor& monitor) : monitor_(monitor), factor_(monitor) {}

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
  /// Brings factor_ to the support, making its columns independent by moves along null directions, which change no fit.
  /// False when the form is indefinite.
  bool factorise_support(const ConstVec& l1, const ConstVec& l2);
  /// One such move for column j, a combination of those of factor_; takes one of them, or j, to zero.
  void leave_null_direction(Index j, const ConstVec& l1);
  /// Goes from v_ along Newton's `direction` on the columns of factor_: all the way, where no sign is lost (true), or
  /// with the coordinates that lose theirs stopped at zero. `downhill` is minus the gradient there, brought up to date.
  bool step_on_support(const ConstVec& direction, const ConstVec& l1, Vector& downhill);
  Vector times_gram(const ConstVec& x) const;  // G x, using the nonzeros of x only

  Monitor& monitor_;
  Matrix G_;
  Vector v_, c_;
  SupportFactor factor_;
};

}  // namespace pyreweight
