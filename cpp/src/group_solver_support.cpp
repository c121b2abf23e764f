// What GroupSolver does on the groups that are not zero: Newton steps, and a direction without positive curvature.
#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/group_solver.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMostNewton = 30;        // steps on one support
constexpr double kVanishing = 1e-2;    // of its norm, what a step leaves of a group that is on its way to zero
constexpr double kRounding = 1e-14;    // of the objective
constexpr double kLeastFall = 1e-12;   // of an objective near 1, that a step promises
constexpr double kLeastRidge = 1e-11;  // of the curvature, to make a singular system definite

}  // namespace

GroupSystem GroupSolver::system(const ConstVec& l1, const ConstVec& l2) {
  std::vector<GroupBend> bends;
  for (GroupBlock& block : blocks_) {
    const Vector x = in_units(block, v_);
    const double length = x.stableNorm(), unit = unit_[block.begin], radial = l2[block.begin] / (unit * unit);
    if (length > 0) bends.push_back({&block, x / length, l1[block.begin] / unit / length + radial, radial});
  }
  return {design_, working_, G_, unit_, rows_, std::move(bends), monitor_};
}

Vector GroupSolver::downhill(const ConstVec& l1, const ConstVec& l2) const {
  Vector out = Vector::Zero(size());
  for (const GroupBlock& block : blocks_) {
    const double unit = unit_[block.begin], length = norm(block);
    if (length == 0) continue;
    const double pull = (l1[block.begin] / unit) / length + l2[block.begin] / (unit * unit);
    for (Index i = block.begin; i < block.begin + block.size; ++i) out[i] = c_[i] - pull * unit_[i] * unit_[i] * v_[i];
  }
  return out;
}

double GroupSolver::terms(const ConstVec& v, const ConstVec& l1, const ConstVec& l2) const {
  double sum = 0;
  for (const GroupBlock& block : blocks_) {
    const double unit = unit_[block.begin], length = in_units(block, v).stableNorm();
    if (length > 0) sum += length * (l1[block.begin] / unit + 0.5 * (l2[block.begin] / (unit * unit)) * length);
  }
  return sum;
}

/// Newton steps on the groups that are not zero, until one of them would vanish.
GroupSolver::Reached GroupSolver::finish_on_support(const ConstVec& l1, const ConstVec& l2, const ConstVec& allowed) {
  double before = kInfinity;
  bool resolved = true;  // whether the last step changed the objective by more than rounding
  for (int iteration = 0; iteration < kMostNewton; ++iteration) {
    monitor_.poll();
    const GroupSystem form = system(l1, l2);
    const Columns& on = form.coordinates();
    if (on.empty()) return Reached::solution;
    const bool convex = gather(l2, on).minCoeff() >= 0;
    const Vector right = downhill(l1, l2);
    const double error = right.cwiseAbs().cwiseQuotient(allowed).maxCoeff();
    if (error <= 1e-2 || ((error <= 1 || !resolved) && error > 0.5 * before)) return Reached::solution;
    const bool stuck = error > 0.5 * before;
    before = error;
    Vector step;
    bool solved = false;
    for (double ridge = 0; !solved && ridge < 1e-3; ridge = std::max(kLeastRidge, 100 * ridge)) {
      solved = form.solve(ridge, gather(right, on), step);
      if (!solved && !convex) return Reached::indefinite;
    }
    if (!solved) return Reached::boundary;
    const Vector direction = scatter(step, on, size());
    const double slope = right.dot(direction), start = terms(v_, l1, l2);
    // On a plateau with dependent columns rounding feeds steps along null directions for ever.
    if (stuck && slope <= kLeastFall) return Reached::solution;
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

bool GroupSolver::concave_direction(const ConstVec& l1, const ConstVec& l2, Vector& direction) {
  const GroupSystem form = system(l1, l2);
  const Columns& on = form.coordinates();
  Vector steepest;
  if (on.empty() || gather(l2, on).minCoeff() >= 0 || !form.concave_direction(steepest)) return false;
  direction = scatter(steepest, on, size());
  return true;
}

}  // namespace pyreweight
