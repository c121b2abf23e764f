#include "pyreweight/working_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMaxPasses = 1000;
constexpr double kLeastGrowth = 10, kMostGrowth = 100;
// A larger X comes from memory in every pass, which then costs several times as much per entry.
constexpr double kCacheEntries = 4e6;
// Stationarity the inner loops aim at, in units of the level: rounding, whatever tol asks for, so that the answer does
// not depend on tol.
constexpr double kTarget = 1e-12;
// The same while columns outside are known to violate theirs: no use in polishing a point that will move.
constexpr double kLooseTarget = 1e-2;
// Of the residual at hand, what a reweighting's model is solved to.
constexpr double kForcing = 1e-3;
// Sweeps over the columns that a fit without Gram matrix is expected to take, conjugate gradients among them, and how
// much faster operations on blocks are.
constexpr double kSweepsExpected = 500, kBlockSpeed = 8;
// From one stage of the first solution to the next the thresholds fall to this at least.
constexpr double kStageDrop = 0.4;
// With the correlations renewed from the data; above it the solution is refined once or twice more.
constexpr double kRefined = 1e-11;

}  // namespace

WorkingSetSolver::WorkingSetSolver(const Problem& problem, Regularizer& regularizer)
    : problem_(problem), regularizer_(regularizer), screening_(problem), in_working_(problem.design.cols(), 0) {
  auto gram = std::make_unique<GramSolver>(problem.monitor);
  by_gram_ = gram.get();
  inner_ = std::move(gram);
  solution_.v = Vector::Zero(problem.design.cols());
  screening_.refresh_all(solution_);
  Columns unpenalised;
  for (Index j = 0; j < problem.design.cols(); ++j) {
    if (!regularizer.excluded(j)) ++usable_;
    if (regularizer.weights()[j] == 0) unpenalised.push_back(j);
  }
  add_columns(unpenalised);
}

void WorkingSetSolver::start_from(const ConstVec& v) {
  for (Index j = 0; j < v.size(); ++j) solution_.v[j] = regularizer_.excluded(j) ? 0.0 : v[j];
  Columns fresh;
  for (const Index j : support(solution_.v)) {
    if (!in_working_[j]) fresh.push_back(j);
  }
  add_columns(fresh);
  screening_.refresh_all(solution_);
  warm_ = true;
}

/// Counted in operations: the pairs that the Gram matrix lacks and a factor of a support as large as it may become,
/// against coordinate descent over the columns.
bool WorkingSetSolver::columns_are_cheaper(const Columns& fresh) const {
  const double k = static_cast<double>(working_.size()), m = static_cast<double>(fresh.size());
  const double active = m + static_cast<double>(support(inner_->v()).size());
  Columns all = working_;
  all.insert(all.end(), fresh.begin(), fresh.end());
  const double stored = problem_.design.stored(all), a_column = stored / (k + m);
  // Blocks of dense columns are multiplied at a much higher speed than columns one by one; so are those of a factor.
  const double speed = a_column < static_cast<double>(problem_.design.rows()) ? 1.0 : kBlockSpeed;
  const double gram = m * (k + 0.5 * m) * a_column / speed + active * active * active / (3 * kBlockSpeed);
  return gram > kSweepsExpected * 2 * stored;
}

void WorkingSetSolver::give_up_gram() {
  auto columns = std::make_unique<ColumnSolver>(problem_);
  columns->append(working_, inner_->correlations());
  columns->set_state(inner_->v(), inner_->correlations());
  by_gram_ = nullptr;
  by_columns_ = columns.get();
  inner_ = std::move(columns);
}

void WorkingSetSolver::add_columns(const Columns& fresh) {
  if (fresh.empty()) return;
  if (by_gram_ && columns_are_cheaper(fresh)) give_up_gram();
  const Vector correlations = gather(solution_.gradient, fresh);
  if (by_columns_) {
    by_columns_->append(fresh, correlations);
  } else {
    const Matrix cross = problem_.design.gram(working_, fresh, problem_.monitor);
    const Matrix own = problem_.design.gram(fresh, fresh, problem_.monitor);
    by_gram_->append(cross, own, correlations);
  }
  for (const Index j : fresh) in_working_[j] = 1;
  working_.insert(working_.end(), fresh.begin(), fresh.end());
}

/// With more violators than are let in, `stage` falls to where the next one would begin to violate: thresholds this
/// much higher give a problem the working set can be trusted with, so that its support does not fill up with the
/// substitutes of columns still outside.
Columns WorkingSetSolver::worst_violators(const Vector& thresholds, double* stage) const {
  std::vector<std::pair<double, Index>> violators;
  for (Index j = 0; j < thresholds.size(); ++j) {
    const double correlation = std::abs(solution_.gradient[j]);
    if (in_working_[j] || correlation <= thresholds[j] * (1 + 1e-10) + kCorrelationNoise) continue;
    violators.emplace_back(-correlation / thresholds[j], j);
  }
  const size_t active = support(solution_.v).size();
  // m new columns cost about m^2 / 2 products a row, a pass over X costs p: with few columns small steps are cheaper.
  const double entries = static_cast<double>(problem_.design.rows()) * static_cast<double>(usable_);
  const double pass = (entries > kCacheEntries ? 4.0 : 0.6) * std::sqrt(static_cast<double>(usable_));
  const double growth = std::max(kLeastGrowth, std::min(kMostGrowth, pass));
  size_t most = std::max(static_cast<size_t>(growth), active);
  if (by_columns_) most = violators.size();  // a column costs its entries only
  if (violators.size() > most) {
    std::nth_element(violators.begin(), violators.begin() + static_cast<std::ptrdiff_t>(most), violators.end());
    if (stage) *stage = std::max(1.0, std::min(kStageDrop * *stage, -violators[most].first));
    violators.resize(most);
  } else if (stage) {
    *stage = 1;
  }
  // Ordered by how much they violate, not by number: sweeps of a nonconvex model depend on the order, and the answer
  // should not depend on how the caller arranged the columns.
  std::sort(violators.begin(), violators.end());
  Columns fresh;
  for (const auto& violator : violators) fresh.push_back(violator.second);
  return fresh;
}

void WorkingSetSolver::write_back(const Vector& thresholds) {
  solution_.v = scatter(inner_->v(), working_, solution_.v.size());
  screening_.refresh(thresholds, in_working_, solution_);
}

double WorkingSetSolver::working_residual() const {
  const Vector slope = regularizer_.slope(working_, inner_->v());
  double residual = 0;
  for (Index i = 0; i < inner_->size(); ++i) {
    const Index j = working_[i];
    if (regularizer_.excluded(j)) continue;
    const double v = inner_->v()[i], c = inner_->correlations()[i];
    const double deviation = v != 0 ? std::abs(c - std::copysign(slope[i], v)) : std::max(0.0, std::abs(c) - slope[i]);
    residual = std::max(residual, (deviation - kCorrelationNoise) / regularizer_.level(j));
  }
  return residual;
}

/// The second-order model of the penalty at the present point: slope and curvature of Omega where the curvature is
/// harmless, so that a step on an unchanged support is Newton's; `share` of it, since the whole may leave the problem
/// indefinite. share = 0 is the majoriser.
void WorkingSetSolver::model_penalty(double share, Vector& l1, Vector& l2) const {
  regularizer_.majorise(working_, inner_->v(), l1, l2);
  if (share == 0) return;
  const Vector slope = regularizer_.slope(working_, inner_->v());
  const Vector curvature = regularizer_.curvature(working_, inner_->v());
  for (Index i = 0; i < inner_->size(); ++i) {
    const double v = std::abs(inner_->v()[i]), h = share * curvature[i], l1_at_zero = slope[i] - h * v;
    // A coordinate on which the objective itself is concave is on its way to zero; the majoriser takes it there.
    if (v == 0 || curvature[i] < -0.999 * inner_->diagonal(i) || !(l1_at_zero >= 0)) continue;
    l1[i] = l1_at_zero;
    l2[i] = h;
  }
}

/// Minimises the model, then goes from the old point towards its minimiser as far as the objective falls.
bool WorkingSetSolver::step(double share, bool& solved) {
  Vector l1, l2;
  model_penalty(share, l1, l2);
  const Vector v = inner_->v(), c = inner_->correlations();
  const double residual = working_residual();
  solved = inner_->solve(l1, l2, kForcing * residual);
  if (share == 0) return true;  // a majoriser: the objective cannot have risen
  const Vector reached = inner_->v(), reached_c = inner_->correlations(), direction = reached - v;
  const double before = regularizer_.value(working_, v);
  if (!direction.allFinite()) {
    inner_->set_state(v, c);
    return false;
  }
  for (double length = 1; length > 1e-3; length *= 0.5) {
    inner_->set_state(v, c);
    const double change =
        inner_->loss_change(length, direction) + (regularizer_.value(working_, v + length * direction) - before);
    if (length == 1) {
      inner_->set_state(reached, reached_c);
    } else {
      inner_->move(length, direction);
    }
    // Near the solution the objective no longer resolves a step; the residual still does.
    if (change < 0 || (working_residual() < 0.5 * residual && std::abs(change) <= 1e-14 * (1 + before))) return true;
  }
  inner_->set_state(v, c);
  return false;
}

/// Where the objective is not convex on the support, a minimum lies elsewhere: goes along a direction without positive
/// curvature, downhill, as far as signs allow, which as a rule takes a coordinate to zero.
bool WorkingSetSolver::leave_concave_region() {
  Vector direction;
  if (!inner_->concave_direction(regularizer_.curvature(working_, inner_->v()), direction)) return false;
  const Vector v = inner_->v(), c = inner_->correlations();
  const Vector slope = regularizer_.slope(working_, v);
  double rate = -c.dot(direction), reach = kInfinity;
  for (Index i = 0; i < v.size(); ++i) {
    if (direction[i] != 0) rate += std::copysign(slope[i], v[i]) * direction[i];
  }
  if (rate > 0) direction = -direction;
  Index first = -1;
  for (Index i = 0; i < v.size(); ++i) {
    if (!regularizer_.penalised(working_[static_cast<size_t>(i)])) continue;
    if (v[i] * direction[i] < 0 && -v[i] / direction[i] < reach) {
      reach = -v[i] / direction[i];
      first = i;
    }
  }
  if (first < 0) return false;
  const double before = regularizer_.value(working_, v);
  for (double length = reach; length > 1e-3 * reach; length *= 0.5) {
    inner_->set_state(v, c);
    Vector reached = v + length * direction;
    if (length == reach) reached[first] = 0;
    if (inner_->loss_change(length, direction) + (regularizer_.value(working_, reached) - before) < 0) {
      inner_->move(length, direction);
      inner_->set_state(reached, inner_->correlations());
      return true;
    }
  }
  return false;
}

/// Where the slope of Omega rises at zero, perhaps with infinite curvature, no line or parabola with the right slope
/// majorises it there, and Newton's model is good very near the point only. These coordinates go to their own prox one
/// after another, which never raises the objective and decides who leaves zero.
void WorkingSetSolver::settle_rising_slopes() {
  const Penalty& penalty = regularizer_.penalty();
  if (!(penalty.steepest_slope() > penalty.slope_at_zero())) return;
  const Vector curvature = regularizer_.curvature(working_, inner_->v());
  inner_->settle([&](Index i, double v, double c) {
    const Index j = working_[static_cast<size_t>(i)];
    const double g = inner_->diagonal(i);
    return regularizer_.penalised(j) && (v == 0 || curvature[i] > 0) ? regularizer_.prox(j, v + c / g, g) : v;
  });
}

bool WorkingSetSolver::reweight(double target) {
  while (working_residual() > target) {
    if (solution_.n_iter >= problem_.options.max_iter) return working_residual() <= problem_.options.tol;
    ++solution_.n_iter;
    const Vector before = inner_->v();
    settle_rising_slopes();
    bool solved = false;
    bool moved = step(1.0, solved);
    if (!moved || !solved) moved = step(0.0, solved);
    for (size_t most = support(inner_->v()).size(); most > 0 && leave_concave_region(); --most) {
      problem_.monitor.poll();
      moved = true;
    }
    report();
    if (!moved || inner_->v() == before) break;
  }
  return true;
}

void WorkingSetSolver::report() const {
  if (!problem_.monitor.verbose()) return;
  std::ostringstream line;
  line << "reweighting " << solution_.n_iter << ": working set " << working_.size() << ", nonzero "
       << support(inner_->v()).size() << ", KKT residual / alpha " << working_residual();
  problem_.monitor.report(line.str());
}

const Solution& WorkingSetSolver::solve() {
  const bool infinite_slope = std::isinf(regularizer_.penalty().slope_at_zero());
  const bool exact = regularizer_.penalty().linear_quadratic();
  const Vector zero = regularizer_.zero_thresholds();
  const Vector first = infinite_slope ? regularizer_.prox_thresholds(problem_.design.second_moment()) : zero;
  bool reweighting = warm_ && !exact;
  double target = kTarget;
  double stage = reweighting ? 1 : kInfinity;
  double accuracy = kLooseTarget;  // of the first solution, while it will not be the last
  int refinements = 0;
  solution_.n_iter = 0;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const Vector& thresholds = reweighting ? zero : first;
    add_columns(worst_violators(thresholds, reweighting ? nullptr : &stage));
    inner_->set_state(gather(solution_.v, working_), gather(solution_.gradient, working_));
    const bool within_limits =
        reweighting ? reweight(target) : solve_first(stage * gather(thresholds, working_), exact, accuracy);
    write_back(thresholds);
    if (!within_limits) break;
    if (stage > 1) continue;
    const bool polish = by_columns_ && !reweighting && exact && accuracy > 0;
    if (!worst_violators(thresholds).empty()) {
      if (reweighting) target = kLooseTarget;
      continue;
    }
    if (polish) {
      accuracy = 0;
      continue;
    }
    if (target > kTarget || (!reweighting && !exact)) {
      target = kTarget;
      reweighting = !exact;
      continue;
    }
    certify(problem_, regularizer_, solution_);
    if (solution_.kkt_residual <= kRefined || ++refinements > 2) break;
  }
  certify(problem_, regularizer_, solution_);
  solution_.converged = certified(problem_, regularizer_, solution_);
  solution_.n_iter = std::max(1, solution_.n_iter);
  warm_ = true;
  return solution_;
}

/// The majoriser at v = 0: the lasso with these thresholds, or the problem itself where it is linear-quadratic.
bool WorkingSetSolver::solve_first(const Vector& thresholds, bool exact, double accuracy) {
  solution_.n_iter = 1;
  Vector l1, l2;
  regularizer_.majorise(working_, Vector::Zero(inner_->size()), l1, l2);
  if (!exact) l2.setZero();
  const bool solved = inner_->solve(thresholds, l2, accuracy);
  report();
  return solved;
}

const Solution& WorkingSetSolver::solve_null() {
  Vector l1(working_.size());
  for (size_t i = 0; i < working_.size(); ++i) {
    l1[static_cast<Index>(i)] = regularizer_.weights()[working_[i]] == 0 ? 0.0 : kInfinity;
  }
  // Again from correlations renewed from the data, as unpenalised columns that fit y exactly may be ill-conditioned.
  for (int refinement = 0; refinement < 3 && !working_.empty(); ++refinement) {
    inner_->set_state(gather(solution_.v, working_), gather(solution_.gradient, working_));
    inner_->solve(l1, Vector::Zero(inner_->size()));
    solution_.v = scatter(inner_->v(), working_, solution_.v.size());
    screening_.refresh_all(solution_);
    if (gather(solution_.gradient, support(solution_.v)).lpNorm<Eigen::Infinity>() <= kCorrelationNoise / 16) break;
  }
  return solution_;
}

Matrix WorkingSetSolver::support_gram() const {
  if (by_columns_) {
    const Columns active = support(solution_.v);
    return problem_.design.gram(active, active, problem_.monitor);
  }
  std::vector<std::pair<Index, Index>> places;  // column, its inner coordinate
  for (size_t i = 0; i < working_.size(); ++i) {
    if (solution_.v[working_[i]] != 0) places.emplace_back(working_[i], static_cast<Index>(i));
  }
  std::sort(places.begin(), places.end());
  Columns inner;
  for (const auto& place : places) inner.push_back(place.second);
  return submatrix(by_gram_->gram(), inner);
}

}  // namespace pyreweight
