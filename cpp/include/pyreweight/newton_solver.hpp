#pragma once

#include "pyreweight/newton_model.hpp"
#include "pyreweight/screening.hpp"
#include "pyreweight/solver.hpp"

namespace pyreweight {

/// solver="auto" for losses that are not quadratic: each step solves a quadratic model of the loss together with the
/// penalty itself, by the solvers of the squared loss, and goes towards its minimiser as far as the objective falls.
/// The intercept is part of the step.
///
/// Steps are taken on a set of columns that grows by the worst violators of the stationarity conditions; zeros are
/// decided over all columns. As for the squared loss the first problem is the lasso with the same thresholds.
class NewtonSolver final : public Solver {
 public:
  NewtonSolver(const Problem& problem, Regularizer& regularizer);

  /// Starts from v (p,) instead of from zero: the next solve() reweights at once. A v that is worse than zero is none
  /// to start from.
  void start_from(const ConstVec& v) override;
  /// Lets the next solve() begin with the lasso again, reached from the present point (see WorkingSetSolver).
  void restart() { warm_ = false; }
  /// Solves at the regularizer's present alpha, from where the last call ended.
  const Solution& solve() override;
  /// Fits the intercept and the unpenalised columns alone.
  const Solution& solve_null() override;

 private:
  /// The residual and the gradient of all columns at the present coefficients.
  void refresh();
  void correlate_all();
  void minimise(Regularizer& regularizer, double last_target);
  void follow_tangents();
  double objective(const Solution& at) const;
  bool ends_at_tol(const Regularizer& regularizer) const;
  bool few_digits(const Regularizer& regularizer) const;
  void settle_intercept();
  bool far_enough(const Regularizer& regularizer);
  bool descend(Regularizer& regularizer, double target);
  bool step(const Regularizer& regularizer);
  bool step_to_model(const Regularizer& of_model, const Regularizer& regularizer);
  Vector reach_model(const Regularizer& of_model, const QuadraticModel& model);
  Regularizer lasso(Vector thresholds) const;
  bool line_search(const Regularizer& regularizer, const ConstVec& direction, const Vector& change,
                   double intercept_step);
  bool new_curvature_pays(const Regularizer& regularizer, double before, double residual) const;
  bool model_serves(const Regularizer& regularizer) const;
  Columns worst_violators(const Regularizer& regularizer) const;
  double working_residual(const Regularizer& regularizer) const;
  void gather_working(const Regularizer& regularizer);
  void let_in(const Columns& fresh);
  void renew_model(const Regularizer& regularizer);

  const Problem& problem_;
  Regularizer& regularizer_;
  std::unique_ptr<Penalty> l1_;
  Monitor quiet_;  // for the solvers of the models: polls, but reports nothing
  NewtonModel model_;
  Columns working_;
  std::vector<char> in_working_;  // (p,)
  Vector thresholds_;             // (p,) of the penalty that is being minimised, at zero
  Screening screening_;
  bool screens_;  // where products with all columns cost much more than bounds of them
  Solution solution_;
  double accuracy_ = 0, forcing_ = 0;  // what the last model was solved to, and the share of the residual for the next
  double loss_ = 0;                    // at the present point, nan where it is not known
  Index coarseness_ = 1;               // of the next model (see NewtonModel), at most
  bool unsettled_ = false;             // the last model was no good: the next one need not be solved to its minimum
  bool warm_ = false;
};

}  // namespace pyreweight
