#pragma once

#include <string>

#include "pyreweight/design.hpp"
#include "pyreweight/regularizer.hpp"

namespace pyreweight {

struct Options {
  int max_iter = 100;  // reweightings
  double tol = 1e-6;
};

/// Squared loss on centred and scaled data: target (n,) is (y - mean) / Y.
struct Problem {
  const Design& design;
  Vector target;
  Monitor& monitor;
  Options options;

  double half_target_square() const { return 0.5 * target.cwiseAbs2().dot(design.row_weights()); }
};

/// A solver's answer in its own coordinates v, with what certifies it.
struct Solution {
  Vector v;         // (p,)
  Vector residual;  // (n,) target - Z v, not weighted
  Vector gradient;  // (p,) z_j' diag(pi) residual: minus the gradient of the loss
  int n_iter = 0;
  double objective = 0;
  double gap = 0;           // nan where the penalty has none
  double kkt_residual = 0;  // in units of the level of each coordinate: <= tol means kkt_residual_ <= tol alpha
  bool converged = false;
};

}  // namespace pyreweight
