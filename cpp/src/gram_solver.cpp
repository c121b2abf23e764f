#include "pyreweight/gram_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
constexpr int kSweepsPerRound = 3;

double soft_threshold(double z, double level) { return z > level ? z - level : z < -level ? z + level : 0.0; }

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

}  // namespace

void GramSolver::set_state(const ConstVec& v, const ConstVec& correlations) {
  v_ = v;
  c_ = correlations;
}

void GramSolver::append(const Matrix& cross, const Matrix& own, const ConstVec& correlations) {
  const Index k = size(), m = own.cols();
  G_.conservativeResize(k + m, k + m);
  G_.topRightCorner(k, m) = cross;
  G_.bottomLeftCorner(m, k) = cross.transpose();
  G_.bottomRightCorner(m, m) = own;
  v_.conservativeResize(k + m);
  v_.tail(m).setZero();
  c_.conservativeResize(k + m);
  c_.tail(m) = correlations;
}

Vector GramSolver::times_gram(const ConstVec& x) const {
  Vector out = Vector::Zero(size());
  for (Index j = 0; j < x.size(); ++j) {
    if (x[j] != 0) out += x[j] * G_.col(j);
  }
  return out;
}

bool GramSolver::sweep(const ConstVec& l1, const ConstVec& l2) {
  bool support_changed = false;
  for (Index j = 0; j < size(); ++j) {
    const double old = v_[j];
    if (old == 0 && std::abs(c_[j]) <= l1[j]) continue;
    const double curvature = G_(j, j) + l2[j];
    double now = 0;
    if (std::isfinite(l1[j]) && std::isfinite(l2[j]) && curvature > 0) {
      now = soft_threshold(c_[j] + G_(j, j) * old, l1[j]) / curvature;
    }
    if (now == old) continue;
    support_changed = support_changed || sign(now) != sign(old);
    c_ -= (now - old) * G_.col(j);
    v_[j] = now;
  }
  return support_changed;
}

bool GramSolver::factorise_support(Columns& active, const ConstVec& l1, const ConstVec& l2) {
  Matrix H = submatrix(G_, active);
  for (Index i = 0; i < H.cols(); ++i) H(i, i) += l2[active[i]];
  if (factor_.assign(H, monitor_)) return true;
  factor_.clear();
  if ((gather(l2, active).array() < 0).any()) return false;
  Columns independent;
  for (size_t next = 0; next < active.size(); ++next) {
    monitor_.poll();
    const Index j = active[next];
    Vector cross = gather(G_.col(j), independent);
    while (v_[j] != 0 && !factor_.append(cross, G_(j, j) + l2[j])) {
      // Column j is a combination of the others: along d = (-A^-1 cross, 1) the fit stands still and the objective is
      // linear, so one of the two senses does not increase it. Go there until a coordinate reaches zero.
      Vector d = -factor_.solve(cross);
      double slope = l1[j] * sign(v_[j]) - c_[j];
      for (size_t i = 0; i < independent.size(); ++i) {
        const Index a = independent[i];
        slope += d[i] * (l1[a] * sign(v_[a]) - c_[a]);
      }
      const double sense = slope > 0 ? -1.0 : slope < 0 ? 1.0 : -sign(v_[j]);
      double step = std::numeric_limits<double>::infinity();
      Index stopped = -1;  // position in independent, or -2 for j itself
      const auto consider = [&](double value, double rate, Index who) {
        if (value * rate < 0 && -value / rate < step) {
          step = -value / rate;
          stopped = who;
        }
      };
      consider(v_[j], sense, -2);
      for (size_t i = 0; i < independent.size(); ++i) consider(v_[independent[i]], sense * d[i], static_cast<Index>(i));
      if (stopped == -1) {  // nothing bounds the move: only unpenalised columns are involved, and j can be spared
        step = std::abs(v_[j]);
        stopped = -2;
        d *= -sign(v_[j]) * sense;
      }
      for (size_t i = 0; i < independent.size(); ++i) v_[independent[i]] += step * sense * d[i];
      v_[j] += step * sense;
      if (stopped == -2) {
        v_[j] = 0;
      } else {
        v_[independent[stopped]] = 0;
        factor_.remove(stopped);
        independent.erase(independent.begin() + stopped);
        cross = gather(G_.col(j), independent);
      }
    }
    if (v_[j] != 0) independent.push_back(j);
  }
  active = independent;
  return true;
}

bool GramSolver::finish_on_support(const ConstVec& l1, const ConstVec& l2) {
  const Vector q = c_ + times_gram(v_);
  Columns active = support(v_);
  if (!factorise_support(active, l1, l2)) return false;
  while (!active.empty()) {
    const Index k = static_cast<Index>(active.size());
    Vector target(k);
    for (Index i = 0; i < k; ++i) target[i] = q[active[i]] - l1[active[i]] * sign(v_[active[i]]);
    target = factor_.solve(target);
    double step = 1;
    Index crossing = -1;
    for (Index i = 0; i < k; ++i) {
      const double from = v_[active[i]];
      if (l1[active[i]] > 0 && from * target[i] <= 0) {
        const double reach = from / (from - target[i]);
        if (reach < step) {
          step = reach;
          crossing = i;
        }
      }
    }
    for (Index i = 0; i < k; ++i) {
      double& v = v_[active[i]];
      v = crossing < 0 ? target[i] : v + step * (target[i] - v);
    }
    if (crossing < 0) break;
    v_[active[crossing]] = 0;
    factor_.remove(crossing);
    active.erase(active.begin() + crossing);
    monitor_.poll();
  }
  c_ = q - times_gram(v_);
  return true;
}

bool GramSolver::solve(const ConstVec& l1, const ConstVec& l2) {
  for (int round = 0; round < kMaxRounds; ++round) {
    for (int i = 0; i < kSweepsPerRound; ++i) {
      monitor_.poll();
      if (!sweep(l1, l2)) break;
    }
    if (!finish_on_support(l1, l2)) return false;
    // On the support the equations now hold to rounding; what is left to check is the zeros.
    bool optimal = true;
    for (Index j = 0; j < size() && optimal; ++j) {
      if (v_[j] != 0 || !std::isfinite(l2[j]) || !(G_(j, j) > 0)) continue;
      optimal = std::abs(c_[j]) <= l1[j] * (1 + 1e-13) + kCorrelationNoise;
    }
    if (optimal) return true;
  }
  return false;
}

bool GramSolver::concave_direction(const ConstVec& curvature, Vector& direction) {
  const Columns active = support(v_);
  Matrix H = submatrix(G_, active);
  H.diagonal() += gather(curvature, active);
  if (factor_.assign(H, monitor_)) return false;
  factor_.clear();
  for (size_t i = 0; i < active.size(); ++i) {
    monitor_.poll();
    const Index j = active[i];
    const Columns before(active.begin(), active.begin() + static_cast<std::ptrdiff_t>(i));
    const Vector cross = gather(G_.col(j), before);
    if (factor_.append(cross, G_(j, j) + curvature[j])) continue;
    direction = scatter(-factor_.solve(cross), before, size());
    direction[j] = 1;
    return true;
  }
  return false;
}

void GramSolver::move(double step, const ConstVec& direction) {
  v_ += step * direction;
  c_ -= step * times_gram(direction);
}

double GramSolver::loss_change(double step, const ConstVec& direction) const {
  return step * (0.5 * step * direction.dot(times_gram(direction)) - c_.dot(direction));
}

}  // namespace pyreweight
