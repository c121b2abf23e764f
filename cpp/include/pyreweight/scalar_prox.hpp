#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace pyreweight {

/// P'(u) and P''(u), together because they mostly share their work.
struct Slopes {
  double first;
  double second;
};

/// Proximal operator of step |x| at z >= 0.
inline double soft_threshold(double z, double step) { return z > step ? z - step : 0.0; }

namespace detail {

constexpr int kMaxNewton = 200;  // only a double root, where Newton halves the error, comes near this
constexpr double kNoRoot = -1.0;

/// Largest root in [low, high] of x + step P'(x) = z, for P' convex there and high + step P'(high) >= z: Newton from
/// `high` descends to it and never passes it, so an iterate below `low`, or a tangent that no longer rises, proves that
/// there is none.
template <class F>
double largest_stationary_point(F slopes, double z, double step, double low, double high) {
  double x = high;
  for (int i = 0; i < kMaxNewton; ++i) {
    const Slopes s = slopes(x);
    const double rise = 1 + step * s.second;
    if (!(rise > 0)) return kNoRoot;
    const double next = x - (x - z + step * s.first) / rise;
    if (!(next >= low)) return kNoRoot;
    if (!(next < x * (1 - std::numeric_limits<double>::epsilon()))) return std::min(next, x);
    x = next;
  }
  return x;
}

/// Smallest root in [low, high] of x + step P'(x) = z, for P' concave there and low + step P'(low) <= z: the mirror
/// image, Newton ascending from `low`.
template <class F>
double smallest_stationary_point(F slopes, double z, double step, double low, double high) {
  double x = low;
  for (int i = 0; i < kMaxNewton; ++i) {
    const Slopes s = slopes(x);
    const double rise = 1 + step * s.second;
    if (!(rise > 0)) return kNoRoot;
    const double next = x - (x - z + step * s.first) / rise;
    if (!(next <= high)) return kNoRoot;
    if (!(next > x * (1 + std::numeric_limits<double>::epsilon()))) return std::max(next, x);
    x = next;
  }
  return x;
}

/// Whether x > y >= 0 gives a smaller value of (x - z)^2 / 2 + step P(x) than y; divided by x - y, so that it does not
/// overflow.
template <class P>
bool improves(const P& rule, double x, double y, double z, double step) {
  return (x + y) / 2 - z + step * ((rule.value(x) - rule.value(y)) / (x - y)) < 0;
}

}  // namespace detail

/// Global minimiser over x >= 0 of (x - z)^2 / 2 + step P(x), for P with finite P'(0) whose second derivative falls up
/// to the first of `turns` (odd in number), rises up to the second, and so on, rising at last: between two turns there
/// is at most one local minimum, besides 0. `start` is 0 or, for a P'' that is infinite there, a point at which the
/// objective still falls if it falls at 0.
template <class P, std::size_t N>
double smooth_prox(const P& rule, double z, double step, const std::array<double, N>& turns, double start = 0) {
  static_assert(N % 2 == 1, "the second derivative of a penalty rises for large x");
  if (!(z < std::numeric_limits<double>::infinity())) return z;
  const auto slopes = [&rule](double u) { return rule.slopes(u); };
  constexpr double slack = 1e-6;  // a root at a turn must not fall between two searches
  double best = 0;
  if (z > step * rule.slope_at_zero()) {
    best = std::max(0.0, detail::smallest_stationary_point(slopes, z, step, start, turns[0] * (1 + slack)));
  }
  for (std::size_t i = 0; i < N && turns[i] < z; ++i) {
    const bool rises = i % 2 == 0;
    const double low = turns[i] * (1 - slack), high = i + 1 < N ? std::min(z, turns[i + 1] * (1 + slack)) : z;
    const double from = rises ? high : low;
    if ((from + step * slopes(from).first < z) == rises) continue;
    const double x = rises ? detail::largest_stationary_point(slopes, z, step, low, high)
                           : detail::smallest_stationary_point(slopes, z, step, low, high);
    if (x > best && detail::improves(rule, x, best, z, step)) best = x;
  }
  return best;
}

/// The same for one turn.
template <class P>
double smooth_prox(const P& rule, double z, double step, double turn) {
  return smooth_prox(rule, z, step, std::array<double, 1>{turn});
}

/// A local minimum over x of  m(x) = x/2 + step P(x)/x,  between `low`, where m falls, and `high`, where it rises. m
/// falls where step G(x) > 1,  G(x) = 2 (P(x) - x P'(x)) / x^2.
template <class P>
double least_chord(const P& rule, double step, double low, double high) {
  // An error d in the root changes the minimum by d^2 only, which 60 halvings of the logarithm bring under rounding.
  for (int i = 0; i < 60; ++i) {
    const double x = std::sqrt(low) * std::sqrt(high);
    const double mean_curvature = 2 * ((rule.value(x) - x * rule.slope(x)) / x) / x;
    (step * mean_curvature > 1 ? low : high) = x;
  }
  return high / 2 + step * (rule.value(high) / high);
}

/// Largest z whose prox is 0, for P with P'(0) = 1: the smaller of step and the least m(x) of `least_chord`. G, a
/// weighted mean of -P'' over [0, x], has its last maximum `peak` at `peak_at` and falls after it; P(x) - x P'(x) <= x
/// bounds the last root of step G(x) = 1 by 2 step.
template <class P>
double concave_zero_threshold(const P& rule, double step, double peak, double peak_at) {
  if (!(step * peak > 1)) return step;
  const double low = std::max(peak_at, std::numeric_limits<double>::epsilon());
  return std::min(step, least_chord(rule, step, low, 2 * step));
}

}  // namespace pyreweight
