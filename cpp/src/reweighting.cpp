#include "pyreweight/reweighting.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "pyreweight/columns.hpp"
#include "pyreweight/coordinate_search.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

// Of the residual at hand, what a reweighting's model is solved to; in single coordinates, which exchange places with
// zeros as long as it is large, no more than the second, and the less the smaller it is, so that the last steps are
// Newton's.
constexpr double kForcing = 1e-3, kMostForcing = 0.3;
// Reweightings before sweeps take over, residual above which coordinates still change their places, sweeps that settle
// them, and what a step of those gains.
constexpr double kUnsettled = 1e-3;
constexpr int kPatience = 6, kSweeps = 50;
constexpr double kLeastGain = 1e-13;

}  // namespace

double Reweighting::residual(bool of_largest) const {
  const Vector &v = inner_.v(), &c = inner_.correlations();
  const Vector slope = regularizer_.slope(working_, v), radius = regularizer_.radius(working_, v);
  Vector deviation = c;
  for (Index i = 0; i < v.size(); ++i) {
    if (v[i] != 0) deviation[i] -= std::copysign(slope[i], v[i]);
  }
  deviation = regularizer_.pull(working_, deviation);
  double largest = 0, highest = 0;
  for (Index i = 0; i < v.size(); ++i) {
    const Index j = working_[i];
    if (regularizer_.excluded(j)) continue;
    if (radius[i] == 0) deviation[i] = std::max(0.0, deviation[i] - slope[i]);
    highest = std::max(highest, regularizer_.level(j));
    largest = std::max(largest, (deviation[i] - kCorrelationNoise) / (of_largest ? 1.0 : regularizer_.level(j)));
  }
  return of_largest && highest > 0 ? largest / highest : largest;
}

/// The second-order model of the penalty at the present point: slope and curvature of Omega where the curvature is
/// harmless, so that a step on an unchanged support is Newton's; `share` of it, since the whole may leave the problem
/// indefinite. share = 0 is the majoriser.
void Reweighting::model_penalty(double share, Vector& l1, Vector& l2) const {
  regularizer_.majorise(working_, inner_.v(), l1, l2);
  if (share == 0) return;
  const Vector slope = regularizer_.radial_slope(working_, inner_.v());
  const Vector curvature = regularizer_.curvature(working_, inner_.v());
  const Vector radius = regularizer_.radius(working_, inner_.v());
  for (Index i = 0; i < inner_.size(); ++i) {
    const double v = radius[i], h = share * curvature[i], l1_at_zero = slope[i] - h * v;
    // A coordinate on which the objective itself is concave is on its way to zero; the majoriser takes it there.
    if (v == 0 || curvature[i] < -0.999 * inner_.diagonal(i) || !(l1_at_zero >= 0)) continue;
    l1[i] = l1_at_zero;
    l2[i] = h;
  }
}

/// Minimises the model, then goes from the old point towards its minimiser as far as the objective falls.
bool Reweighting::step(double share, bool& solved) {
  Vector l1, l2;
  model_penalty(share, l1, l2);
  const Vector v = inner_.v(), c = inner_.correlations();
  const double residual_before = residual();
  double accuracy = kForcing * residual_before;
  if (regularizer_.groups().singletons()) {
    // That of a coordinate of small weight, in units of its own level, would say nothing about the others.
    const double error = std::min(1.0, residual(true));
    accuracy = std::min(kMostForcing, error) * error;
  }
  solved = inner_.solve(l1, l2, accuracy);
  if (share == 0) return true;  // a majoriser: the objective cannot have risen
  const Vector reached = inner_.v(), reached_c = inner_.correlations(), direction = reached - v;
  const double before = regularizer_.value(working_, v);
  if (!direction.allFinite()) {
    inner_.set_state(v, c);
    return false;
  }
  const Vector image = c - reached_c;  // G direction
  const double bend = direction.dot(image), rate = c.dot(direction);
  for (double length = 1; length > 1e-3; length *= 0.5) {
    const double change =
        length * (0.5 * length * bend - rate) + (regularizer_.value(working_, v + length * direction) - before);
    if (length == 1) {
      inner_.set_state(reached, reached_c);
    } else {
      inner_.set_state(v + length * direction, c - length * image);
    }
    // Near the solution the objective no longer resolves a step; the residual still does.
    if (change < 0 || (residual() < 0.5 * residual_before && std::abs(change) <= 1e-14 * (1 + before))) return true;
  }
  inner_.set_state(v, c);
  return false;
}

/// The shortest step along `direction` that takes a group as near to zero as it comes; inf where none approaches it.
double Reweighting::closest_approach(const ConstVec& direction) const {
  const Groups& groups = regularizer_.groups();
  Vector inward = Vector::Zero(groups.count()), square = Vector::Zero(groups.count());
  for (Index i = 0; i < direction.size(); ++i) {
    const Index j = working_[static_cast<size_t>(i)];
    const double d = direction[i] * regularizer_.relative_units()[j];
    if (!regularizer_.penalised(j)) continue;
    inward[groups.of(j)] -= inner_.v()[i] * regularizer_.relative_units()[j] * d;
    square[groups.of(j)] += d * d;
  }
  double reach = kInfinity;
  for (Index g = 0; g < groups.count(); ++g) {
    if (inward[g] > 0) reach = std::min(reach, inward[g] / square[g]);
  }
  return reach;
}

/// Where the objective is not convex on the support, a minimum lies elsewhere: goes along a direction without positive
/// curvature, downhill, as far as signs allow, which as a rule takes a coordinate to zero.
bool Reweighting::leave_concave_region() {
  Vector direction;
  const Vector v = inner_.v(), c = inner_.correlations();
  const Vector curvature = regularizer_.curvature(working_, v), radius = regularizer_.radius(working_, v);
  const Vector l1 = regularizer_.radial_slope(working_, v) - curvature.cwiseProduct(radius);
  if (!inner_.concave_direction(l1, curvature, direction)) return false;
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
  if (!regularizer_.groups().singletons()) {
    // A norm has no sign to lose: as far as where the first of the groups comes closest to zero.
    first = -1;
    reach = closest_approach(direction);
  }
  if (std::isinf(reach)) return false;
  const double before = regularizer_.value(working_, v);
  inner_.move(1, direction);
  const Vector image = c - inner_.correlations();  // G direction
  const double bend = direction.dot(image), fall = c.dot(direction);
  for (double length = reach; length > 1e-3 * reach; length *= 0.5) {
    Vector reached = v + length * direction;
    if (length == reach && first >= 0) reached[first] = 0;
    if (length * (0.5 * length * bend - fall) + (regularizer_.value(working_, reached) - before) < 0) {
      inner_.set_state(reached, c - length * image);
      return true;
    }
  }
  inner_.set_state(v, c);
  return false;
}

/// Where the slope of Omega rises at zero, perhaps with infinite curvature, no line or parabola with the right slope
/// majorises it there, and Newton's model is good very near the point only. These coordinates go to their own prox one
/// after another, which never raises the objective and decides who leaves zero.
void Reweighting::settle_rising_slopes() {
  const Penalty& penalty = regularizer_.penalty();
  if (!(penalty.steepest_slope() > penalty.slope_at_zero())) return;
  const Vector curvature = regularizer_.curvature(working_, inner_.v());
  const Vector radius = regularizer_.radius(working_, inner_.v());
  std::vector<char> movable;
  for (Index i = 0; i < inner_.size(); ++i) {
    movable.push_back(regularizer_.penalised(working_[static_cast<size_t>(i)]) && (radius[i] == 0 || curvature[i] > 0));
  }
  const auto prox = [&](Index i, double z, double g) {
    return regularizer_.prox(working_[static_cast<size_t>(i)], z, g);
  };
  inner_.settle(movable, prox, [] { return false; });
}

/// Which coordinates are zero, which on a plateau of Omega, a sweep finds out at a fraction of the cost of a model:
/// where models have been changing their places for long.
void Reweighting::settle_plateaus() {
  const Penalty& penalty = regularizer_.penalty();
  if (n_iter_ < kPatience || !problem_.options.search) return;
  if (penalty.convex() || !penalty.separable() || std::isinf(penalty.slope_at_zero())) return;
  if (!penalty.pointwise() || !regularizer_.groups().singletons()) return;
  if (residual() > kUnsettled) CoordinateSearch(problem_, regularizer_, working_, inner_, kLeastGain).settle(kSweeps);
}

/// As many as there are columns, or groups, to be taken to zero.
size_t Reweighting::most_departures() const {
  Columns active;
  for (const Index i : support(inner_.v())) active.push_back(working_[static_cast<size_t>(i)]);
  if (regularizer_.groups().singletons()) return active.size();
  const Groups groups = regularizer_.groups().part(active);
  return groups.singletons() ? active.size() : static_cast<size_t>(groups.count());
}

bool Reweighting::run(double target, double minimum_below) {
  while (residual() > target) {
    if (n_iter_ >= problem_.options.max_iter) return residual() <= problem_.options.tol;
    ++n_iter_;
    const Vector before = inner_.v();
    const double residual_before = residual();
    settle_rising_slopes();
    settle_plateaus();
    if (minimum_below == 0 && residual() <= target) break;
    bool solved = false;
    bool moved = step(1.0, solved);
    if (!moved || !solved) moved = step(0.0, solved);
    // At the end, and on the way to it once.
    const double now = residual();
    const bool at_saddle = now <= minimum_below && (now <= target || residual_before > minimum_below);
    const bool leave = minimum_below > 0 && (std::isinf(minimum_below) || !moved || at_saddle);
    for (size_t most = leave ? most_departures() : 0; most > 0 && leave_concave_region(); --most) {
      problem_.monitor.poll();
      moved = true;
    }
    report();
    if (!moved || inner_.v() == before) break;
  }
  return true;
}

void Reweighting::report() const {
  if (!problem_.monitor.verbose()) return;
  std::ostringstream line;
  line << "reweighting " << n_iter_ << ": working set " << working_.size() << ", nonzero " << support(inner_.v()).size()
       << ", KKT residual / alpha " << residual();
  problem_.monitor.report(line.str());
}

}  // namespace pyreweight
