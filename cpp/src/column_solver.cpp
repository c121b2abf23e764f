#include "pyreweight/column_solver.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/extrapolation.hpp"
#include "pyreweight/rounding.hpp"
#include "pyreweight/signs.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
// Sweeps over the support between two looks at the zeros; as many decide whether signs have settled.
constexpr Index kLeastSweeps = 12, kMostSweeps = 40, kSupportPerSweep = 50, kSettled = 10;
// So often in a row sweeps are given another turn before conjugate gradients try a support that has not settled.
constexpr int kPatience = 8;
// Of the error at hand, what is left of it before the next look at the signs; where the last look changed none.
constexpr double kForcing = 0.1, kForcingSettled = 1e-3;
constexpr double kFar = 1e4;  // times what a coordinate alone would do: without end
constexpr Index kPollColumns = 4096;

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
      now = shrink(columns_.correlation(i) + g * old, l1[i]) / curvature;
    }
    if (now == old) continue;
    excess = std::max(excess, std::abs(now - old) * curvature / allowed[i]);
    settled = settled && sign(now) == sign(old);
    change(i, now);
  }
  return excess;
}

double ColumnSolver::objective(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2) const {
  double value = columns_.half_square();
  for (const Index i : coordinates) {
    if (v_[i] != 0) value += (l1[i] + 0.5 * l2[i] * std::abs(v_[i])) * std::abs(v_[i]);
  }
  return value;
}

/// Goes to `point`, up to where signs are lost, if the objective is lower there.
void ColumnSolver::try_point(const Columns& coordinates, const Vector& point, const ConstVec& l1, const ConstVec& l2) {
  if (!point.allFinite()) return;
  const double before = objective(coordinates, l1, l2);
  const Vector from = v_;
  const Vector reached = stopped_at_kinks(point, gather(v_, coordinates), gather(l1, coordinates));
  for (Index c = 0; c < reached.size(); ++c) v_[coordinates[static_cast<size_t>(c)]] = reached[c];
  renew_residual();
  if (objective(coordinates, l1, l2) < before) return;
  v_ = from;
  renew_residual();
}

/// Sweeps over the coordinates until what they leave is allowed or their signs have settled (true); `excess` is what
/// the last one left. A coefficient beyond `far` ends them.
bool ColumnSolver::descend(const Columns& coordinates, const ConstVec& l1, const ConstVec& l2, const Vector& allowed,
                           double far, double& excess) {
  const Index k = static_cast<Index>(coordinates.size());
  const Index most = std::max(kLeastSweeps, std::min(kMostSweeps, k / kSupportPerSweep));
  Extrapolation extrapolation(k);
  for (Index i = 0; i < most && excess > 0.5; ++i) {
    problem_.monitor.poll();
    bool settled = false;
    excess = sweep(coordinates, l1, l2, allowed, settled);
    if (goes_beyond(far) || std::isinf(excess)) return false;
    if (settled && i >= kSettled) return true;
    if (extrapolation.add(gather(v_, coordinates))) try_point(coordinates, extrapolation.point(), l1, l2);
  }
  return excess <= 0.5;
}

/// How large a coefficient is or would become if it alone moved, without a penalty.
double ColumnSolver::farthest_alone() const {
  double farthest = 0;
  for (Index i = 0; i < size(); ++i) {
    const double step = diagonal(i) > 0 ? c_[i] / diagonal(i) : 0.0;
    farthest = std::max(farthest, std::abs(v_[i]) + std::abs(step));
  }
  return farthest;
}

bool ColumnSolver::goes_beyond(double far) const {
  // A maximum says nothing of NaN.
  return std::isfinite(far) && !(v_.array().abs() <= far).all();
}

bool ColumnSolver::solve(const ConstVec& l1, const ConstVec& l2, double accuracy) {
  if (size() == 0) return true;
  const Columns everyone = all_columns(size());
  Vector allowed(size());
  // l1 is zero on a plateau of Omega, too, where it says nothing of how accurate a coordinate has to be.
  double least = kInfinity;
  for (Index i = 0; i < size(); ++i) {
    if (l1[i] > 0) least = std::min(least, l1[i]);
  }
  if (std::isinf(least)) least = 0;
  for (Index i = 0; i < size(); ++i) {
    const double unit = std::isfinite(l1[i]) ? std::max(least, l1[i]) : 0.0;
    allowed[i] = kCorrelationNoise + std::max(accuracy, 1e-13) * unit;
  }
  // Before the signs of the others are known there is no use in polishing: the error at hand decides how far to go.
  double error = kInfinity;
  bool same_support = false;
  int unsettled = 0;
  // Where the form is indefinite sweeps go off without end: farther than any coordinate would go by itself.
  const bool concave = (l2.array() < 0).any();
  const double far = concave ? kFar * farthest_alone() : kInfinity;
  for (int round = 0; round < kMaxRounds; ++round) {
    if (!residual_current_) renew_residual();
    bool settled = false;
    double excess = sweep(everyone, l1, l2, allowed, settled);
    const Columns active = support(v_);
    settled = descend(active, l1, l2, allowed, far, excess);
    if (goes_beyond(far) || std::isinf(excess)) break;  // after an overflow they may all have fallen back to zero
    if (!settled && !concave && ++unsettled < kPatience) {
      residual_current_ = false;
      continue;
    }
    unsettled = 0;
    double loose = 1;
    if (excess > 0.5) {
      loose = std::max(1.0, (same_support ? kForcingSettled : kForcing) * std::min(error, excess));
      const Reached reached = finish_on_support(l1, l2, loose * allowed);
      if (reached == Reached::indefinite) {
        renew_correlations();
        return false;
      }
      if (reached == Reached::boundary) continue;
    }
    same_support = support(v_) == active;
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

void ColumnSolver::settle(const std::vector<char>& movable, const Prox& prox, const std::function<bool()>& again) {
  if (!residual_current_) renew_residual();
  const Vector before = v_;
  const Columns everyone = all_columns(size());
  settle_once(everyone, movable, prox);
  while (again()) {
    const Columns active = support(v_);
    do {
      settle_once(active, movable, prox);
    } while (again());
    settle_once(everyone, movable, prox);
  }
  if (v_ != before) renew_correlations();
}

void ColumnSolver::settle_once(const Columns& coordinates, const std::vector<char>& movable, const Prox& prox) {
  Index until_poll = kPollColumns;
  for (const Index i : coordinates) {
    if (--until_poll == 0) {
      problem_.monitor.poll();
      until_poll = kPollColumns;
    }
    if (!movable[static_cast<size_t>(i)]) continue;
    const double settled = prox(i, v_[i] + columns_.correlation(i) / diagonal(i), diagonal(i));
    if (settled == v_[i]) continue;
    change(i, settled);
  }
}

}  // namespace pyreweight
