#pragma once

#include "pyreweight/gram_solver.hpp"
#include "pyreweight/group_system.hpp"
#include "pyreweight/regularizer.hpp"

namespace pyreweight {

/// The quadratic problem for groups of columns: with x_i = u_i v_i, u the relative units of the regularizer, the terms
/// are l1 ||x_g|| + l2 ||x_g||^2 / 2 per group, l1 and l2 those of its coordinate of the largest unit.
///
/// Block descent finds which groups are zero: with the eigenvectors of the diagonal block a group's minimiser is the
/// root of one increasing concave function of its norm. Newton steps on the others do the rest; the norm bends, so that
/// they cannot be exact in one step, but they converge quadratically.
class GroupSolver final : public GramForm {
 public:
  /// `working`[i] is the column of coordinate i. All must outlive the solver; columns are appended group by group.
  GroupSolver(const Design& design, const Regularizer& regularizer, const Columns& working, Monitor& monitor)
      : design_(design), regularizer_(regularizer), working_(working), monitor_(monitor) {}

  /// To be called after columns were appended, before anything else.
  void set_state(const ConstVec& v, const ConstVec& correlations) override;
  double diagonal(Index i) const override;
  bool solve(const ConstVec& l1, const ConstVec& l2, double accuracy = 0) override;
  /// False where the form is positive semidefinite on the support up to rounding.
  bool concave_direction(const ConstVec& l1, const ConstVec& l2, Vector& direction) override;

 private:
  void settle_once(const std::vector<char>& movable, const Prox& prox) override;
  void know_blocks();                                                 // those of all columns appended so far
  Vector in_units(const GroupBlock& block, const ConstVec& v) const;  // x of the block
  double norm(const GroupBlock& block) const { return in_units(block, v_).stableNorm(); }
  Vector target(
      const GroupBlock& block) const;  // minus the gradient of the first term at x = 0, given the other groups
  void place(const GroupBlock& block, const ConstVec& x);
  bool sweep(const ConstVec& l1, const ConstVec& l2, bool& support_changed);
  enum class Reached { solution, boundary, indefinite };
  Reached finish_on_support(const ConstVec& l1, const ConstVec& l2, const ConstVec& allowed);
  GroupSystem system(const ConstVec& l1, const ConstVec& l2);  // at the present point
  Vector downhill(const ConstVec& l1, const ConstVec& l2) const;
  double terms(const ConstVec& v, const ConstVec& l1, const ConstVec& l2) const;

  const Design& design_;
  const Regularizer& regularizer_;
  const Columns& working_;
  Monitor& monitor_;
  std::vector<GroupBlock> blocks_;
  Columns block_of_;  // by coordinate
  Vector unit_;       // by coordinate
  Matrix rows_;       // see GroupSystem
};

}  // namespace pyreweight
