#pragma once

#include <vector>

#include "pyreweight/types.hpp"

namespace pyreweight {

/// A partition of the coefficients. The penalty sees the norm of each group and nothing else of it, so that a group has
/// one eta, is zero as a whole or not at all, and is masked at one rate. Groups need not be contiguous.
class Groups {
 public:
  /// Every coefficient by itself.
  Groups() = default;
  /// Coefficients with equal labels, of whatever values, form a group.
  explicit Groups(const Columns& labels);

  /// Whether every coefficient is by itself; costs nothing then, here and in the solvers.
  bool singletons() const { return group_.empty(); }
  /// Number of groups; 0 for singletons, whose number is not known here.
  Index count() const { return static_cast<Index>(members_.size()); }
  /// The group of coefficient j: its own number for singletons. Groups are numbered by their first coefficient, so that
  /// nothing depends on the labels.
  Index of(Index j) const { return singletons() ? j : group_[static_cast<size_t>(j)]; }
  /// Whether j is the first coefficient of its group.
  bool leads(Index j) const { return singletons() || members(of(j)).front() == j; }
  /// The coefficients of a group, in increasing order; not for singletons.
  const Columns& members(Index group) const { return members_[static_cast<size_t>(group)]; }

  /// The coefficients with all the others of their groups, groups in the order in which they first appear.
  Columns complete(const Columns& columns) const;
  /// The partition of columns[0], columns[1], ..., numbered anew from 0.
  Groups part(const Columns& columns) const;
  /// The same with every coefficient that is marked in `alone` (p,) by itself.
  Groups apart(const std::vector<char>& alone) const;
  /// The norm of its group for every entry of x: x[i] belongs to columns[i], and what is not among them counts as 0. A
  /// group of one has its absolute value. Neither overflows nor underflows where the norm itself does not.
  Vector norms(const Columns& columns, const ConstVec& x) const;
  /// The weights (p,) times the square root of the size of their groups.
  Vector sized(const Vector& weights) const;

 private:
  Columns group_;                 // (p,), empty for singletons
  std::vector<Columns> members_;  // by group
};

/// Adds to `out`, at rows and columns `places`, the second derivatives by v of f(||x||), x_i = unit_i v_i over
/// `places`: `radial` is f'' and `tangential` is f' / ||x|| at the present x, which is not zero.
void add_norm_hessian(const Columns& places, const Vector& unit, const ConstVec& v, double tangential, double radial,
                      Matrix& out);

}  // namespace pyreweight
