#pragma once

#include "pyreweight/design.hpp"

namespace pyreweight {

/// A group among the coordinates of a GroupSolver, which are consecutive, and its quadratic form in the units x = u v:
/// diag(u)^-1 G_gg diag(u)^-1 = vectors diag(values) vectors', whose null directions may be missing.
///
/// Of a group too large for that, all values are a bound on the largest and vectors is empty, which stands for the
/// identity: its minimiser becomes a step that never raises the objective.
struct GroupBlock {
  Index begin, size;
  Matrix vectors;  // (size, rank)
  Vector values;   // (rank,)
  Matrix kernel;   // diag(sqrt pi) Z_g diag(u)^-2 Z_g' diag(sqrt pi), (n, n), where somebody needed it

  bool has_bound_only() const { return size > 1 && vectors.size() == 0; }
  Vector to_axes(const Vector& x) const { return vectors.size() > 0 ? vectors.transpose() * x : x; }
  Vector from_axes(const Vector& x) const { return vectors.size() > 0 ? vectors * x : x; }
};

/// The block of the given columns of the design, which begin at coordinate `begin`: `own` is G_gg, `unit` their u. Its
/// eigenvectors come from the smaller side, columns or rows.
GroupBlock make_block(const Design& design, const Columns& columns, Index begin, const Matrix& own, const Vector& unit,
                      Monitor& monitor);

/// argmin over y of 1/2 y'diag(d) y - b'y + l1 ||y|| near the origin; false where there is none.
bool shrink(const Vector& d, const Vector& b, double l1, Vector& y);

}  // namespace pyreweight
