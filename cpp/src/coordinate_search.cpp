#include "pyreweight/coordinate_search.hpp"

#include <cmath>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

constexpr int kSweepsWithout = 6;    // after a coordinate has been taken out
constexpr double kSameValue = 1e-9;  // relative; closer, a prox has found what is there

}  // namespace

CoordinateSearch::CoordinateSearch(const Problem& problem, const Regularizer& regularizer, const Columns& working,
                                   InnerSolver& inner, double least_gain)
    : problem_(problem), regularizer_(regularizer), working_(working), inner_(inner), least_gain_(least_gain) {
  thresholds_ = gather(regularizer.prox_thresholds(problem.design.second_moment()), working);
  for (const Index j : working) penalised_.push_back(regularizer.penalised(j));
}

/// One sweep; `held` stays where it is. What the objective changed by.
double CoordinateSearch::settle_once(Index held) {
  double change = 0;
  std::vector<char> movable = penalised_;
  if (held >= 0) movable[static_cast<size_t>(held)] = 0;
  inner_.settle(movable, [&](Index i, double z, double g) {
    const Index j = working_[static_cast<size_t>(i)];
    const double v = inner_.v()[i];
    if (v == 0 && std::abs(z) * g <= thresholds_[i]) return v;
    const double to = regularizer_.prox(j, z, g), step = to - v;
    if (std::abs(step) <= kSameValue * std::abs(v)) return v;
    const Columns column{j};
    const double gain = step * g * (z - v - 0.5 * step) + (regularizer_.value(column, Vector::Constant(1, v)) -
                                                           regularizer_.value(column, Vector::Constant(1, to)));
    if (!(gain > least_gain_)) return v;
    change -= gain;
    return to;
  });
  return change;
}

bool CoordinateSearch::settle(int most_sweeps) {
  bool moved = false;
  for (int sweep = 0; sweep < most_sweeps && settle_once(-1) < 0; ++sweep) {
    problem_.monitor.poll();
    moved = true;
  }
  return moved;
}

/// Takes coordinate i out and lets the others settle without it; keeps what lowers the objective.
bool CoordinateSearch::drop(Index i) {
  problem_.monitor.poll();
  const Columns column{working_[static_cast<size_t>(i)]};
  const Vector v = inner_.v(), c = inner_.correlations();
  Vector without = v, direction = Vector::Zero(v.size());
  direction[i] = -v[i];
  without[i] = 0;
  double change = inner_.loss_change(1, direction) - regularizer_.value(column, Vector::Constant(1, v[i]));
  inner_.move(1, direction);
  inner_.set_state(without, Vector(inner_.correlations()));
  for (int sweep = 0; sweep < kSweepsWithout; ++sweep) {
    const double step = settle_once(i);
    change += step;
    if (!(step < 0) || change + kSweepsWithout * step > 0) break;
  }
  if (change < -least_gain_) return true;
  inner_.set_state(v, c);
  return false;
}

bool CoordinateSearch::exchange() {
  bool moved = false;
  for (const Index i : support(inner_.v())) {
    const bool penalised = regularizer_.penalised(working_[static_cast<size_t>(i)]);
    if (penalised && inner_.v()[i] != 0 && drop(i)) moved = true;
  }
  return moved;
}

}  // namespace pyreweight
