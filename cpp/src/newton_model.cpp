#include "pyreweight/newton_model.hpp"

#include <algorithm>

#include "pyreweight/column_solver.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/inner_choice.hpp"
#include "pyreweight/reweighting.hpp"

namespace pyreweight {
namespace {

// Reweightings of one model: the next model is better than the last digits of this one, and much better than those of
// a model that is far from settled.
constexpr int kModelReweightings = 20, kReweightingsOnTheWay = 4;
constexpr double kTarget = 1e-14;  // of the levels: rounding
constexpr double kSettled = 1e-3;  // accuracy from which the next model will be about the same

constexpr Index kRun = 256;  // rows that are taken or left together: an integer number of blocks of a sparse product
// Of a part that stands for all rows.
constexpr Index kRowsPerColumn = 50, kLeastRuns = 8;
constexpr double kLeastEntries = 30;  // of a column

}  // namespace

NewtonModel::NewtonModel(const Problem& problem, Monitor& monitor)
    : problem_(problem), monitor_(monitor), options_(problem.options) {
  options_.search = false;  // of a model that holds near the present point only
  options_.max_iter = kModelReweightings;
}

void NewtonModel::renew() {
  columns_.clear();
  gram_ = nullptr;
  by_columns_ = false;
}

bool NewtonModel::sweeps(const Columns& working, const Columns& fresh, Index active) const {
  return by_columns_ || (!fresh.empty() && columns_are_cheaper(problem_.design, working, fresh, active));
}

void NewtonModel::extend(const Columns& working, const Solution& at) {
  const Columns fresh(working.begin() + static_cast<std::ptrdiff_t>(columns_.size()), working.end());
  if (by_columns_ || (gram_ && fresh.empty())) return;
  Index active = 0;
  for (const Index j : columns_) active += at.v[j] != 0;
  by_columns_ = sweeps(columns_, fresh, active);
  if (by_columns_) {
    gram_ = nullptr;
    return;
  }
  if (!gram_) {
    curvature_ = curvature_at(problem_, at);
    take_part(working);
    gram_ = std::make_unique<GramSolver>(monitor_);
    mean_.resize(0);
  }
  const ModelDesign model(problem_, working, curvature_);
  const Columns all = all_columns(static_cast<Index>(working.size()));
  const Index known = static_cast<Index>(columns_.size()), added = static_cast<Index>(fresh.size());
  const Columns last(all.begin() + known, all.end());
  if (2 * added <= known) {  // then one visit to the rows is worth products that are computed twice
    const Matrix products = model.design().gram(all, last, problem_.monitor);
    gram_->append(products.topRows(known), products.bottomRows(added), Vector::Zero(added));
  } else {
    const Columns first(all.begin(), all.begin() + known);
    const Matrix cross = model.design().gram(first, last, problem_.monitor);
    gram_->append(cross, model.design().gram(last, last, problem_.monitor), Vector::Zero(added));
  }
  mean_ = model.mean();
  columns_ = working;
}

/// Leaves the curvature of some rows only, which stands for all, where products are most of the work. Runs of rows
/// since these may be sorted.
void NewtonModel::take_part(const Columns& working) {
  coarseness_ = 1;
  if (coarsest_ == 1 || problem_.classes || !are_sparse(problem_.design, working)) return;
  const Index n = problem_.design.rows(), runs = n / kRun;
  double rarest = static_cast<double>(n);
  for (const Index j : working) rarest = std::min(rarest, problem_.design.stored({j}));
  const Index rows = std::max(kRowsPerColumn * static_cast<Index>(working.size()), kLeastRuns * kRun);
  coarseness_ = std::clamp<Index>(std::min(n / rows, static_cast<Index>(rarest / kLeastEntries)), 1, coarsest_);
  if (coarseness_ == 1) return;
  Vector& weights = curvature_.weights;
  const double total = weights.sum();
  for (Index run = 0; run <= runs; ++run) {
    if (run % coarseness_ != 0) weights.segment(run * kRun, std::min(kRun, n - run * kRun)).setZero();
  }
  const double part = weights.sum();
  weights *= part > 0 ? total / part : 0.0;
}

Vector NewtonModel::centred_gradient(const Solution& at) const {
  Vector out = gather(at.gradient, columns_);
  if (problem_.has_intercept) out -= at.residual.dot(problem_.design.row_weights()) * mean_;
  return out;
}

Vector NewtonModel::minimise(const Regularizer& regularizer, const Columns& working, const Solution& at,
                             double accuracy) {
  extend(working, at);
  swept_ = !gram_;
  const Vector from = gather(at.v, working);
  if (gram_) {
    const Problem model{problem_.design, Vector(), monitor_, options_};
    gram_->set_state(from, centred_gradient(at));
    return reach(model, regularizer, working, *gram_, accuracy);
  }
  curvature_ = curvature_at(problem_, at);
  const QuadraticModel model(problem_, working, at, curvature_, options_, monitor_);
  ColumnSolver inner(model.problem());
  const Vector gradient = model.gradient(at);
  inner.append(all_columns(from.size()), gradient);
  inner.set_state(from, gradient);
  return reach(model.problem(), regularizer, working, inner, accuracy);
}

double NewtonModel::on_the_way() { return 1.01 * kSettled; }

Vector NewtonModel::reach(const Problem& model, const Regularizer& regularizer, const Columns& working,
                          InnerSolver& inner, double accuracy) const {
  if (regularizer.penalty().linear_quadratic()) {
    Vector l1, l2;
    regularizer.majorise(working, Vector::Zero(inner.size()), l1, l2);
    inner.solve(l1, l2, accuracy);
  } else {
    int n_iter = accuracy <= kSettled ? 0 : kModelReweightings - kReweightingsOnTheWay;
    Reweighting(model, regularizer, working, inner, n_iter)
        .run(std::max(accuracy, kTarget), accuracy <= kSettled ? kInfinity : 0.0);
  }
  return inner.v();
}

double NewtonModel::intercept_step(const Solution& at, const ConstVec& change) const {
  return pyreweight::intercept_step(problem_, curvature_, at, change);
}

}  // namespace pyreweight
