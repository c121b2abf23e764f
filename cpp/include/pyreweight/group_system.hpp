#pragma once

#include <vector>

#include "pyreweight/group_block.hpp"

namespace pyreweight {

/// The second derivatives of the terms of one group that is not zero, by x = u v: `tangential` across the direction of
/// x and `radial` along it, which is not the greater one.
struct GroupBend {
  GroupBlock* block;
  Vector direction;  // x / ||x||
  double tangential, radial;
};

/// G + H over the groups that are not zero, H the second derivatives of their terms, by v.
///
/// With B = G + T, T = diag(tangential u^2), it is B - W W', W one column per group. Where there are fewer rows than
/// columns, with F = diag(sqrt pi) Z, B^-1 = T^-1 - T^-1 F' (1 + F T^-1 F')^-1 F T^-1 costs a factor of their size.
class GroupSystem {
 public:
  /// `working`[i] is the column of coordinate i, `gram` their G (not read where rows are cheaper), `unit` their u.
  /// `rows` keeps the columns of F that were needed, by coordinate, from one system to the next. All must outlive it.
  GroupSystem(const Design& design, const Columns& working, const Matrix& gram, const Vector& unit, Matrix& rows,
              std::vector<GroupBend> bends, Monitor& monitor);

  /// The coordinates of the groups, in the order of their blocks.
  const Columns& coordinates() const { return coordinates_; }
  bool rows_are_cheaper() const { return by_rows_; }
  /// x = (G + H + ridge)^-1 b over these coordinates, the ridge as a share of the largest curvature; false where that
  /// is not positive definite.
  bool solve(double ridge, const Vector& b, Vector& x) const;
  /// A direction d over these coordinates with d'(G + H) d < 0; false where there is none, up to a curvature that
  /// counts as none.
  bool concave_direction(Vector& d) const;
  /// tr (G + H)^-1 G, nan where that is not positive definite; only where rows are cheaper.
  double trace() const;

 private:
  bool choose_rows() const;
  void know_rows(const Columns& working, Matrix& rows);
  Matrix dense(double ridge, bool tangential_only) const;
  Matrix outward() const;  // W
  /// The factor of 1 + F T^-1 F', the ridge in T; inverse_diagonal is that of T.
  bool factorise_rows(double ridge, Matrix& factor, Vector& inverse_diagonal) const;
  /// B^-1 b.
  Matrix apply_inverse(const Matrix& factor, const Vector& inverse_diagonal, const Matrix& b) const;
  double curvature_along(const Vector& d) const;  // d'(G + H) d

  const Design& design_;
  const Matrix& gram_;
  Monitor& monitor_;
  std::vector<GroupBend> bends_;
  Columns coordinates_;
  Matrix rows_;  // (n, k) F over these coordinates
  Vector unit_;  // by coordinates
  double size_;  // of the curvatures
  bool by_rows_;
};

}  // namespace pyreweight
