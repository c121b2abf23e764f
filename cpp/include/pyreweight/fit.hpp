#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// One fit as the user asks for it.
struct FitRequest {
  double alpha = 0;         // nan: alpha="auto"
  bool paper_loop = false;  // solver="irls"
  bool fit_intercept = true;
  double weight_sum = 0;   // sum of the sample weights
  double eps = 1e-3;       // where the path of alpha="auto" ends, as a fraction of alpha_max
  Vector feature_weights;  // (p,)
  Vector start;            // (p,) coefficients to start from, or empty
  Options options;
};

/// The answer in the user's units.
struct FitResult {
  Vector coef;       // (p,)
  Vector eta;        // (p,) of the penalised coefficient d_j |w_j|; 0 for columns that are out
  Vector keep_prob;  // (p,) g_j eta_j / (g_j eta_j + alpha c_j); 1 where unpenalised, 0 where out
  double intercept = 0;
  double alpha = 0;
  double objective = 0;
  double dual_gap = 0;
  double kkt_residual = 0;
  double noise_scale = 0;
  int n_iter = 0;
  bool converged = false;
};

/// Squared loss: min_{w, b} (1/S) sum_i s_i (y_i - b - x_i'w)^2 / 2 + alpha sum_j c_j Omega(d_j |w_j|; alpha).
/// Chooses the solver, and translates between the user's units and the solvers' (see Design and Regularizer).
FitResult fit(const Design& design, const ConstVec& y, const Penalty& penalty, const FitRequest& request,
              Monitor& monitor);

}  // namespace pyreweight
