#pragma once

#include <memory>

#include "pyreweight/problem.hpp"
#include "pyreweight/reduced_rows.hpp"
#include "pyreweight/target.hpp"

namespace pyreweight {

/// What a fit at one alpha and a path of alphas have in common.
struct ModelRequest {
  bool paper_loop = false;  // solver="irls"
  bool fit_intercept = true;
  double weight_sum = 0;       // sum of the sample weights
  double eps = 1e-3;           // where a path of alphas ends, as a fraction of alpha_max
  Vector feature_weights;      // (p,), the same throughout a group but for 0 and inf, which take a column out of it
  Groups feature_groups;       // weighted by the root of their size besides
  const Loss* loss = nullptr;  // nullptr: squared
  Options options;
  const Matrix* row_factor = nullptr;  // factor_rows of the design, if the caller has it
};

/// An answer in the user's units. Coefficients are those that are not zero; that of feature j for output k of a loss
/// with several is number k p + j, and what the loss cannot see, a number added to the intercepts or to the
/// coefficients of an unpenalised feature, is such that their sum is 0.
struct Answer {
  Columns columns;
  Vector values;  // (|columns|,)
  double intercept = 0;
  Vector intercepts;  // those of a loss with several outputs, (K,), and else empty
  double alpha = 0;
  double objective = 0;
  double dual_gap = 0;
  double kkt_residual = 0;
  double noise_scale = 0;
  int n_iter = 0;
  bool converged = false;
  bool separated = false;  // see Solution
};

/// The problem in the solvers' units (see Design and Regularizer), and the way there and back.
class ScaledProblem {
 public:
  /// `solves`: about how many alphas will be solved, which decides whether the rows are reduced first.
  ScaledProblem(const Design& design, const ConstVec& y, const Penalty& penalty, const ModelRequest& request,
                double alpha, Index solves, Monitor& monitor);
  ScaledProblem(const ScaledProblem&) = delete;  // the problem refers to this object's parts

  const Problem& problem() const { return problem_; }
  const Target& target() const { return target_; }
  Regularizer& regularizer() { return regularizer_; }
  const Regularizer& regularizer() const { return regularizer_; }
  /// The penalty of every coefficient: the solvers' keeps one output of each unpenalised feature out.
  Regularizer whole_regularizer() const;

  /// Coefficients w (p,), or (K p,) with several outputs, as the solvers' v.
  Vector to_solver(const ConstVec& coef) const;
  /// A solver's solution in the user's units.
  Answer to_user(const Solution& solution) const;
  /// The solution for a constant y: nothing to explain, nothing to iterate.
  Solution constant_solution() const;

 private:
  Regularizer make_regularizer(const Penalty& penalty, double alpha) const;
  void set_coefficients(const Solution& solution, Answer& answer) const;
  void set_class_coefficients(const Solution& solution, Answer& answer) const;

  const ModelRequest& request_;
  Target target_;
  std::unique_ptr<ClassDesign> classes_;  // for a loss with several outputs
  std::unique_ptr<Loss> loss_;            // the loss in the units of the target, where it has any
  ReducedRows reduced_;
  Problem problem_;
  Regularizer regularizer_;
};

}  // namespace pyreweight
