#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// What the rule for alpha="auto" knows about the data.
struct AutoAlpha {
  double weight_sum = 0;  // S, the sum of the sample weights, which count rows
  bool fit_intercept = true;
  double eps = 1e-3;  // the path ends at eps alpha_max
};

/// sigma(alpha)^2 = sum_i s_i r_i^2 / max(S - fit_intercept - df, S / 2) in the units of y, df the number of nonzeros;
/// with groups the degrees of freedom (squared loss).
/// A loss whose noise is known: the root of its mean curvature at the best constant predictor, the largest over
/// its outputs.
double noise_scale(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                   const AutoAlpha& rule);

/// alpha="auto": the universal level to open, half of it to stay. With groups of at least m of G in all, sqrt(2 L) is
/// (sqrt(m - 1) + sqrt(2 log max(G, 3))) / sqrt(m), which for m = 1 is the same of the features. With L = log(max(p,
/// 3)), p the number of coefficients, for every class of a softmax model: the null model when alpha_max <= sigma_null
/// sqrt(2 L / S); otherwise down the path alpha_max 10^(-i/20), warm-started, to the first alpha with alpha <=
/// sigma(alpha) sqrt(L / (2 S)), or the last one before df > S / 2, or eps alpha_max. The chosen alpha is left in the
/// regularizer. Where the noise is known sigma is the same for all alphas, and no walk is needed.
Solution solve_auto_alpha(const Problem& problem, Regularizer& regularizer, const AutoAlpha& rule);

}  // namespace pyreweight
