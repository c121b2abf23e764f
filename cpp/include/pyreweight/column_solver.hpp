#pragma once

#include "pyreweight/inner_solver.hpp"
#include "pyreweight/problem.hpp"
#include "pyreweight/swept_columns.hpp"

namespace pyreweight {

/// The quadratic problem on a working set that is too large for its Gram matrix: G is known through products with the
/// columns only, and nothing of size k x k is formed. Sweeps of coordinate descent, with the residual kept up to date
/// and extrapolated now and then, find the support; conjugate gradients on the support do the rest.
class ColumnSolver final : public InnerSolver {
 public:
  explicit ColumnSolver(const Problem& problem);

  /// Appends columns of the design with v = 0.
  void append(const Columns& fresh, const ConstVec& correlations);

  void set_state(const ConstVec& v, const ConstVec& correlations) override;
  double diagonal(Index i) const override { return columns_.diagonal(i); }
  bool solve(const ConstVec& l1, const ConstVec& l2, double accuracy = 0) override;
  /// Looks for it by conjugate gradients, which find one in exact arithmetic where there is one. In practice they are
  /// stopped at a residual far above rounding: a direction with next to no curvature may be missed.
  bool concave_direction(const ConstVec& l1, const ConstVec& l2, Vector& direction) override;
  void move(double step, const ConstVec& direction) override;
  double loss_change(double step, const ConstVec& direction) const override;
  void settle(const std::vector<char>& movable, const Prox& prox, const std::function<bool()>& again) override;

 private:
  enum class Reached { solution, boundary, indefinite };

  void renew_residual();      // from v
  void renew_correlations();  // from v, all of them
  void change(Index i, double to);
  double farthest_alone() const;
  void settle_once(const Columns& coordinates, const std::vector<char>& movable, const Prox& prox);
  bool goes_beyond(double far) const;
  double sweep(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2, const Vector& allowed,
               bool& settled);
  double objective(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2) const;  // of these, as they are
  void try_point(const Columns& coordinates, const Vector& point, const ConstVec& l1, const ConstVec& l2);
  bool descend(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2, const Vector& allowed, double far,
               double& excess);
  Reached finish_on_support(const ConstVec& l1, const ConstVec& l2, const ConstVec& allowed);
  bool step_on_support(const Columns& active, const ConstVec& direction, const ConstVec& downhill, const ConstVec& l1,
                       const ConstVec& l2);

  const Problem& problem_;
  SweptColumns columns_;
  bool residual_current_ = false;
};

}  // namespace pyreweight
