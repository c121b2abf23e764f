#pragma once

#include <algorithm>
#include <cmath>
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

/// Largest root in [low, z] of x + step P'(x) = z, for P' convex there: Newton from z descends to it and never passes
/// it, so an iterate below `low`, or a tangent that no longer rises, proves that there is none.
template <class F>
double largest_stationary_point(F slopes, double z, double step, double low) {
  double x = z;
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

/// Smallest root in [0, high] of x + step P'(x) = z, for P' concave there and z > step P'(0): the mirror image, Newton
/// ascending from 0.
template <class F>
double smallest_stationary_point(F slopes, double z, double step, double high) {
  double x = 0;
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

/// Global minimiser over x >= 0 of (x - z)^2 / 2 + step P(x), for P with finite P'(0) whose second derivative falls on
/// [0, turn] and rises from there on: at most one local minimum on each side of `turn`, besides 0.
template <class P>
double smooth_prox(const P& rule, double z, double step, double turn) {
  if (!(z < std::numeric_limits<double>::infinity())) return z;
  const auto slopes = [&rule](double u) { return rule.slopes(u); };
  constexpr double slack = 1e-6;  // a root at `turn` must not fall between the two searches
  double best = 0;
  if (z > step * rule.slope_at_zero()) {
    best = std::max(0.0, detail::smallest_stationary_point(slopes, z, step, turn * (1 + slack)));
  }
  if (z > turn) {
    const double x = detail::largest_stationary_point(slopes, z, step, turn * (1 - slack));
    if (x > best && detail::improves(rule, x, best, z, step)) best = x;
  }
  return best;
}

/// Largest z whose prox is 0, for concave P with P'(0) = 1:  min over x of  m(x) = x/2 + step P(x)/x.  m falls where
/// step G(x) > 1,  G(x) = 2 (P(x) - x P'(x)) / x^2,  a weighted mean of -P'' over [0, x] that has its maximum `peak` at
/// `peak_at` and falls after it; P(x) <= x bounds the last root of step G(x) = 1 by 2 step.
template <class P>
double concave_zero_threshold(const P& rule, double step, double peak, double peak_at) {
  if (!(step * peak > 1)) return step;
  double low = std::max(peak_at, std::numeric_limits<double>::epsilon());
  double high = 2 * step;
  // An error d in the root changes the minimum by d^2 only, which 60 halvings of the logarithm bring under rounding.
  for (int i = 0; i < 60; ++i) {
    const double x = std::sqrt(low) * std::sqrt(high);
    const double mean_curvature = 2 * ((rule.value(x) - x * rule.slope(x)) / x) / x;
    (step * mean_curvature > 1 ? low : high) = x;
  }
  return std::min(step, high / 2 + step * (rule.value(high) / high));
}

}  // namespace pyreweight
