#pragma once

#include <memory>

#include "pyreweight/curvature_design.hpp"
#include "pyreweight/problem.hpp"

namespace pyreweight {

/// pi_i l''(y_i, z_i) (n,): the row weights of the least squares that agree with the loss to second order.
Vector curvature_weights(const Problem& problem, const Solution& at);

/// The second derivatives of the loss by the predictors.
struct Curvature {
  Vector weights;        // (n,) curvature_weights() of a loss with one output
  Matrix probabilities;  // (n, K) of one with several
};
Curvature curvature_at(const Problem& problem, const Solution& at);

/// The change of the intercept that goes with a change of the predictor by the columns alone: Newton's.
double intercept_step(const Problem& problem, const Curvature& curvature, const Solution& at, const ConstVec& change);

/// Some columns under the weights of a curvature, without the intercept.
class ModelDesign {
 public:
  ModelDesign(const Problem& problem, const Columns& columns, const Curvature& curvature);

  const Design& design() const { return *design_; }
  /// (k,) what is taken off the columns so that they are orthogonal to the intercept; 0 where that is none or a column.
  const Vector& mean() const { return mean_; }

 private:
  std::unique_ptr<Design> design_;
  Vector mean_;
};

/// The weighted least squares problem that agrees to second order with the loss at a point, on some of the columns:
/// the row weights are pi_i h_i, h the loss's curvature, and the target is Z v + residual / h. Its penalty is that of
/// the columns, in the same units. For several outputs h is a matrix for every row; see ClassDesign.
class QuadraticModel {
 public:
  QuadraticModel(const Problem& problem, const Columns& columns, const Solution& at, const Options& options,
                 Monitor& monitor);
  QuadraticModel(const Problem& problem, const Columns& columns, const Solution& at, Curvature curvature,
                 const Options& options, Monitor& monitor);
  QuadraticModel(const QuadraticModel&) = delete;  // the problem refers to the design

  const Problem& problem() const { return problem_; }
  Regularizer regularizer(const Regularizer& of_all) const;
  /// Minus the derivatives by the columns at the point, with the intercept at its best for the model.
  Vector gradient(const Solution& at) const;
  double intercept_step(const Solution& at, const ConstVec& change) const;

 private:
  const Columns& columns_;
  const Problem& of_loss_;
  Curvature curvature_;
  ModelDesign design_;
  Problem problem_;
};

}  // namespace pyreweight
