#pragma once

#include <string>

#include "pyreweight/class_design.hpp"
#include "pyreweight/loss.hpp"
#include "pyreweight/regularizer.hpp"

namespace pyreweight {

struct Options {
  int max_iter = 100;  // reweightings
  double tol = 1e-6;
  bool search = true;  // for a lower local minimum from the one reached
};

/// Squared loss on centred and scaled data: target (n,) is (y - mean) / Y. Any other loss: target is y (over Y where
/// the loss has units), and the intercept is a coefficient of its own. A loss with several outputs: vectors over rows
/// hold one value for every output and row, as in ClassDesign, whose last columns are the intercepts.
struct Problem {
  const Design& design;
  Vector target;
  Monitor& monitor;
  Options options;
  const Loss* loss = nullptr;            // nullptr: the squared loss
  bool has_intercept = false;            // of a loss that is not squared, apart from the columns
  const ClassDesign* classes = nullptr;  // the design, for a loss with several outputs

  /// How many of the columns are coefficients of features, and not intercepts.
  Index coefficients() const { return classes ? classes->coefficients() : design.cols(); }
  double half_target_square() const { return 0.5 * target.cwiseAbs2().dot(design.row_weights()); }
};

/// A solver's answer in its own coordinates v, with what certifies it.
struct Solution {
  Vector v;          // (p,)
  Vector residual;   // (n,) target - Z v, not weighted; in general minus the derivative of the loss by the predictor
  Vector gradient;   // (p,) z_j' diag(pi) residual: minus the gradient of the loss;
                     // after a solver with screening, an estimate for columns proven to stay below their threshold
  Vector predictor;  // (n,) intercept + Z v, for losses that are not squared
  double intercept = 0;  // the same, on the centred columns
  int n_iter = 0;
  double objective = 0;
  double gap = 0;           // nan where the penalty has none
  double kkt_residual = 0;  // in units of the level of each coordinate: <= tol means kkt_residual_ <= tol alpha
  bool converged = false;
  bool separated = false;  // the targets are separable and the penalty is bounded: no minimiser exists
};

}  // namespace pyreweight
