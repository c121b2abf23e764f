#pragma once

#include <vector>

#include "pyreweight/scaled_problem.hpp"

namespace pyreweight {

/// One fit as the user asks for it.
struct FitRequest : ModelRequest {
  double alpha = 0;  // nan: alpha="auto"
  Vector start;      // (p,) coefficients to start from, or empty
};

struct FitResult : Answer {
  Vector coef;       // (p,), or (K p,) with several outputs; and so the next two
  Vector eta;        // (p,) of the penalised coefficient d_j |w_j|; 0 for columns that are out
  Vector keep_prob;  // (p,) g_j eta_j / (g_j eta_j + alpha c_j); 1 where unpenalised, 0 where out
};

/// About how many alphas will be solved for one target.
Index solves(const FitRequest& request);

/// min_{w, b} (1/S) sum_i s_i loss(y_i, b + x_i'w) + alpha sum_j c_j Omega(d_j |w_j|; alpha), loss = (y - z)^2 / 2
/// unless the request names another.
FitResult fit(const Design& design, const ConstVec& y, const Penalty& penalty, const FitRequest& request,
              Monitor& monitor);

/// The same for every column of Y (n, k), from the columns of `starts` (p, k), or (0, 0) in the place of request.start.
/// What depends on X alone is computed once, and targets run side by side where they are as many as the threads.
std::vector<FitResult> fit_targets(const Design& design, const Eigen::Ref<const Matrix>& Y, const Penalty& penalty,
                                   const FitRequest& request, const Eigen::Ref<const Matrix>& starts, Monitor& monitor);

}  // namespace pyreweight
