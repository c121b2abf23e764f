#pragma once

#include <memory>

#include "pyreweight/column_solver.hpp"
#include "pyreweight/gram_solver.hpp"
#include "pyreweight/screening.hpp"
#include "pyreweight/solver.hpp"

namespace pyreweight {

/// solver="auto" for penalties with a kink at zero: reweighting on a working set, zeros decided by the stationarity
/// conditions over all columns.
///
/// The first majoriser is that of v = 0, which is the lasso. From there a penalty that is not convex comes down to
/// alpha in a few stages; one of infinite slope at zero, or of groups, is first solved as a lasso over all columns, so
/// that large coefficients do not hide the others. The working set, always of whole groups, grows by the columns that
/// violate |z_j' pi r| <= alpha c_j Omega'(0+) most; it and its Gram matrix are kept between calls of solve(), which
/// makes a path of alphas cheap.
class WorkingSetSolver final : public Solver {
 public:
  WorkingSetSolver(const Problem& problem, Regularizer& regularizer);

  /// Starts from v (p,) instead of from zero: the next solve() reweights at once.
  void start_from(const ConstVec& v) override;
  /// Lets the next solve() begin with the lasso again, reached from the present point. A penalty of infinite slope
  /// needs it on a path: no zero of it ever violates the stationarity conditions.
  void restart() { warm_ = false; }
  /// Solves at the regularizer's present alpha, from where the last call ended.
  const Solution& solve() override;
  /// Fits the unpenalised columns alone.
  const Solution& solve_null() override;
  /// Z_A' diag(pi) Z_A over the support A of the last solution, in the order of the columns.
  Matrix support_gram() const;

 private:
  void add_columns(const Columns& fresh);
  void give_up_gram();
  void choose_inner(const Vector& thresholds);
  Columns worst_violators(const Vector& thresholds, double* stage = nullptr) const;
  Columns next_stage(const Vector& thresholds, double& stage);
  double loose_target() const;  // of reweightings before all columns are in
  bool reweight(double target);
  bool reweight_at(double stage);
  bool solve_first(const Vector& thresholds, bool exact, double accuracy);
  bool searchable() const;
  bool is_null() const;  // no penalised column is nonzero
  bool search(const Vector& thresholds, double target, bool exchange);
  Columns predict() const;
  void write_back(const Vector& thresholds);
  void judge();

  const Problem& problem_;
  Regularizer& regularizer_;
  std::unique_ptr<InnerSolver> inner_;  // one of the two below, the other is null
  GramForm* by_gram_ = nullptr;
  ColumnSolver* by_columns_ = nullptr;
  Screening screening_;
  Columns working_;               // working_[i] is the column of inner coordinate i
  std::vector<char> in_working_;  // (p,)
  Index usable_ = 0;              // columns that may enter
  size_t largest_group_ = 1;
  double stage_drop_ = 1;  // from one stage to the next (see next_stage)
  Solution solution_;
  bool judged_ = false;  // whether the certificate is that of the present point
  bool warm_ = false;
};

}  // namespace pyreweight
