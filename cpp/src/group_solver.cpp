#include "pyreweight/group_solver.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
constexpr int kSweeps = 5;           // between two looks at the support
constexpr int kMostNewton = 30;      // steps on one support
constexpr int kPowers = 500;         // iterations in search of a concave direction
constexpr int kMostSecular = 100;    // Newton's steps for the norm of a group
constexpr double kVanishing = 1e-2;  // of its norm, what a step leaves of a group that is on its way to zero
constexpr Index kLargest = 250;  // group whose eigenvectors are computed, which takes 10 k^3 operations at a stretch
constexpr double kNull = 4 * std::numeric_limits<double>::epsilon();  // eigenvalues of a block that count as 0
constexpr double kFlat = 1e-10;        // of the largest curvature, one that counts as none
constexpr double kRounding = 1e-14;    // of the objective
constexpr double kLeastRidge = 1e-11;  // of the diagonal, to make a singular system definite

/// argmin over y of 1/2 y'diag(d) y - b'y + l1 ||y|| near the origin; false where there is none. With t = ||y|| it is
/// y = (diag(d) + l1 / t)^-1 b, and 1 / ||(t diag(d) + l1)^-1 b||, which should be 1, is concave in t: Newton's steps
/// from the left never pass the root.
bool shrink(const Vector& d, const Vector& b, double l1, Vector& y) {
  y = Vector::Zero(b.size());
  const double size = b.stableNorm();
  if (!(size > l1)) return true;
  double t = std::max(0.0, (size - l1) / std::max(d.maxCoeff(), std::numeric_limits<double>::min()));
  if (d.minCoeff() < 0 || !std::isfinite(t)) t = 0;
  // Entries without b are 0 whatever d, which may be 0 there with an l1 of 0.
  const auto divided_by_slack = [&](const Vector& x) -> Vector {
    return (b.array() != 0).select(x.array() / (t * d.array() + l1), 0.0);
  };
  for (int i = 0; i < kMostSecular; ++i) {
    if (((t * d.array() + l1) <= 0 && b.array() != 0).any()) return false;
    const Vector scaled = divided_by_slack(b);
    const double chord = 1 / scaled.stableNorm();
    const double rise = chord * chord * chord * scaled.dot(divided_by_slack(scaled.cwiseProduct(d)));
    const double step = (1 - chord) / rise;
    if (!(rise > 0) || !std::isfinite(step)) return false;
    t += std::max(0.0, step);
    if (step <= 2 * std::numeric_limits<double>::epsilon() * t) break;
  }
  y = t * divided_by_slack(b);
  return y.allFinite();
}

}  // namespace

void GroupSolver::know_blocks() {
  Index begin = unit_.size();
  unit_.conservativeResize(size());
  for (Index i = begin; i < size(); ++i) unit_[i] = regularizer_.relative_units()[working_[static_cast<size_t>(i)]];
  while (begin < size()) {
    const Groups& groups = regularizer_.groups();
    const Index group = groups.of(working_[static_cast<size_t>(begin)]);
    Block block{begin, static_cast<Index>(groups.members(group).size()), {}, {}};
    Matrix own = G_.block(begin, begin, block.size, block.size);
    if (block.size == 1) {
      block.values = own.col(0);
    } else {
      const Vector inverse = unit_.segment(begin, block.size).cwiseInverse();
      own = inverse.asDiagonal() * own * inverse.asDiagonal();
    }
    if (block.size > kLargest) {
      block.values = Vector::Constant(block.size, own.cwiseAbs().rowwise().sum().maxCoeff());
    } else if (block.size > 1) {
      const Eigen::SelfAdjointEigenSolver<Matrix> solver(own);
      block.vectors = solver.eigenvectors();
      block.values = solver.eigenvalues();
      const double noise = kNull * static_cast<double>(block.size) * block.values.maxCoeff();
      for (double& value : block.values) value = value > noise ? value : 0.0;
    }
    block_of_.insert(block_of_.end(), static_cast<size_t>(block.size), static_cast<Index>(blocks_.size()));
    begin += block.size;
    blocks_.push_back(std::move(block));
  }
}

void GroupSolver::set_state(const ConstVec& v, const ConstVec& correlations) {
  GramForm::set_state(v, correlations);
  know_blocks();
}

Vector GroupSolver::in_units(const Block& block, const ConstVec& v) const {
  return v.segment(block.begin, block.size).cwiseProduct(unit_.segment(block.begin, block.size));
}

double GroupSolver::diagonal(Index i) const {
  const Block& block = blocks_[static_cast<size_t>(block_of_[static_cast<size_t>(i)])];
  if (block.size == 1) return G_(i, i);
  const double scale = unit_[i] * unit_[i], length = norm(block);
  if (length == 0) return scale * block.values.maxCoeff();
  return scale * block.to_axes(in_units(block, v_) / length).cwiseAbs2().dot(block.values);
}

Vector GroupSolver::target(const Block& block) const {
  const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
  return c + block.from_axes(block.values.cwiseProduct(block.to_axes(in_units(block, v_))));
}

void GroupSolver::place(const Block& block, const ConstVec& x) {
  const Vector now = x.cwiseQuotient(unit_.segment(block.begin, block.size));
  const Vector change = now - v_.segment(block.begin, block.size);
  if (change.isZero(0)) return;
  c_.noalias() -= G_.middleCols(block.begin, block.size) * change;
  v_.segment(block.begin, block.size) = now;
}

/// False where the model of a group has no minimum.
bool GroupSolver::sweep(const ConstVec& l1, const ConstVec& l2, bool& support_changed) {
  support_changed = false;
  for (const Block& block : blocks_) {
    const double unit = unit_[block.begin], a = l1[block.begin] / unit, b = l2[block.begin] / (unit * unit);
    const bool was = norm(block) > 0;
    if (!was) {
      const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
      if (!(c.stableNorm() > a)) continue;
    }
    Vector y = Vector::Zero(block.size);
    if (was && block.size > kLargest) {  // steps alone would take it to zero slowly
      const auto own = G_.block(block.begin, block.begin, block.size, block.size);
      const Vector at_zero = c_.segment(block.begin, block.size) + own * v_.segment(block.begin, block.size);
      if (at_zero.cwiseQuotient(unit_.segment(block.begin, block.size)).stableNorm() <= a) {
        place(block, y);
        support_changed = true;
        continue;
      }
    }
    const Vector curvature = block.values.array() + b;
    if (std::isfinite(a) && std::isfinite(b) && curvature.maxCoeff() > 0) {
      const Vector right = target(block);
      if (block.size == 1) {
        if (!(curvature[0] > 0)) return false;
        y[0] = std::copysign(std::max(0.0, std::abs(right[0]) - a) / curvature[0], right[0]);
      } else {
        Vector along = block.to_axes(right);
        for (Index i = 0; i < block.size; ++i) along[i] = block.values[i] > 0 ? along[i] : 0.0;  // rounding
        if (!shrink(curvature, along, a, y)) return false;
        y = block.from_axes(y);
      }
    }
    place(block, y);
    support_changed = support_changed || was != (norm(block) > 0);
  }
  return true;
}

Columns GroupSolver::active() const {
  Columns out;
  for (const Block& block : blocks_) {
    if (norm(block) == 0) continue;
    for (Index i = 0; i < block.size; ++i) out.push_back(block.begin + i);
  }
  return out;
}

Vector GroupSolver::downhill(const ConstVec& l1, const ConstVec& l2) const {
  Vector out = Vector::Zero(size());
  for (const Block& block : blocks_) {
    const double unit = unit_[block.begin], length = norm(block);
    if (length == 0) continue;
    const double pull = (l1[block.begin] / unit) / length + l2[block.begin] / (unit * unit);
    for (Index i = block.begin; i < block.begin + block.size; ++i) out[i] = c_[i] - pull * unit_[i] * unit_[i] * v_[i];
  }
  return out;
}

Matrix GroupSolver::system(const Columns& active, const ConstVec& l1, const ConstVec& l2) const {
  Matrix out = submatrix(G_, active);
  const Vector unit = gather(unit_, active), v = gather(v_, active);
  for (size_t i = 0; i < active.size();) {
    const Block& block = blocks_[static_cast<size_t>(block_of_[static_cast<size_t>(active[i])])];
    const double first = unit_[block.begin], b = l2[block.begin] / (first * first);
    Columns places;
    for (Index k = 0; k < block.size; ++k) places.push_back(static_cast<Index>(i) + k);
    add_norm_hessian(places, unit, v, (l1[block.begin] / first) / norm(block) + b, b, out);
    i += static_cast<size_t>(block.size);
  }
  return out;
}

double GroupSolver::terms(const ConstVec& v, const ConstVec& l1, const ConstVec& l2) const {
  double sum = 0;
  for (const Block& block : blocks_) {
    const double unit = unit_[block.begin], length = in_units(block, v).stableNorm();
    if (length > 0) sum += length * (l1[block.begin] / unit + 0.5 * (l2[block.begin] / (unit * unit)) * length);
  }
  return sum;
}

/// Newton steps on the groups that are not zero, until one of them would vanish.
GroupSolver::Reached GroupSolver::finish_on_support(const ConstVec& l1, const ConstVec& l2, const ConstVec& allowed) {
  const Columns on = active();
  if (on.empty()) return Reached::solution;
  const bool convex = gather(l2, on).minCoeff() >= 0;
  double before = kInfinity;
  bool resolved = true;  // whether the last step changed the objective by more than rounding
  for (int iteration = 0; iteration < kMostNewton; ++iteration) {
    monitor_.poll();
    const Vector right = downhill(l1, l2);
    const double error = right.cwiseAbs().cwiseQuotient(allowed).maxCoeff();
    if (error <= 1e-2 || ((error <= 1 || !resolved) && error > 0.5 * before)) return Reached::solution;
    before = error;
    Vector step;
    const Matrix form = system(on, l1, l2);
    const double diagonal = form.diagonal().maxCoeff();
    bool solved = false;
    for (double ridge = 0; !solved && ridge < 1e-3; ridge = std::max(kLeastRidge, 100 * ridge)) {
      Matrix shifted = form;
      shifted.diagonal().array() += ridge * diagonal;
      solved = solve_positive_definite(shifted, gather(right, on), step, monitor_);
      if (!solved && !convex) return Reached::indefinite;
    }
    if (!solved) return Reached::boundary;
    const Vector direction = scatter(step, on, size());
    const double slope = right.dot(direction), start = terms(v_, l1, l2);
    double length = 1;
    for (; length > 1e-3; length *= 0.5) {
      const double change = loss_change(length, direction) + (terms(v_ + length * direction, l1, l2) - start);
      // Near the solution the objective no longer resolves a step; the next look at the residual does.
      resolved = std::abs(change) > kRounding * (1 + start);
      if (change < -1e-4 * length * slope || (length == 1 && !resolved)) break;
    }
    if (!(length > 1e-3)) return Reached::boundary;
    Vector lengths(static_cast<Index>(blocks_.size()));
    for (size_t g = 0; g < blocks_.size(); ++g) lengths[static_cast<Index>(g)] = norm(blocks_[g]);
    move(length, direction);
    for (size_t g = 0; g < blocks_.size(); ++g) {
      const double old = lengths[static_cast<Index>(g)];
      if (l1[blocks_[g].begin] > 0 && old > 0 && norm(blocks_[g]) < kVanishing * old) return Reached::boundary;
    }
  }
  return Reached::boundary;
}

bool GroupSolver::solve(const ConstVec& l1, const ConstVec& l2, double accuracy) {
  Vector allowed(size());
  for (Index i = 0; i < size(); ++i) {
    allowed[i] = kCorrelationNoise + (std::isfinite(l1[i]) ? std::max(accuracy, 1e-13) * l1[i] : 0.0);
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = true;
    for (int i = 0; i < kSweeps && changed; ++i) {
      monitor_.poll();
      if (!sweep(l1, l2, changed)) return false;
    }
    const Reached reached = finish_on_support(l1, l2, allowed);
    if (reached == Reached::indefinite) return false;
    if (reached == Reached::boundary) continue;
    bool optimal = true;
    for (const Block& block : blocks_) {
      if (!optimal || norm(block) > 0 || !(block.values.maxCoeff() > 0)) continue;
      const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
      const double unit = unit_[block.begin];
      optimal = c.stableNorm() * unit <= l1[block.begin] * (1 + 1e-13) + kCorrelationNoise;
    }
    if (optimal) return true;
  }
  return false;
}

bool GroupSolver::concave_direction(const ConstVec& l1, const ConstVec& l2, Vector& direction) {
  const Columns on = active();
  if (on.empty() || gather(l2, on).minCoeff() >= 0) return false;
  const Matrix form = system(on, l1, l2);
  const double size = form.cwiseAbs().rowwise().sum().maxCoeff(), flat = kFlat * size;
  // Where the form is flat up to rounding, a group has no zero to be taken to as a column by itself has.
  Matrix factor = form;
  factor.diagonal().array() += flat;
  if (cholesky(factor, monitor_)) return false;
  Vector lowest = Vector::LinSpaced(form.cols(), 1, 2);  // any vector that is not orthogonal to the one looked for
  for (int i = 0; i < kPowers && !(lowest.dot(form * lowest) < -flat * lowest.squaredNorm()); ++i) {
    monitor_.poll();
    lowest = (size * lowest - form * lowest).normalized();
  }
  if (!(lowest.dot(form * lowest) < -flat * lowest.squaredNorm())) return false;
  direction = scatter(lowest, on, this->size());
  return true;
}

void GroupSolver::settle(const std::vector<char>& movable, const std::function<double(Index, double, double)>& prox) {
  for (const Block& block : blocks_) {
    if (!movable[static_cast<size_t>(block.begin)]) continue;
    const double g = block.values.maxCoeff(), unit = unit_[block.begin];
    if (!(g > 0)) continue;
    const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
    const Vector z = in_units(block, v_) + c / g;
    const double length = z.stableNorm();
    if (length == 0) continue;
    place(block, z * (prox(block.begin, length / unit, g * unit * unit) * unit / length));
  }
}

}  // namespace pyreweight
