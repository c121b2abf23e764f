#pragma once

#include <memory>

#include "pyreweight/gram_solver.hpp"
#include "pyreweight/quadratic_model.hpp"

namespace pyreweight {

/// What a step of NewtonSolver minimises where every column is penalised by itself: the quadratic model of the loss on
/// the working columns, with the penalty.
///
/// Its Gram matrix is kept from step to step with the curvature of the point that it was formed at, and only columns
/// that are new need products. Such a curvature lags behind: the gradient is that of the present point, so the solution
/// stays where it is, and steps come closer by a factor as small as the change of the curvature. Whoever takes the
/// steps sees when that is too slow. Where a Gram matrix is not worth its products, the model is of the present point
/// and swept column by column.
class NewtonModel {
 public:
  NewtonModel(const Problem& problem, Monitor& monitor);

  /// Forgets the curvature and the columns.
  void renew();
  /// Whether the next step would be one of an earlier curvature.
  bool lags() const { return gram_ != nullptr; }
  /// Lets the next Gram matrix be that of every `step`-th part of the rows at most, if it has rows enough for its
  /// columns, 1 for all: a model for steps that shall come only somewhat closer.
  void coarsen(Index step) { coarsest_ = step; }
  /// The share of the rows in the present Gram matrix is one of so many.
  Index coarseness() const { return gram_ ? coarseness_ : 1; }
  /// Whether the last step was swept column by column.
  bool swept() const { return swept_; }
  /// Whether it would be swept column by column with `fresh` columns besides the working ones, `active` of which are
  /// nonzero.
  bool sweeps(const Columns& working, const Columns& fresh, Index active) const;
  /// The accuracy from which on a few reweightings do, without a search for directions in which the model is concave.
  static double on_the_way();
  /// Where the model at a point, on the working columns, with this penalty is least, (k,): up to `accuracy`, in units
  /// of the level. The columns of the last call, unless it was forgotten, must come first.
  Vector minimise(const Regularizer& regularizer, const Columns& working, const Solution& at, double accuracy);
  /// The change of the intercept that goes with a change of the predictor by the columns alone.
  double intercept_step(const Solution& at, const ConstVec& change) const;

 private:
  void extend(const Columns& working, const Solution& at);
  void take_part(const Columns& working);
  /// Minus the derivatives by the columns, with the intercept at its best for the model.
  Vector centred_gradient(const Solution& at) const;
  Vector reach(const Problem& model, const Regularizer& regularizer, const Columns& working, InnerSolver& inner,
               double accuracy) const;

  const Problem& problem_;
  Monitor& monitor_;
  Options options_;
  Curvature curvature_;
  Columns columns_;                   // of the Gram matrix
  Vector mean_;                       // (k,) of the columns, by the weights of the curvature
  std::unique_ptr<GramSolver> gram_;  // none: to be formed, or the columns are swept
  bool by_columns_ = false, swept_ = false;
  Index coarsest_ = 1, coarseness_ = 1;
};

}  // namespace pyreweight
