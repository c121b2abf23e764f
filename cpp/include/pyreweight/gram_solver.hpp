#pragma once

#include "pyreweight/inner_solver.hpp"
#include "pyreweight/support_factor.hpp"

namespace pyreweight {

/// The quadratic problem on a working set of columns known only through their Gram matrix G.
class GramForm : public InnerSolver {
 public:
  /// G in its first size() rows and columns; the others are room to grow, not to be read.
  const Matrix& gram() const { return G_; }
  void set_state(const ConstVec& v, const ConstVec& correlations) override;
  /// Appends m columns with v = 0: `cross` (k, m) with the present ones, `own` (m, m) among themselves.
  void append(const Matrix& cross, const Matrix& own, const ConstVec& correlations);
  void move(double step, const ConstVec& direction) override;
  double loss_change(double step, const ConstVec& direction) const override;
  void settle(const std::vector<char>& movable, const Prox& prox, const std::function<bool()>& again) final;

 protected:
  virtual void settle_once(const std::vector<char>& movable, const Prox& prox) = 0;
  Vector times_gram(const ConstVec& x) const;  // G x, using the nonzeros of x only

  auto column(Index j) const { return G_.col(j).head(size()); }

  Matrix G_;         // see gram()
  Vector diagonal_;  // side by side: sweeps over zeros need nothing else

 private:
  void reserve(Index columns);
};

/// Every column by itself.
class GramSolver final : public GramForm {
 public:
  explicit GramSolver(Monitor& monitor) : monitor_(monitor), factor_(monitor) {}

  double diagonal(Index i) const override { return diagonal_[i]; }
  /// Minimises to rounding: sweeps of coordinate descent find the signs, an active-set Newton step on the support lands
  /// on the solution, whatever the accuracy asked for.
  bool solve(const ConstVec& l1, const ConstVec& l2, double accuracy = 0) override;

  /// False exactly where G + diag(l2) is positive definite on the support.
  bool concave_direction(const ConstVec& l1, const ConstVec& l2, Vector& direction) override;

 private:
  bool sweep(const ConstVec& l1, const ConstVec& l2);
  void settle_once(const std::vector<char>& movable, const Prox& prox) override;
  void sweep_support(int sweeps, const ConstVec& l1, const ConstVec& l2);
  void try_point(const ConstVec& point, const ConstVec& l1, const ConstVec& l2);
  Index violators(const ConstVec& l1, const ConstVec& l2) const;
  bool predict(const ConstVec& l1, const ConstVec& l2);
  bool finish_on_support(const ConstVec& l1, const ConstVec& l2);
  /// Brings factor_ to the support, making its columns independent by moves along null directions, which change no fit.
  /// False when the form is indefinite.
  bool factorise_support(const ConstVec& l1, const ConstVec& l2);
  /// One such move for column j, a combination of those of factor_; takes one of them, or j, to zero.
  void leave_null_direction(Index j, const ConstVec& l1);
  /// Goes from v_ along Newton's `direction` on the columns of factor_: all the way, where no sign is lost (true), or
  /// with the coordinates that lose theirs stopped at zero. `downhill` is minus the gradient there, brought up to date.
  bool step_on_support(const ConstVec& direction, const ConstVec& l1, Vector& downhill);

  /// The direction of a column that depends on those of factor_, along which the form has no positive curvature.
  Vector null_direction(Index j) const;

  Monitor& monitor_;
  SupportFactor factor_;
  // Zero, and combinations of the columns of factor_ along which the objective is level up to the rounding of the
  // correlations: these may exceed a threshold by more than the rounding of a single one.
  Columns at_rest_;
  Columns dependent_;  // what concave_direction() has found and not yet used
};

}  // namespace pyreweight
