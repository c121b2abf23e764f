#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "pyreweight/penalties_classical.hpp"
#include "pyreweight/penalty.hpp"
#include "pyreweight/scalar_prox.hpp"

// Penalties whose slope falls back to zero for large u without ever reaching it, in canonical units. The smooth ones
// come from robust statistics (redescending M-estimators), the others are concave. Formulas in u and in 1 / u, so that
// neither u^2 nor its inverse overflows where the result does not.

namespace pyreweight {

namespace detail {

/// log(1 + x) - x / (1 + x), x >= 0, without its cancellation for small x: sum_{k >= 2} y^k / k, y = x / (1 + x).
inline double log_excess(double x) {
  const double y = 1 / (1 + 1 / x);
  if (y > 0.25) return std::log1p(x) - y;
  double power = y * y, sum = 0;
  for (int k = 2; power > 1e-17 * sum; ++k, power *= y) sum += power / k;
  return sum;
}

/// Lambert's W on [0, inf): Newton for w + log w = log x.
inline double lambert_w(double x) {
  if (!(x > 0) || std::isinf(x)) return x;
  double w = std::log1p(x);  // above the root
  for (int i = 0; i < kMaxNewton; ++i) {
    const double next = w / (1 + w) * (1 + std::log(x / w));
    if (std::abs(next - w) < 1e-9 * w) return next;  // Newton squares the error
    w = next;
  }
  return w;
}

}  // namespace detail

/// P(u) = log(1 + u^2) / 2, eta = 1 + u^2. Slope 0 at 0 (no exact zeros), 1 / u for large u; convex up to 1, concave
/// beyond, unbounded. Black, Rangarajan (1996).
struct Cauchy {
  static constexpr const char* name = "cauchy";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<Cauchy>, 0> params() { return {}; }

  double slope_at_zero() const { return 0; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return u < 1e9 ? std::log1p(u * u) / 2 : std::log(u); }
  double slope(double u) const { return slopes(u).first; }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return 1 + u * u; }
  double conjugate(double eta) const { return eta > 1 ? detail::log_excess(eta - 1) : 0; }
  double prox(double z, double step) const { return smooth_prox(*this, z, step, 1.7320508075688773); }  // sqrt(3)
  double zero_threshold(double) const { return 0; }

  Slopes slopes(double u) const {
    const double r = u < 1 ? u : 1 / u, d = 1 + r * r;
    return {r / d, (u < 1 ? 1 - r * r : r * r * (r * r - 1)) / d / d};
  }
};

/// P(u) = log(1 + u^2), eta = (1 + u^2) / 2: twice the Cauchy penalty.
struct LogSquare {
  static constexpr const char* name = "log_square";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<LogSquare>, 0> params() { return {}; }

  double slope_at_zero() const { return 0; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return 2 * Cauchy{}.value(u); }
  double slope(double u) const { return 2 * Cauchy{}.slope(u); }
  double curvature(double u) const { return 2 * Cauchy{}.curvature(u); }
  double eta(double u) const { return Cauchy{}.eta(u) / 2; }
  double conjugate(double eta) const { return 2 * Cauchy{}.conjugate(2 * eta); }
  double prox(double z, double step) const { return Cauchy{}.prox(z, 2 * step); }
  double zero_threshold(double) const { return 0; }
};

/// P(u) = (u^2 / 2) / (1 + u^2), eta = (1 + u^2)^2. Slope 0 at 0 (no exact zeros), bounded by 1/2. Geman, McClure
/// (1985).
struct GemanMcClure {
  static constexpr const char* name = "geman_mcclure";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<GemanMcClure>, 0> params() { return {}; }

  double slope_at_zero() const { return 0; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return u < 1 ? u * u / (1 + u * u) / 2 : 0.5 / (1 + 1 / u / u); }
  double slope(double u) const { return slopes(u).first; }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return (1 + u * u) * (1 + u * u); }
  /// (1 - 1 / sqrt(eta))^2, near eta = 1 without the difference.
  double conjugate(double eta) const {
    if (!(eta > 1)) return 0;
    const double root = std::sqrt(eta);
    const double share = eta > 4 ? 1 - 1 / root : (eta - 1) / (eta + root);
    return share * share;
  }
  double prox(double z, double step) const { return smooth_prox(*this, z, step, 1); }
  double zero_threshold(double) const { return 0; }

  Slopes slopes(double u) const {
    const double r = u < 1 ? u : 1 / u, square = r * r, d = 1 + square;
    if (u < 1) return {r / d / d, (1 - 3 * square) / d / d / d};
    return {square * r / d / d, square * square * (square - 3) / d / d / d};
  }
};

/// P(u) = u / (1 + u), eta = u (1 + u)^2. Concave, slope 1 at 0 and 1 / u^2 for large u, bounded by 1. Geman, Reynolds
/// (1992).
struct Geman {
  static constexpr const char* name = "geman";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<Geman>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return 1 / (1 + 1 / u); }
  double slope(double u) const { return slopes(u).first; }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return u * (1 + u) * (1 + u); }
  double conjugate(double eta) const {
    const double u = inverse_eta(eta), share = value(u);
    return share * (1 + share);  // 2 P(u) - u^2 / eta
  }
  double prox(double z, double step) const { return smooth_prox(*this, z, step, 0); }
  /// The least z for which x / 2 + step / (1 + x) = z has a root x > 0.
  double zero_threshold(double step) const { return step <= 0.5 ? step : std::sqrt(2 * step) - 0.5; }

  Slopes slopes(double u) const {
    const double q = 1 / (1 + u);
    return {q * q, -2 * q * q * q};
  }

 private:
  /// Root of u (1 + u)^2 = eta: Newton for its logarithm, a convex function of log u, from the right.
  static double inverse_eta(double eta) {
    if (!(eta > 0) || std::isinf(eta)) return eta;
    double u = std::min(eta, std::cbrt(eta));
    for (int i = 0; i < detail::kMaxNewton; ++i) {
      const double excess = std::log(u / eta * (1 + u) * (1 + u));
      const double next = u * std::exp(-excess / (1 + 2 * u / (1 + u)));
      if (std::abs(next - u) < 1e-9 * u) return next;  // Newton squares the error
      u = next;
    }
    return u;
  }
};

/// P(u) = 1 - e^(-u), eta = u e^u. Concave, slope 1 at 0, falling exponentially: eta overflows to inf at u = 703, where
/// nothing is shrunk any more. Bradley, Mangasarian (1998).
struct Exponential {
  static constexpr const char* name = "exponential";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<Exponential>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return -std::expm1(-u); }
  double slope(double u) const { return std::exp(-u); }
  double curvature(double u) const { return -std::exp(-u); }
  double eta(double u) const { return u * std::exp(u); }
  double conjugate(double eta) const {
    if (std::isinf(eta)) return 2;
    const double u = detail::lambert_w(eta);
    return 2 * value(u) - u * slope(u);
  }
  double prox(double z, double step) const { return smooth_prox(*this, z, step, 0); }
  double zero_threshold(double step) const { return concave_zero_threshold(*this, step, 1, 0); }

  Slopes slopes(double u) const { return {slope(u), curvature(u)}; }
};

/// The redescending part of the registry: add a new penalty here.
using RedescendingPenalties = List<Cauchy, LogSquare, GemanMcClure, Geman, Exponential>;

}  // namespace pyreweight
