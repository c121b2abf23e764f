#include "pyreweight/coordinate_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

constexpr int kSweepsAfter = 6;        // a step that is tried
constexpr double kSameValue = 1e-9;    // relative; closer, a prox has found what is there
constexpr double kWorthMoving = 1e-3;  // share of what the step cost

}  // namespace

CoordinateSearch::CoordinateSearch(const Problem& problem, const Regularizer& regularizer, const Columns& working,
                                   InnerSolver& inner, double least_gain)
    : problem_(problem), regularizer_(regularizer), working_(working), inner_(inner), least_gain_(least_gain) {
  thresholds_ = regularizer.prox_thresholds(working, problem.design.second_moment());
  for (const Index j : working) penalised_.push_back(regularizer.penalised(j));
}

std::pair<double, double> CoordinateSearch::gain(Index i, double v, double z, double g) const {
  const Index j = working_[static_cast<size_t>(i)];
  const double to = regularizer_.prox(j, z, g), step = to - v;
  if (std::abs(step) <= kSameValue * std::abs(v)) return {0, v};
  return {step * g * (z - v - 0.5 * step) + (regularizer_.value(j, v) - regularizer_.value(j, to)), to};
}

/// Sweeps as long as again(what the objective changed by in the last one) is true; `held` stays where it is, and moves
/// that gain no more than `worth` are left out.
void CoordinateSearch::sweep(Index held, double worth, const std::function<bool(double)>& again) {
  double change = 0;
  std::vector<char> movable = penalised_;
  if (held >= 0) movable[static_cast<size_t>(held)] = 0;
  const auto prox = [&](Index i, double z, double g) {
    const double v = inner_.v()[i];
    if (v == 0 && std::abs(z) * g <= thresholds_[i]) return v;
    const auto [gained, to] = gain(i, v, z, g);
    if (!(gained > worth)) return v;
    change -= gained;
    return to;
  };
  inner_.settle(movable, prox, [&] {
    problem_.monitor.poll();
    return again(std::exchange(change, 0.0));
  });
}

bool CoordinateSearch::settle(int most_sweeps) {
  bool moved = false;
  sweep(-1, least_gain_, [&](double change) {
    moved = moved || change < 0;
    return change < 0 && --most_sweeps > 0;
  });
  return moved;
}

bool CoordinateSearch::attempt(const Vector& step, Index held) {
  const Vector v = inner_.v(), c = inner_.correlations();
  Vector reached = v + step;
  for (Index i = 0; i < v.size(); ++i) {
    if (penalised_[static_cast<size_t>(i)] && v[i] * reached[i] < 0) reached[i] = 0;
  }
  inner_.move(1, reached - v);
  const Vector image = c - inner_.correlations();  // G times the step
  double change =
      (reached - v).dot(0.5 * image - c) + regularizer_.value(working_, reached) - regularizer_.value(working_, v);
  inner_.set_state(reached, c - image);
  const double worth = std::max(least_gain_, kWorthMoving * std::abs(change));
  int sweeps = 0;
  sweep(held, worth, [&](double fall) {
    change += fall;
    return fall < 0 && change + kSweepsAfter * fall <= 0 && ++sweeps < kSweepsAfter;
  });
  if (change < -least_gain_) return true;
  inner_.set_state(v, c);
  return false;
}

}  // namespace pyreweight
