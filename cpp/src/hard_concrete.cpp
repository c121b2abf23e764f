#include "pyreweight/hard_concrete.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "pyreweight/types.hpp"

namespace pyreweight {

namespace {

constexpr int kNodes = 60;
constexpr double kReach = 64;       // the table ends where a is this far from all of r
constexpr double kSpacing = 0.125;  // of its nodes in log a, about

/// Nodes in (0, 1) and weights of the Gauss-Legendre rule: Newton for the roots of the Legendre polynomial.
std::pair<std::vector<double>, std::vector<double>> gauss_legendre() {
  std::vector<double> nodes(kNodes), weights(kNodes);
  for (int i = 0; i < kNodes; ++i) {
    long double z = std::cos(3.14159265358979323846L * (kNodes - i - 0.25L) / (kNodes + 0.5L));
    long double slope = 1;
    for (int iteration = 0; iteration < 8; ++iteration) {
      long double before = 1, here = z;
      for (int n = 2; n <= kNodes; ++n) {
        const long double next = ((2 * n - 1) * z * here - (n - 1) * before) / n;
        before = here;
        here = next;
      }
      slope = kNodes * (before - z * here) / (1 - z * z);
      z -= here / slope;
    }
    nodes[i] = static_cast<double>((1 + z) / 2);
    weights[i] = static_cast<double>(1 / ((1 - z * z) * slope * slope));
  }
  return {nodes, weights};
}

/// A function with its first two derivatives.
struct Jet {
  double value, first, second;
};

/// numerator / square^2.
Jet over_square(const Jet& n, const Jet& s) {
  const double q = 1 / s.value, value = n.value * q * q, decline = s.first * q;
  return {value, (n.first - 2 * n.value * decline) * q * q,
          ((n.second - 4 * n.first * decline) - 2 * n.value * (s.second * q - 3 * decline * decline)) * q * q};
}

/// Root of a monotone function between low and high: Newton, safeguarded by bisection.
template <class F>
double root(F excess, double low, double high, double start, bool rising) {
  double p = start;
  for (int i = 0; i < 100 && high - low > 2 * std::numeric_limits<double>::epsilon() * high; ++i) {
    const auto [value, rate] = excess(p);
    ((value > 0) == rising ? high : low) = p;
    const double next = p - value / rate;
    // Newton squares the error, so a step this small leaves one below rounding.
    if (std::abs(next - p) <= 1e-9 * p) return std::clamp(next, low, high);
    p = next > low && next < high ? next : low + (high - low) / 2;
  }
  return p;
}

/// The least value of a function between two points, by golden section.
template <class F>
double least_value(F f, double low, double high) {
  constexpr double golden = 0.6180339887498949;
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double at_left = f(left), at_right = f(right);
  for (int i = 0; i < 60; ++i) {
    if (at_left < at_right) {
      high = right;
      right = std::exchange(left, right - golden * (right - low));
      at_right = std::exchange(at_left, f(left));
    } else {
      low = left;
      left = std::exchange(right, left + golden * (high - left));
      at_left = std::exchange(at_right, f(right));
    }
  }
  return std::min(at_left, at_right);
}

}  // namespace

HardConcreteGate::HardConcreteGate(double beta, double gamma, double zeta) {
  static const auto rule = gauss_legendre();
  x_ = rule.first;
  weight_ = rule.second;
  const auto r = [&](double x) { return std::pow((x - gamma) / (zeta - x), beta); };
  for (const double x : x_) r_.push_back(r(x));
  r0_ = r(0);
  const double low = r0_ / kReach, high = r(1) * kReach;
  const int half = static_cast<int>(std::ceil(std::log(high / low) / (2 * kSpacing)));
  middle_ = half + 1;
  a_.push_back(0);
  for (int k = 0; k <= 2 * half; ++k) a_.push_back(low * std::pow(high / low, k / (2.0 * half)));
  a_.push_back(kInfinity);
  for (int k = 0; k < static_cast<int>(a_.size()); ++k) {
    const Curve c = curve(node(k, k > middle_));
    t_.push_back(c.t);
    slope_.push_back(c.slope);
    open_.push_back(c.open);
    spread_.push_back(c.spread);
    open_spread_.push_back(c.open_spread);
  }
}

HardConcreteGate::Place HardConcreteGate::node(int k, bool in_tail) const {
  return {in_tail ? 1 / a_[k] : a_[k], in_tail};
}

HardConcreteGate::Curve HardConcreteGate::curve(Place place) const {
  return place.tail ? tail(place.p) : head(place.p);
}

/// With E s = a A, E s^2 = a B:  v = V / a, V = B / A^2 - a, which is smooth at a = 0. Stationary in a means t^2 =
/// -open' / v' = a^2 W^2, W^2 = r0 / (V - a V') / (a + r0)^2.
HardConcreteGate::Curve HardConcreteGate::head(double a) const {
  Jet A{0, 0, 0}, B{0, 0, 0};
  for (int i = 0; i < kNodes; ++i) {
    const double q = 1 / (a + r_[i]), term = weight_[i] * q, twice = 2 * x_[i];
    A.value += term;
    A.first -= term * q;
    A.second += 2 * term * q * q;
    B.value += twice * term;
    B.first -= twice * term * q;
    B.second += 2 * twice * term * q * q;
  }
  Jet V = over_square(B, A);
  V.value -= a;
  V.first -= 1;
  const double fall = V.value - a * V.first, share = 1 / (a + r0_);
  const double W = std::sqrt(r0_ / fall) * share;
  const double W_rate = W * (a * V.second / fall / 2 - share);
  return {a * W,       W + a * W_rate,           W * V.value,    W_rate * V.value + W * V.first, a * share,
          a / V.value, fall / V.value / V.value, V.value * share};
}

/// With b = 1 / a, E (1 - s) = b D, E (1 - s)^2 = b Q:  v = b U, U = (Q - b D^2) / (1 - b D)^2. Stationary means t^2 =
/// -open' / v', derivatives in b, v' = U + b U'.
HardConcreteGate::Curve HardConcreteGate::tail(double b) const {
  Jet D{0, 0, 0}, Q{0, 0, 0};
  for (int i = 0; i < kNodes; ++i) {
    const double q = r_[i] / (1 + r_[i] * b), term = weight_[i] * q, twice = 2 * (1 - x_[i]);
    D.value += term;
    D.first -= term * q;
    D.second += 2 * term * q * q;
    Q.value += twice * term;
    Q.first -= twice * term * q;
    Q.second += 2 * twice * term * q * q;
  }
  const Jet variance{Q.value - b * D.value * D.value, Q.first - D.value * (D.value + 2 * b * D.first),
                     Q.second - 4 * D.value * D.first - 2 * b * (D.first * D.first + D.value * D.second)};
  const Jet mean{1 - b * D.value, -D.value - b * D.first, -2 * D.first - b * D.second};
  const Jet U = over_square(variance, mean);
  const double rise = U.value + b * U.first, open = 1 / (1 + r0_ * b);
  const double t = std::sqrt(r0_ / rise) * open;
  const double t_rate = -t * ((2 * U.first + b * U.second) / rise / 2 + r0_ * open);
  const double v = b * U.value;
  return {t, t_rate, t * v, t_rate * v + t * rise, open, v, rise, open * v};
}

/// The point of cell k where `excess`, between target_low < 0 and target_high > 0 at its ends or the other way round,
/// vanishes.
template <class F>
HardConcreteGate::Curve HardConcreteGate::solve_in_cell(int k, double target_low, double target_high, F excess) const {
  const bool in_tail = cell_in_tail(k);
  const double from = node(k, in_tail).p, to = node(k + 1, in_tail).p;
  const double start = from + (to - from) * (target_low / (target_low - target_high));
  const auto [low, high] = std::minmax(from, to);
  const auto at = [&](double p) { return excess(curve({p, in_tail})); };
  return curve({root(at, low, high, start, (target_high > 0) == (to > from)), in_tail});
}

HardConcreteGate::Setting HardConcreteGate::best(double y, double step) const {
  // The derivative in a is negative where z(a) = t(a) + step slope(a) lies below y: local minima are where z rises
  // through y, a = 0 if it starts above y, a = inf if it ends below.
  Setting best{0, slope_[0], 0, 0};
  double least = kInfinity;
  if (!(y > step * slope_[0])) {
    const Curve c = head(0);
    best.curvature = c.slope_rate / c.t_rate;
    if (!(y > 0)) return best;
    least = y / step * y;
  }
  double z = step * slope_[0];
  for (int k = 0; k < cells(); ++k) {
    const double before = z;
    z = t_[k + 1] + step * slope_[k + 1];
    if (!(before < y && y <= z)) continue;
    const Curve c = solve_in_cell(k, before - y, z - y, [&](const Curve& here) {
      return std::make_pair(here.t + step * here.slope - y, here.t_rate + step * here.slope_rate);
    });
    const double cost = y * c.slope + c.open;
    if (cost < least) {
      least = cost;
      best = {y * (c.t / (c.t + step * c.slope)), c.slope, c.slope_rate / c.t_rate, c.open};
    }
  }
  if (y > z && !(least < 1)) return {y, 0, 0, 1};
  return best;
}

double HardConcreteGate::open_probability(double eta) const {
  if (!(eta > 0)) return 0;
  if (std::isinf(eta)) return 1;
  int k = 0;
  while (k + 1 < cells() && (k + 1 > middle_ ? 1 / spread_[k + 1] : spread_[k + 1]) < eta) ++k;
  const bool in_tail = cell_in_tail(k);
  const double target = in_tail ? 1 / eta : eta;
  const double at_low = in_tail && k == middle_ ? 1 / spread_[k] : spread_[k];
  return solve_in_cell(k, at_low - target, spread_[k + 1] - target,
                       [&](const Curve& here) { return std::make_pair(here.spread - target, here.spread_rate); })
      .open;
}

double HardConcreteGate::zero_threshold(double step) const {
  // Zero costs y^2 / step; gate a is no better while y^2 <= step (open + step v open).
  const auto square = [&](double open, double open_spread) { return open + step * open_spread; };
  int at = 0;
  for (int k = 1; k <= cells(); ++k) {
    if (square(open_[k], open_spread_[k]) < square(open_[at], open_spread_[at])) at = k;
  }
  double least = square(open_[at], open_spread_[at]);
  for (int k = std::max(at - 1, 0); k <= std::min(at, cells() - 1); ++k) {
    const auto f = [&](double p) {
      const Curve c = curve({p, cell_in_tail(k)});
      return square(c.open, c.open_spread);
    };
    const auto [low, high] = std::minmax({node(k, cell_in_tail(k)).p, node(k + 1, cell_in_tail(k)).p});
    least = std::min(least, least_value(f, low, high));
  }
  return std::min(step * slope_[0], std::sqrt(step) * std::sqrt(least));
}

}  // namespace pyreweight
