#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Least squares with at most k nonzeros among the penalised columns. Hard thresholding pursuit (Foucart 2011): a
/// gradient step, its k largest entries, least squares on those, as long as the objective falls. Then swaps: as long as
/// the exchange of one column inside for one outside lowers the least-squares objective, the best one. From zero, or
/// from the k largest of `start` (p,).
///
/// The answer is a least-squares fit that no single exchange improves. kkt_residual is the largest correlation of a
/// kept column with the residual, which least squares makes 0. n_iter counts thresholdings and exchanges; a check of
/// all exchanges costs O(k^2 p).
Solution solve_top_k(const Problem& problem, const Regularizer& regularizer, Index k, const Vector& start);

}  // namespace pyreweight
