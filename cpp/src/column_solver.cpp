#include "pyreweight/column_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
constexpr int kMostSweeps = 10;   // over the support, before conjugate gradients
constexpr double kForcing = 0.1;  // of the error at hand, what is left of it before the next look at the signs
constexpr Index kPollColumns = 4096;

double soft_threshold(double z, double level) { return z > level ? z - level : z < -level ? z + level : 0.0; }

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

}  // namespace

ColumnSolver::ColumnSolver(const Problem& problem) : problem_(problem), total_(problem.design.row_weights().sum()) {}

void ColumnSolver::append(const Columns& fresh, const ConstVec& correlations) {
  const Design& design = problem_.design;
  const Index k = size(), m = static_cast<Index>(fresh.size());
  columns_.insert(columns_.end(), fresh.begin(), fresh.end());
  v_.conservativeResize(k + m);
  v_.tail(m).setZero();
  c_.conservativeResize(k + m);
  c_.tail(m) = correlations;
  for (const Index j : fresh) {
    const double sum = design.stored_dot(j, design.row_weights()), offset = design.stored_offset(j);
    stored_sum_.push_back(sum);
    diagonal_.push_back(design.stored_square(j, design.row_weights()) - 2 * offset * sum + offset * offset * total_);
  }
}

void ColumnSolver::set_state(const ConstVec& v, const ConstVec& correlations) {
  v_ = v;
  c_ = correlations;
  residual_current_ = false;
}

Columns ColumnSolver::in_design(const Columns& coordinates) const {
  Columns out;
  out.reserve(coordinates.size());
  for (const Index i : coordinates) out.push_back(columns_[static_cast<size_t>(i)]);
  return out;
}

Vector ColumnSolver::fit(const Columns& coordinates, const ConstVec& coef) const {
  Vector out = Vector::Zero(problem_.design.rows());
  problem_.design.combine(in_design(coordinates), coef, out, problem_.monitor);
  return out;
}

Vector ColumnSolver::products(const Columns& coordinates, const ConstVec& weighted) const {
  Vector out(static_cast<Index>(coordinates.size()));
  problem_.design.correlate_some(in_design(coordinates), weighted, out, problem_.monitor);
  return out;
}

void ColumnSolver::renew_residual() {
  const Columns active = support(v_);
  weighted_ = (problem_.target - fit(active, gather(v_, active))).cwiseProduct(problem_.design.row_weights());
  shift_ = 0;
  sum_ = weighted_.sum();
  residual_current_ = true;
}

void ColumnSolver::renew_correlations() {
  renew_residual();
  problem_.design.correlate_some(columns_, weighted_, c_, problem_.monitor);
}

double ColumnSolver::correlation(Index i) const {
  const Index j = columns_[static_cast<size_t>(i)];
  return problem_.design.stored_dot(j, weighted_) - shift_ * stored_sum_[static_cast<size_t>(i)] -
         problem_.design.stored_offset(j) * (sum_ - shift_ * total_);
}

void ColumnSolver::change(Index i, double to) {
  const Index j = columns_[static_cast<size_t>(i)];
  const double step = to - v_[i];
  problem_.design.add_stored(j, -step, problem_.design.row_weights(), weighted_);
  shift_ -= step * problem_.design.stored_offset(j);
  sum_ -= step * stored_sum_[static_cast<size_t>(i)];
  v_[i] = to;
}

/// Whether a sign changed.
bool ColumnSolver::sweep(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2) {
  bool support_changed = false;
  Index until_poll = kPollColumns;
  for (const Index i : coordinates) {
    if (--until_poll == 0) {
      problem_.monitor.poll();
      until_poll = kPollColumns;
    }
    const double old = v_[i], g = diagonal(i), curvature = g + l2[i];
    double now = 0;
    if (std::isfinite(l1[i]) && std::isfinite(l2[i]) && curvature > 0) {
      now = soft_threshold(correlation(i) + g * old, l1[i]) / curvature;
    }
    if (now == old) continue;
    support_changed = support_changed || sign(now) != sign(old);
    change(i, now);
  }
  return support_changed;
}

bool ColumnSolver::solve(const ConstVec& l1, const ConstVec& l2, double accuracy) {
  if (size() == 0) return true;
  const Columns everyone = all_columns(size());
  Vector final_bound(size());
  for (Index i = 0; i < size(); ++i) {
    final_bound[i] = kCorrelationNoise + (std::isfinite(l1[i]) ? std::max(accuracy, 1e-13) * l1[i] : 0.0);
  }
  // Before the signs of the others are known there is no use in polishing: the error at hand decides how far to go.
  double error = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kMaxRounds; ++round) {
    double largest = 0;
    if (!residual_current_) renew_residual();
    sweep(everyone, l1, l2);
    const Columns active = support(v_);
    for (int i = 0; i < kMostSweeps; ++i) {
      problem_.monitor.poll();
      if (!sweep(active, l1, l2) && i >= 2) break;
    }
    for (const Index i : active) {
      if (v_[i] != 0) largest = std::max(largest, std::abs(correlation(i) - l1[i] * sign(v_[i]) - l2[i] * v_[i]));
    }
    const double loose = kForcing * std::min(error, largest);
    const Reached reached = finish_on_support(l1, l2, final_bound.cwiseMax(loose));
    if (reached == Reached::indefinite) {
      renew_correlations();
      return false;
    }
    if (reached == Reached::boundary) continue;
    renew_correlations();
    error = 0;
    bool optimal = loose <= 0 || (final_bound.array() >= loose).all();
    for (Index i = 0; i < size(); ++i) {
      if (!std::isfinite(l1[i]) || !std::isfinite(l2[i]) || !(diagonal(i) > 0)) continue;
      const double deviation =
          v_[i] != 0 ? std::abs(c_[i] - l1[i] * sign(v_[i]) - l2[i] * v_[i]) : std::max(0.0, std::abs(c_[i]) - l1[i]);
      error = std::max(error, deviation);
      if (v_[i] == 0) optimal = optimal && deviation <= final_bound[i];
    }
    if (optimal) return true;
  }
  renew_correlations();
  return false;
}

void ColumnSolver::move(double step, const ConstVec& direction) {
  const Columns moving = support(direction);
  const Vector moved = fit(moving, gather(direction, moving)).cwiseProduct(problem_.design.row_weights());
  c_ -= step * products(all_columns(size()), moved);
  v_ += step * direction;
  residual_current_ = false;
}

double ColumnSolver::loss_change(double step, const ConstVec& direction) const {
  const Columns moving = support(direction);
  const double square = fit(moving, gather(direction, moving)).cwiseAbs2().dot(problem_.design.row_weights());
  return step * (0.5 * step * square - c_.dot(direction));
}

void ColumnSolver::settle(const std::vector<char>& movable, const std::function<double(Index, double, double)>& prox) {
  if (!residual_current_) renew_residual();
  bool moved = false;
  for (Index i = 0; i < size(); ++i) {
    if (i % kPollColumns == 0) problem_.monitor.poll();
    if (!movable[static_cast<size_t>(i)]) continue;
    const double settled = prox(i, v_[i] + correlation(i) / diagonal(i), diagonal(i));
    if (settled == v_[i]) continue;
    change(i, settled);
    moved = true;
  }
  if (moved) renew_correlations();
}

}  // namespace pyreweight
