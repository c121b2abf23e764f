#pragma once

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// Passes over X for the columns that may violate their threshold, and for no others.
///
/// Correlations are linear in the residual. Kept are a few residuals r_i with the correlations c_i of all columns. A
/// new residual is r = sum_i t_i r_i + rest, t by least squares, hence
///
///     |z_j' pi r| <= |sum_i t_i c_ij| + ||z_j|| ||rest||     in the norms weighted by pi,
///
/// and a column whose bound stays below its threshold (a group: the norm of its bounds) needs no look at the data.
/// Along a path of alphas the residual moves almost in the span of the last ones, and the rest is of second order.
/// Nothing here is a guess: a column left out is proven to satisfy its stationarity condition, so screening changes no
/// answer and no certificate.
class Screening {
 public:
  explicit Screening(const Problem& problem)
      : problem_(problem), root_moment_(problem.design.second_moment().cwiseSqrt()) {}

  /// Whether a pass costs so much more than the bounds that these pay where a part of the passes is spared.
  static bool pays(const Design& design);

  /// residual = target - Z v and gradient = Z' diag(pi) residual for every column.
  void refresh_all(Solution& solution);
  /// The same, but the gradient of a column that is not `wanted` (p,) and certain to stay below its threshold (p,) may
  /// be an estimate, itself below the threshold.
  void refresh(const Regularizer& regularizer, const Vector& thresholds, const std::vector<char>& wanted,
               Solution& solution);
  /// The gradient alone, for a residual that is known.
  void correlate_all(Solution& solution);
  void correlate(const Regularizer& regularizer, const Vector& thresholds, const std::vector<char>& wanted,
                 Solution& solution);

 private:
  struct Reference {
    Vector residual;  // (n,)
    Vector gradient;  // (p,)
  };

  const Problem& problem_;
  Vector root_moment_;  // (p,) ||z_j||
  std::vector<Reference> references_;
  size_t oldest_ = 0;
};

}  // namespace pyreweight
