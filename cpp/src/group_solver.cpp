#include "pyreweight/group_solver.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr int kMaxRounds = 1000;
constexpr Index kLeastSweeps = 5, kMostSweeps = 50, kColumnsPerSweep = 30;

/// Between two looks at the support. A sweep costs k^2, a Newton step k^3 / 3 at a higher speed.
Index sweeps_before_newton(Index columns) {
  return std::max(kLeastSweeps, std::min(columns / kColumnsPerSweep, kMostSweeps));
}

}  // namespace

void GroupSolver::know_blocks() {
  Index begin = unit_.size();
  unit_.conservativeResize(size());
  for (Index i = begin; i < size(); ++i) unit_[i] = regularizer_.relative_units()[working_[static_cast<size_t>(i)]];
  const Groups& groups = regularizer_.groups();
  while (begin < size()) {
    const Columns& columns = groups.members(groups.of(working_[static_cast<size_t>(begin)]));
    const Index count = static_cast<Index>(columns.size());
    const Matrix own = G_.block(begin, begin, count, count);
    block_of_.insert(block_of_.end(), columns.size(), static_cast<Index>(blocks_.size()));
    blocks_.push_back(make_block(design_, columns, begin, own, unit_.segment(begin, count), monitor_));
    begin += count;
  }
}

void GroupSolver::set_state(const ConstVec& v, const ConstVec& correlations) {
  GramForm::set_state(v, correlations);
  know_blocks();
}

Vector GroupSolver::in_units(const GroupBlock& block, const ConstVec& v) const {
  return v.segment(block.begin, block.size).cwiseProduct(unit_.segment(block.begin, block.size));
}

double GroupSolver::diagonal(Index i) const {
  const GroupBlock& block = blocks_[static_cast<size_t>(block_of_[static_cast<size_t>(i)])];
  if (block.size == 1) return G_(i, i);
  const double scale = unit_[i] * unit_[i], length = norm(block);
  if (length == 0) return scale * block.values.maxCoeff();
  return scale * block.to_axes(in_units(block, v_) / length).cwiseAbs2().dot(block.values);
}

Vector GroupSolver::target(const GroupBlock& block) const {
  const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
  return c + block.from_axes(block.values.cwiseProduct(block.to_axes(in_units(block, v_))));
}

void GroupSolver::place(const GroupBlock& block, const ConstVec& x) {
  const Vector now = x.cwiseQuotient(unit_.segment(block.begin, block.size));
  const Vector change = now - v_.segment(block.begin, block.size);
  if (change.isZero(0)) return;
  c_.noalias() -= G_.block(0, block.begin, size(), block.size) * change;
  v_.segment(block.begin, block.size) = now;
}

/// False where the model of a group has no minimum.
bool GroupSolver::sweep(const ConstVec& l1, const ConstVec& l2, bool& support_changed) {
  support_changed = false;
  for (const GroupBlock& block : blocks_) {
    const double unit = unit_[block.begin], a = l1[block.begin] / unit, b = l2[block.begin] / (unit * unit);
    const bool was = norm(block) > 0;
    if (!was) {
      const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
      if (!(c.stableNorm() > a)) continue;
    }
    Vector y = Vector::Zero(block.size);
    if (was && block.has_bound_only()) {  // steps alone would take it to zero slowly
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
        for (Index i = 0; i < along.size(); ++i) along[i] = block.values[i] > 0 ? along[i] : 0.0;  // rounding
        if (!shrink(curvature, along, a, y)) return false;
        y = block.from_axes(y);
      }
    }
    place(block, y);
    support_changed = support_changed || was != (norm(block) > 0);
  }
  return true;
}

bool GroupSolver::solve(const ConstVec& l1, const ConstVec& l2, double accuracy) {
  Vector allowed(size());
  for (Index i = 0; i < size(); ++i) {
    allowed[i] = kCorrelationNoise + (std::isfinite(l1[i]) ? std::max(accuracy, 1e-13) * l1[i] : 0.0);
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = true;
    const Index sweeps = sweeps_before_newton(size());
    for (Index i = 0; i < sweeps && (changed || round > 0); ++i) {
      monitor_.poll();
      if (!sweep(l1, l2, changed)) return false;
    }
    const Reached reached = finish_on_support(l1, l2, allowed);
    if (reached == Reached::indefinite) return false;
    if (reached == Reached::boundary) continue;
    bool optimal = true;
    for (const GroupBlock& block : blocks_) {
      if (!optimal || norm(block) > 0 || !(block.values.maxCoeff() > 0)) continue;
      const Vector c = c_.segment(block.begin, block.size).cwiseQuotient(unit_.segment(block.begin, block.size));
      const double unit = unit_[block.begin];
      optimal = c.stableNorm() * unit <= l1[block.begin] * (1 + 1e-13) + kCorrelationNoise;
    }
    if (optimal) return true;
  }
  return false;
}

void GroupSolver::settle_once(const std::vector<char>& movable, const Prox& prox) {
  for (const GroupBlock& block : blocks_) {
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
