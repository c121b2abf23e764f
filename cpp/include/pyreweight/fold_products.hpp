#pragma once

#include <vector>

#include "pyreweight/design.hpp"
#include "pyreweight/target.hpp"

namespace pyreweight {

/// What the squared loss sees of the folds of a cross-validation: for each the sums, over the rows it tests, of the row
/// weights times the products of the columns z_1, ..., z_p, 1, t in pairs, with z and t about the same centres and in
/// the same scales for all. The training rows of a fold are those of the others, whose sums add up without
/// cancellation.
struct FoldProducts {
  Vector centre, scale;  // (p,)
  double target_mean = 0, target_scale = 1;
  double least_share = 0;    // see ClassSums
  std::vector<Matrix> sums;  // (p + 2, p + 2) for every fold and, last, the rows in no fold
};

/// Whether paths of about `solves` alphas on every fold gain by them, and they are not more than the `stored` entries.
bool folds_worth_sharing(double stored, Index cols, Index folds, Index solves);

/// Whether one visit of dense X for all pairs of columns is cheaper than a visit for the moments and others for what
/// about `solves` alphas need.
bool whole_gram_pays(Index rows, Index cols, Index solves);

/// Centres and deviations as far as the first rows tell them, without products; empty where they do not.
KnownMoments guess_moments(const Design& design, bool fit_intercept);

/// In one visit of X, about the centres and in the scales of the design, which may be guessed. fold[i] in [0, folds]:
/// where row i is tested, `folds` for nowhere.
FoldProducts fold_products(const Design& design, const Target& target, const std::vector<Index>& fold, Index folds,
                           Monitor& monitor);

/// The rows that one fold trains on, all with left_out = -1.
class TrainingProducts {
 public:
  TrainingProducts(const FoldProducts& products, Index left_out, bool fit_intercept);

  /// False where these rows differ so much from all rows that digits are lost; then nothing below holds.
  bool usable() const { return usable_; }
  /// In the units of X and y.
  KnownMoments moments() const;
  /// Z' diag(pi) Z for the design of the training rows, made with these moments.
  Matrix gram(const Design& design) const;
  /// The mean of the products of (z_1, ..., z_p, t) over the test rows, (p + 1, p + 1), z of that design and t in units
  /// of its target; empty where none is left out.
  Matrix test_products(const Design& design, double target_scale) const;

 private:
  Matrix in_units(const Matrix& means, const Vector& units) const;
  Vector units(const Design& design, double target_scale) const;

  const FoldProducts& products_;
  Index left_out_;
  bool usable_ = false;
  Matrix means_;   // (p + 2, p + 2) over the training rows
  Vector centre_;  // (p + 1,) of z and t over the same, 0 without intercept
};

}  // namespace pyreweight
