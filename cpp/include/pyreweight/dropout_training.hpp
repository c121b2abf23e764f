#pragma once

#include <cstdint>

#include "pyreweight/masks.hpp"
#include "pyreweight/problem.hpp"

namespace pyreweight {

enum class TrainingLoss { kSquared, kLogistic };

/// Training of a linear model under sampled masks as the user asks for it.
struct TrainingRequest {
  TrainingLoss loss = TrainingLoss::kSquared;
  MaskPattern pattern = MaskPattern::kIndependent;
  MaskDistribution distribution = MaskDistribution::kBernoulli;
  double alpha = 1;
  double min_keep_prob = 0;  // 0: 0.1 where the strategy never keeps a coefficient of 0, no bound elsewhere
  Vector feature_weights;    // (p,)
  bool fit_intercept = true;
  Index batch_size = 32;
  std::int64_t steps = 10000;
  double step = 0;     // size of the first step; 0: chosen from the data
  double decay = 0.6;  // step_t = step (1 + step t / 10)^-decay: constant for the first ten time constants
  Index records = 100;
  std::uint64_t seed = 0;
  Vector start;  // (p,) coefficients, or empty: zero
};

/// Coefficients in the user's units; row k of the matrices is the iterate at step `steps[k]`, row 0 the start.
struct TrainingResult {
  Vector coef;  // (p,) average of the iterates over the second half of the steps
  double intercept = 0;
  Vector keep_prob;   // (p,) at the average
  Matrix coefs;       // (records + 1, p)
  Matrix keep_probs;  // (records + 1, p) of the masks that the next step draws
  Vector intercepts;  // (records + 1,)
  Vector objectives;  // (records + 1,)
  std::vector<std::int64_t> steps;
  double step = 0;
  Vector periods;  // strided masks: probability of each period
};

/// v <- v - step_t s o grad L_B(s o v): stochastic gradient descent on random batches B of consecutive rows under masks
/// s whose keep probabilities follow the coefficients, q_j = g_j / (g_j + rho_j(v)), rho the ridge weights of the
/// eta-trick, but never less than min_keep_prob. In the design's coordinates v (see Design); the intercept is not
/// masked. The expected step is -step_t times the gradient of the expected loss at fixed q: for the squared loss that
/// is the gradient of L + alpha sum_j c_j Omega wherever the bound on q does not bind (independent entries).
///
/// The answer depends on the seed only, not on the number of threads: draws have addresses, sums fixed blocks.
TrainingResult train_with_dropout(const Design& design, const ConstVec& y, const Penalty& penalty,
                                  const TrainingRequest& request, Monitor& monitor);

}  // namespace pyreweight
