#include "pyreweight/column_solver.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
// Sweeps over the support before conjugate gradients, which need few steps where columns are few and many where a
// large support nearly interpolates.
constexpr Index kLeastSweeps = 10, kMostSweeps = 40, kSupportPerSweep = 50;
constexpr double kForcing = 0.1;  // of the error at hand, what is left of it before the next look at the signs
constexpr Index kPollColumns = 4096;

double soft_threshold(double z, double level) { return z > level ? z - level : z < -level ? z + level : 0.0; }

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

}  // namespace

ColumnSolver::ColumnSolver(const Problem& problem) : problem_(problem), columns_(problem.design) {}

void ColumnSolver::append(const Columns& fresh, const ConstVec& correlations) {
  const Index k = size(), m = static_cast<Index>(fresh.size());
  columns_.append(fresh, problem_.monitor);
  v_.conservativeResize(k + m);
  v_.tail(m).setZero();
  c_.conservativeResize(k + m);
  c_.tail(m) = correlations;
}

void ColumnSolver::set_state(const ConstVec& v, const ConstVec& correlations) {
  v_ = v;
  c_ = correlations;
  residual_current_ = false;
}

void ColumnSolver::renew_residual() {
  columns_.renew(problem_.target, v_);
  residual_current_ = true;
}

void ColumnSolver::renew_correlations() {
  renew_residual();
  columns_.products(columns_.weighted_residual(), c_, problem_.monitor);
}

void ColumnSolver::change(Index i, double to) {
  columns_.step(i, to - v_[i]);
  v_[i] = to;
}

/// Each coordinate goes where the model is least along it. The largest of what was left of their conditions when it was
/// their turn, in units of what is allowed; `settled` is whether no sign changed.
double ColumnSolver::sweep(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2, const Vector& allowed,
                           bool& settled) {
  settled = true;
  double excess = 0;
  Index until_poll = kPollColumns;
  for (const Index i : coordinates) {
    if (--until_poll == 0) {
      problem_.monitor.poll();
      until_poll = kPollColumns;
    }
    const double old = v_[i], g = diagonal(i), curvature = g + l2[i];
    double now = 0;
    if (std::isfinite(l1[i]) && std::isfinite(l2[i]) && curvature > 0) {
      now = soft_threshold(columns_.correlation(i) + g * old, l1[i]) / curvature;
    }
    if (now == old) continue;
    excess = std::max(excess, std::abs(now - old) * curvature / allowed[i]);
    settled = settled && sign(now) == sign(old);
    change(i, now);
  }
  return excess;
}

bool ColumnSolver::solve(const ConstVec& l1, const ConstVec& l2, double accuracy) {
  if (size() == 0) return true;
  const Columns everyone = all_columns(size());
  Vector allowed(size());
  for (Index i = 0; i < size(); ++i) {
    allowed[i] = kCorrelationNoise + (std::isfinite(l1[i]) ? std::max(accuracy, 1e-13) * l1[i] : 0.0);
  }
  // Before the signs of the others are known there is no use in polishing: the error at hand decides how far to go.
  double error = kInfinity;
  for (int round = 0; round < kMaxRounds; ++round) {
    if (!residual_current_) renew_residual();
    bool settled = false;
    double excess = sweep(everyone, l1, l2, allowed, settled);
    const Columns active = support(v_);
    const Index sweeps =
        std::max(kLeastSweeps, std::min(kMostSweeps, static_cast<Index>(active.size()) / kSupportPerSweep));
    for (Index i = 0; i < sweeps && excess > 0.5; ++i) {
      problem_.monitor.poll();
      excess = sweep(active, l1, l2, allowed, settled);
      if (settled && i >= 2) break;
    }
    double loose = 1;
    if (excess > 0.5) {
      loose = std::max(1.0, kForcing * std::min(error, excess));
      const Reached reached = finish_on_support(l1, l2, loose * allowed);
      if (reached == Reached::indefinite) {
        renew_correlations();
        return false;
      }
      if (reached == Reached::boundary) continue;
    }
    renew_correlations();
    error = 0;
    bool optimal = loose <= 1;  // on the support as near as rounding lets it be
    for (Index i = 0; i < size(); ++i) {
      if (!std::isfinite(l1[i]) || !std::isfinite(l2[i]) || !(diagonal(i) > 0)) continue;
      const double deviation =
          v_[i] != 0 ? std::abs(c_[i] - l1[i] * sign(v_[i]) - l2[i] * v_[i]) : std::max(0.0, std::abs(c_[i]) - l1[i]);
      error = std::max(error, deviation / allowed[i]);
      if (v_[i] == 0) optimal = optimal && deviation <= allowed[i];
    }
    if (optimal) return true;
  }
  renew_correlations();
  return false;
}

void ColumnSolver::move(double step, const ConstVec& direction) {
  Vector products(size());
  columns_.products(columns_.image(direction).cwiseProduct(columns_.row_weights()), products, problem_.monitor);
  c_ -= step * products;
  v_ += step * direction;
  residual_current_ = false;
}

double ColumnSolver::loss_change(double step, const ConstVec& direction) const {
  return step * (0.5 * step * columns_.image(direction).cwiseAbs2().dot(columns_.row_weights()) - c_.dot(direction));
}

void ColumnSolver::settle(const std::vector<char>& movable, const std::function<double(Index, double, double)>& prox) {
  if (!residual_current_) renew_residual();
  bool moved = false;
  for (Index i = 0; i < size(); ++i) {
    if (i % kPollColumns == 0) problem_.monitor.poll();
    if (!movable[static_cast<size_t>(i)]) continue;
    const double settled = prox(i, v_[i] + columns_.correlation(i) / diagonal(i), diagonal(i));
    if (settled == v_[i]) continue;
    change(i, settled);
    moved = true;
  }
  if (moved) renew_correlations();
}

}  // namespace pyreweight
