#include "pyreweight/gram_solver.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/extrapolation.hpp"
#include "pyreweight/rounding.hpp"
#include "pyreweight/signs.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
constexpr int kMostRefinements = 3;  // of the equations on the support, which may be ill-conditioned
constexpr Index kSupportPerSweep = 30, kMostSweeps = 50;
constexpr int kLeastSweeps = 3;
// With at most one column to enter for so many nonzeros, the signs of these are right but for few, and the least number
// of sweeps does for so many rounds.
constexpr Index kFew = 8;
constexpr int kFewRounds = 4;
// A support this large is swept by itself, on a copy of its part of the Gram matrix.
constexpr Index kSweptApart = 300;

/// Sweeps cost k^2, a factor of the support k^3 / 3 at a higher speed: the more columns, the longer sweeps are worth
/// it that settle the signs.
int sweeps_before_newton(Index support_size) {
  return std::max(kLeastSweeps, static_cast<int>(std::min<Index>(support_size / kSupportPerSweep, kMostSweeps)));
}

}  // namespace

bool GramSolver::sweep(const ConstVec& l1, const ConstVec& l2) {
  bool support_changed = false;
  for (Index j = 0; j < size(); ++j) {
    const double old = v_[j];
    if (old == 0 && std::abs(c_[j]) <= l1[j]) continue;
    const double curvature = diagonal_[j] + l2[j];
    double now = 0;
    if (std::isfinite(l1[j]) && std::isfinite(l2[j]) && curvature > 0) {
      now = shrink(c_[j] + diagonal_[j] * old, l1[j]) / curvature;
    }
    if (now == old) continue;
    support_changed = support_changed || sign(now) != sign(old);
    c_ -= (now - old) * column(j);
    v_[j] = now;
  }
  return support_changed;
}

/// Sweeps over the support with correlations of its columns alone, extrapolated now and then, until signs have settled.
void GramSolver::sweep_support(int sweeps, const ConstVec& l1, const ConstVec& l2) {
  const Columns active = support(v_);
  const Vector before = v_;
  GramSolver part(monitor_);
  const Index k = static_cast<Index>(active.size());
  part.append(Matrix(0, k), submatrix(G_, active), Vector::Zero(k));
  part.set_state(gather(v_, active), gather(c_, active));
  const Vector part_l1 = gather(l1, active), part_l2 = gather(l2, active);
  Extrapolation extrapolation(k);
  for (int i = 0; i < sweeps; ++i) {
    monitor_.poll();
    if (!part.sweep(part_l1, part_l2)) break;
    if (extrapolation.add(part.v())) part.try_point(extrapolation.point(), part_l1, part_l2);
  }
  for (Index i = 0; i < k; ++i) v_[active[static_cast<size_t>(i)]] = part.v()[i];
  c_ -= times_gram(v_ - before);
}

/// Goes to `point`, up to where signs are lost, if the model is lower there.
void GramSolver::try_point(const ConstVec& point, const ConstVec& l1, const ConstVec& l2) {
  if (!point.allFinite()) return;
  const Vector reached = stopped_at_kinks(point, v_, l1), change = reached - v_;
  double terms = 0;
  for (Index i = 0; i < size(); ++i) {
    const double from = std::abs(v_[i]), to = std::abs(reached[i]);
    if (to != from) terms += (to - from) * (l1[i] + 0.5 * l2[i] * (to + from));
  }
  const Vector image = times_gram(change);
  if (!(change.dot(0.5 * image - c_) + terms < 0)) return;
  v_ = reached;
  c_ -= image;
}

bool GramSolver::factorise_support(const ConstVec& l1, const ConstVec& l2) {
  at_rest_.clear();
  const Columns active = support(v_);
  const bool definite = (gather(l2, active).array() >= 0).all();
  if (factor_.follow(G_, l2, active, definite)) return true;
  if (!definite) {
    factor_.clear();
    return false;
  }
  const Vector before = v_;
  std::vector<char> taken(static_cast<size_t>(size()), 0);
  for (const Index j : factor_.columns()) taken[static_cast<size_t>(j)] = 1;
  for (const Index j : active) {
    monitor_.poll();
    while (!taken[static_cast<size_t>(j)] && v_[j] != 0 && !factor_.append(G_, l2[j], j)) {
      leave_null_direction(j, l1);
    }
  }
  c_ -= times_gram(v_ - before);  // the fit stood still to working precision only
  return true;
}

void GramSolver::leave_null_direction(Index j, const ConstVec& l1) {
  // Column j is a combination of the others: along d = (-A^-1 cross, 1) the fit stands still and the objective is
  // linear, so one of the two senses does not increase it. Go there until a coordinate reaches zero.
  const Columns& independent = factor_.columns();
  Vector d = -factor_.solve(gather(G_.col(j), independent));
  double slope = l1[j] * sign(v_[j]) - c_[j];
  for (size_t i = 0; i < independent.size(); ++i) {
    const Index a = independent[i];
    slope += d[static_cast<Index>(i)] * (l1[a] * sign(v_[a]) - c_[a]);
  }
  const bool level = std::abs(slope) <= kCorrelationNoise * (1 + d.lpNorm<1>());
  const double sense = level ? -sign(v_[j]) : -sign(slope);
  double step = kInfinity;
  Index stopped = -1;
  const auto consider = [&](Index a, double rate) {
    const bool may_change_sign = l1[a] == 0 && a != j;
    if (!may_change_sign && v_[a] * rate < 0 && -v_[a] / rate < step) {
      step = -v_[a] / rate;
      stopped = a;
    }
  };
  consider(j, sense);
  for (size_t i = 0; i < independent.size(); ++i) consider(independent[i], sense * d[static_cast<Index>(i)]);
  if (stopped == -1) {  // nothing bounds the move, so the slope was rounding
    step = -std::abs(v_[j]);
    stopped = j;
  }
  for (size_t i = 0; i < independent.size(); ++i) v_[independent[i]] += step * sense * d[static_cast<Index>(i)];
  v_[j] += step * sense;
  v_[stopped] = 0;
  if (level) at_rest_.push_back(stopped);
  const auto place = std::find(independent.begin(), independent.end(), stopped);
  if (place != independent.end()) factor_.remove(place - independent.begin());
}

bool GramSolver::step_on_support(const ConstVec& direction, const ConstVec& l1, Vector& downhill) {
  const Columns& active = factor_.columns();
  double reach = 1;
  Columns crossing;
  Index first = -1;
  const auto crosses = [&](Index i, double length) {
    const Index j = active[static_cast<size_t>(i)];
    return l1[j] > 0 && v_[j] * (v_[j] + length * direction[i]) <= 0;
  };
  for (Index i = 0; i < direction.size(); ++i) {
    const Index j = active[static_cast<size_t>(i)];
    if (!crosses(i, 1) || !(-v_[j] / direction[i] < reach)) continue;
    reach = -v_[j] / direction[i];
    first = i;
  }
  // The equations are H direction = downhill. A step `length` with the coordinates that would change sign stopped at
  // zero, and what it takes off downhill: only the columns of those coordinates enter.
  Vector change, taken_off;
  const auto try_step = [&](double length) {
    change = length * direction;
    taken_off = length * gather(downhill, active);
    for (Index i = 0; i < direction.size(); ++i) {
      if (i != first && !crosses(i, length)) continue;
      const Index j = active[static_cast<size_t>(i)];
      const double stopped = -v_[j] - change[i];
      change[i] = -v_[j];
      taken_off += stopped * gather(G_.col(j), active);
      taken_off[i] += stopped * factor_.shift(i);
    }
    return change.dot(0.5 * taken_off - gather(downhill, active)) < 0;
  };
  if (first < 0) {
    for (Index i = 0; i < direction.size(); ++i) v_[active[static_cast<size_t>(i)]] += direction[i];
    return true;
  }
  double length = 1;
  while (length > 0.2 && length > reach && !try_step(length)) length *= 0.5;
  if (!(length > 0.2 && length > reach)) try_step(reach);
  for (Index i = 0; i < direction.size(); ++i) {
    const Index j = active[static_cast<size_t>(i)];
    v_[j] = change[i] == -v_[j] ? 0.0 : v_[j] + change[i];
    downhill[j] -= taken_off[i];
  }
  return false;
}

bool GramSolver::finish_on_support(const ConstVec& l1, const ConstVec& l2) {
  if (!factorise_support(l1, l2)) return false;
  for (int refinement = 0; refinement < kMostRefinements; ++refinement) {
    const Vector start = v_;
    Vector downhill = Vector::Zero(size());
    for (const Index j : factor_.columns()) downhill[j] = c_[j] - l1[j] * sign(v_[j]) - l2[j] * v_[j];
    if (refinement > 0 && downhill.lpNorm<Eigen::Infinity>() <= kCorrelationNoise / 16) break;
    while (!step_on_support(factor_.solve(gather(downhill, factor_.columns())), l1, downhill)) {
      monitor_.poll();
      at_rest_.clear();
      if (!factor_.follow(G_, l2, support(v_), true) || factor_.columns().empty()) break;
    }
    c_ -= times_gram(v_ - start);
  }
  return true;
}

/// How many zeros are not stationary.
Index GramSolver::violators(const ConstVec& l1, const ConstVec& l2) const {
  Index count = 0;
  for (Index j = 0; j < size(); ++j) {
    if (v_[j] != 0 || !std::isfinite(l2[j]) || !(diagonal_[j] > 0)) continue;
    if (!(std::abs(c_[j]) > l1[j] * (1 + 1e-13) + kCorrelationNoise)) continue;
    if (std::find(at_rest_.begin(), at_rest_.end(), j) == at_rest_.end()) ++count;
  }
  return count;
}

/// From a support whose factor is there, as from one point of a path to the next: the solution of its equations, which
/// is linear in the level, tells how many other columns must enter. True where they are few.
bool GramSolver::predict(const ConstVec& l1, const ConstVec& l2) {
  const Columns active = support(v_);
  // An infinite weight takes a coordinate out, which is what sweeps are for.
  if ((l2.array() < 0).any() || !gather(l1, active).allFinite() || !factor_.is_of(active, l2)) return false;
  if (!finish_on_support(l1, l2)) return false;
  return kFew * violators(l1, l2) <= static_cast<Index>(active.size());
}

bool GramSolver::solve(const ConstVec& l1, const ConstVec& l2, double) {
  const bool predicted = predict(l1, l2);
  for (int round = 0; round < kMaxRounds; ++round) {
    const Index support_size = static_cast<Index>(support(v_).size());
    const int sweeps = predicted && round < kFewRounds ? kLeastSweeps : sweeps_before_newton(support_size);
    const bool apart = support_size >= kSweptApart && sweeps > kLeastSweeps;
    for (int i = 0; i < (apart ? 1 : sweeps); ++i) {
      monitor_.poll();
      if (!sweep(l1, l2)) break;
    }
    if (apart) sweep_support(sweeps, l1, l2);
    if (!finish_on_support(l1, l2)) return false;
    // On the support the equations now hold to rounding; what is left to check is the zeros.
    if (violators(l1, l2) == 0) return true;
  }
  return false;
}

Vector GramSolver::null_direction(Index j) const {
  Vector direction = scatter(-factor_.solve(gather(G_.col(j), factor_.columns())), factor_.columns(), size());
  direction[j] = 1;
  return direction;
}

bool GramSolver::concave_direction(const ConstVec&, const ConstVec& l2, Vector& direction) {
  // One factor serves many moves: as long as the directions it gives, for the terms of then, are concave now.
  if (!factor_.keep_support(v_)) dependent_.clear();
  while (!dependent_.empty()) {
    const Index j = dependent_.back();
    if (v_[j] != 0 && !factor_.has(j)) {
      direction = null_direction(j);
      // d'(G + H) d: the equations that the factor solves leave of G the column of j.
      double bend = G_(j, j) + l2[j];
      for (size_t i = 0; i < factor_.columns().size(); ++i) {
        const Index a = factor_.columns()[i];
        bend += (G_(a, j) + (l2[a] - factor_.shift(static_cast<Index>(i))) * direction[a]) * direction[a];
      }
      if (bend <= 0) return true;
      factor_.append(G_, l2[j], j);
    }
    dependent_.pop_back();
  }
  if (factor_.follow(G_, l2, support(v_), true)) return false;
  dependent_ = factor_.failed();
  std::reverse(dependent_.begin(), dependent_.end());
  direction = null_direction(dependent_.back());
  return true;
}

void GramSolver::settle_once(const std::vector<char>& movable, const Prox& prox) {
  for (Index i = 0; i < size(); ++i) {
    if (!movable[static_cast<size_t>(i)]) continue;
    const double settled = prox(i, v_[i] + c_[i] / diagonal_[i], diagonal_[i]);
    if (settled == v_[i]) continue;
    c_ -= (settled - v_[i]) * column(i);
    v_[i] = settled;
  }
}

}  // namespace pyreweight
