// What ColumnSolver does on the support: conjugate gradients for the equations of stationarity and for a direction
// without positive curvature.
#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/column_solver.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/signs.hpp"

namespace pyreweight {
namespace {

constexpr int kMostRefinements = 3;     // of the equations on the support, from a renewed residual
constexpr int kMostGradients = 500;     // conjugate gradients between two looks at the zeros
constexpr double kForcing = 0.1;        // of the error at hand, what is left of it before the next look at the signs
constexpr double kNoCurvature = 1e-14;  // of a direction relative to its length: none
constexpr double kSearch = 1e-4;        // residual at which the search for a concave direction ends

}  // namespace

/// Goes from v along `direction` on the support; coordinates that would lose their sign stop at zero. True where none
/// does. The model cannot rise.
bool ColumnSolver::step_on_support(const Columns& active, const ConstVec& direction, const ConstVec& downhill,
                                   const ConstVec& l1, const ConstVec& l2) {
  const Index k = static_cast<Index>(active.size());
  double reach = std::numeric_limits<double>::infinity();
  Index first = -1;
  for (Index i = 0; i < k; ++i) {
    const Index a = active[static_cast<size_t>(i)];
    if (!(l1[a] > 0) || !(v_[a] * direction[i] < 0) || !(-v_[a] / direction[i] < reach)) continue;
    reach = -v_[a] / direction[i];
    first = i;
  }
  const Vector from = gather(v_, active), curvature = gather(l2, active);
  Vector change;
  const auto stopped_step = [&](double length) {
    change = length * direction;
    for (Index i = 0; i < k; ++i) {
      const Index a = active[static_cast<size_t>(i)];
      const bool stops = l1[a] > 0 && from[i] * (from[i] + change[i]) <= 0;
      if (stops || (length == reach && i == first)) change[i] = -from[i];
    }
  };
  if (reach > 1) {
    change = direction;
  } else {
    double length = 1;
    for (; length > 0.2 && length > reach; length *= 0.5) {
      stopped_step(length);
      const Vector moved = columns_.image(scatter(change, active, size()));
      const double square = moved.cwiseAbs2().dot(columns_.row_weights());
      if (0.5 * (square + change.cwiseAbs2().dot(curvature)) < change.dot(downhill)) break;
    }
    if (!(length > 0.2 && length > reach)) stopped_step(reach);
  }
  for (Index i = 0; i < k; ++i) {
    v_[active[static_cast<size_t>(i)]] = change[i] == -from[i] ? 0.0 : from[i] + change[i];
  }
  residual_current_ = false;
  return reach > 1;
}

/// Solves the equations of stationarity on the support by conjugate gradients, until a sign would change.
ColumnSolver::Reached ColumnSolver::finish_on_support(const ConstVec& l1, const ConstVec& l2, const ConstVec& allowed) {
  for (int refinement = 0; refinement < kMostRefinements; ++refinement) {
    const Columns active = support(v_);
    if (active.empty()) return Reached::solution;
    renew_residual();
    const Index k = static_cast<Index>(active.size());
    const SupportColumns Z(columns_, active);
    Vector downhill = Z.products(columns_.weighted_residual(), problem_.monitor), scale(k), bound(k);
    for (Index i = 0; i < k; ++i) {
      const Index a = active[static_cast<size_t>(i)];
      downhill[i] -= l1[a] * sign(v_[a]) + l2[a] * v_[a];
      const double curvature = diagonal(a) + l2[a];
      if (!(curvature > 0)) return Reached::indefinite;
      scale[i] = 1 / curvature;
      bound[i] = allowed[a];
    }
    const Vector curvature = gather(l2, active), at = gather(v_, active), weight = gather(l1, active);
    const bool may_be_indefinite = (curvature.array() < 0).any();
    // A residual within `factor` times the bounds.
    const auto excess = [&](const Vector& r) { return (r.cwiseAbs().array() / bound.array()).maxCoeff(); };
    double error = excess(downhill), look = kForcing * error;
    if (error <= 1) return Reached::solution;
    Vector x = Vector::Zero(k), r = downhill, p = scale.cwiseProduct(r);
    double rho = r.dot(p);
    bool crossed = false;
    for (int iteration = 0; iteration < kMostGradients && !crossed; ++iteration) {
      problem_.monitor.poll();
      const Vector moved = Z.image(p, problem_.monitor).cwiseProduct(columns_.row_weights());
      const Vector q = Z.products(moved, problem_.monitor) + curvature.cwiseProduct(p);
      const double bend = p.dot(q), length = p.cwiseAbs2().dot(scale.cwiseInverse());
      if (bend <= kNoCurvature * length) {
        if (may_be_indefinite) return Reached::indefinite;
        // Along a null direction the model is linear, and falls until a sign is lost.
        if (iteration > 0) break;
        const double far = 2 * at.cwiseAbs().maxCoeff() / std::max(p.cwiseAbs().minCoeff(), 1e-300);
        x = std::min(far, 1e8) * p;
        crossed = true;
        break;
      }
      const double step = rho / bend;
      x += step * p;
      r -= step * q;
      error = excess(r);
      if (error <= std::max(0.5, look)) {
        look = kForcing * error;
        crossed = ((at + x).cwiseProduct(at).array() <= 0 && weight.array() > 0).any();
        if (error <= 0.5) break;
      }
      const Vector z = scale.cwiseProduct(r);
      const double next = r.dot(z);
      p = z + (next / rho) * p;
      rho = next;
    }
    if (!step_on_support(active, x, downhill, l1, l2)) return Reached::boundary;
  }
  return Reached::solution;
}

bool ColumnSolver::concave_direction(const ConstVec&, const ConstVec& l2, Vector& direction) {
  const Columns active = support(v_);
  const Index k = static_cast<Index>(active.size());
  const Vector shift = gather(l2, active);
  if (k == 0 || !(shift.minCoeff() < 0)) return false;
  // Conjugate gradients meet a direction without positive curvature once their space holds one. The coordinates with
  // the most concave terms are given the most weight in where they start.
  Vector r(k), scale(k);
  for (Index i = 0; i < k; ++i) {
    const double g = diagonal(active[static_cast<size_t>(i)]), own = g + shift[i];
    if (!(own > 0)) {
      direction = Vector::Zero(size());
      direction[active[static_cast<size_t>(i)]] = 1;
      return true;
    }
    scale[i] = 1 / own;
    r[i] = (i % 2 == 0 ? 1.0 : -0.5) * (0.1 + std::max(0.0, -shift[i]) / g);
  }
  const SupportColumns Z(columns_, active);
  const double start = r.norm();
  Vector p = scale.cwiseProduct(r);
  double rho = r.dot(p);
  for (int iteration = 0; iteration < kMostGradients && r.norm() > kSearch * start; ++iteration) {
    problem_.monitor.poll();
    const Vector moved = Z.image(p, problem_.monitor).cwiseProduct(columns_.row_weights());
    const Vector q = Z.products(moved, problem_.monitor) + shift.cwiseProduct(p);
    const double bend = p.dot(q);
    if (bend <= kNoCurvature * p.cwiseAbs2().dot(scale.cwiseInverse())) {
      direction = scatter(p, active, size());
      return true;
    }
    r -= rho / bend * q;
    const Vector z = scale.cwiseProduct(r);
    const double next = r.dot(z);
    p = z + (next / rho) * p;
    rho = next;
  }
  return false;
}

}  // namespace pyreweight
