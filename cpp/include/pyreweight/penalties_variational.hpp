#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "pyreweight/penalties_classical.hpp"
#include "pyreweight/penalty.hpp"
#include "pyreweight/scalar_prox.hpp"
#include "pyreweight/variational_kl.hpp"

// Penalties of learned Gaussian noise in canonical units: P(u) = min_v (v u^2 / 2 + KL(v)), with the conjugate f(eta) =
// 2 KL(1 / eta).

namespace pyreweight {

/// Exact variational dropout: P(u) = min_v (v u^2 / 2 + KL(v)), Gaussian masks of variance v = 1 / eta under the
/// log-uniform prior. Concave, slope 1 and curvature -1/6 at 0, log u + 1.135 for large u.
/// Kingma, Salimans, Welling (2015); Molchanov, Ashukha, Vetrov (2017); in the Dawson function, Hron et al. (2018).
struct VariationalDropout {
  static constexpr const char* name = "variational_dropout";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<VariationalDropout>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const {
    if (u > kLarge) return std::log(u) + 1.1351814227307390850;  // (1 + Euler's gamma + log 2) / 2
    const double eta = variational_eta(u);
    return eta > 0 ? (u * (u / eta) + variational_kl(eta).value) / 2 : 0;
  }
  double slope(double u) const {
    if (u > kLarge) return 1 / u;
    return u > 0 ? u / variational_eta(u) : 1;
  }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return variational_eta(u); }
  double conjugate(double eta) const { return variational_kl(eta).value; }
  double prox(double z, double step) const { return smooth_prox(*this, z, step, kInflection); }
  double zero_threshold(double step) const { return concave_zero_threshold(*this, step, kPeak, kPeakAt); }

  /// P' = sqrt(f'(eta)) and u = eta P' give P'' = f'' / (2 f' + eta f''), a sum that keeps its sign.
  Slopes slopes(double u) const {
    if (u > kLarge) return {1 / u, -1 / u / u};
    const double eta = variational_eta(u);
    const VariationalKl f = variational_kl(eta);
    return {eta > 0 ? u / eta : 1, f.second / (2 * f.first + eta * f.second)};
  }

 private:
  static constexpr double kLarge = 1e9;  // corrections are O(1 / u^2)
  // Computed with mpmath at 40 digits from P'' in closed form: where P'' has its minimum (-0.22164), and the maximum of
  // 2 (P - u P') / u^2.
  static constexpr double kInflection = 2.4076147641676360;
  static constexpr double kPeak = 0.20739529479853409;
  static constexpr double kPeakAt = 2.8324621160160693;
};

/// Variational dropout with Molchanov's approximation of KL, at most 0.01 off. P' rises from 1 at 0, with infinite
/// curvature, to 1.0118 at u = 0.0243 and falls from there on; log u + 1.13576 for large u. Not concave, subquadratic.
/// Molchanov, Ashukha, Vetrov (2017).
struct MolchanovDropout {
  static constexpr const char* name = "variational_dropout_molchanov";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<MolchanovDropout>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  double steepest_slope() const { return 1.0118050652961141; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const {
    if (u > kLarge) return std::log(u) + 1.13576;  // 1/2 + k1
    const double eta = molchanov_eta(u);
    return eta > 0 ? (u * (u / eta) + molchanov_kl(eta).value) / 2 : 0;
  }
  double slope(double u) const {
    if (u > kLarge) return 1 / u;
    return u > 0 ? u / molchanov_eta(u) : 1;
  }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return molchanov_eta(u); }
  double conjugate(double eta) const { return molchanov_kl(eta).value; }
  double prox(double z, double step) const {
    // A point left of the root that leaves 0 for z just above step: P'(u) - 1 < u^0.48 / 6 for u < 1.
    const double excess = z - step;
    const double start = excess > 0 ? std::min({excess / 2, std::pow(3 * excess / step, 1 / 0.48), 1e-2}) : 0;
    return smooth_prox(*this, z, step, std::array<double, 3>{kTurns[0], kTurns[1], kTurns[2]}, start);
  }
  double zero_threshold(double step) const {
    double least = step;
    if (step * kPeaks[0] > 1 && step * kValley < 1)
      least = std::min(least, least_chord(*this, step, kPeakAt[0], kValleyAt));
    if (step * kPeaks[1] > 1) least = std::min(least, least_chord(*this, step, kPeakAt[1], 3 * step));
    return least;
  }

  Slopes slopes(double u) const {
    if (u > kLarge) return {1 / u, -1 / u / u};
    const double eta = molchanov_eta(u);
    if (!(eta > 0)) return {1, kInfinity};
    const VariationalKl f = molchanov_kl(eta);
    return {u / eta, f.second / (2 * f.first + eta * f.second)};
  }

 private:
  static constexpr double kLarge = 1e9;
  // With mpmath at 40 digits: where P'' turns, and the extrema of 2 (P - u P') / u^2 with their places.
  static constexpr double kTurns[] = {0.22781828693038745, 0.96123544664559823, 2.1894915037663320};
  static constexpr double kPeaks[] = {0.21189302712319019, 0.20608};
  static constexpr double kPeakAt[] = {0.40146682161034297, 2.594};
  static constexpr double kValley = 0.19546;
  static constexpr double kValleyAt = 1.3234;
};

/// Variational Bayesian dropout, f(eta) = log(1 + eta):  with R = sqrt(u^2 + 4),  P(u) = u / (R + u) + asinh(u / 2),
/// P' = 2 / (u + R), eta = u (u + R) / 2. Concave, slope 1 at 0, log u + 1/2 for large u. It is also what automatic
/// relevance determination amounts to for orthogonal columns. Liu, Dong, Zhang, Gong, Shi (2019).
struct VariationalBayesDropout {
  static constexpr const char* name = "variational_bayes_dropout";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<VariationalBayesDropout>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return (u < 1e9 ? u / (u + std::hypot(u, 2)) : 0.5) + std::asinh(u / 2); }
  double slope(double u) const { return 2 / (u + std::hypot(u, 2)); }
  double curvature(double u) const { return -slope(u) / std::hypot(u, 2); }
  double eta(double u) const { return u / slope(u); }
  double conjugate(double eta) const { return std::log1p(eta); }
  /// With k = step / 2 the largest root of x + k (sqrt(x^2 + 4) - x) = z, in whichever form of the quadratic formula
  /// has no cancellation. For k <= 1 the objective is convex.
  double prox(double z, double step) const {
    if (std::isinf(z)) return z;
    const double k = step / 2;
    if (k <= 1) {
      if (z <= step) return 0;
      return (z - step) / ((1 - k) * z + k * root(z, k)) * (z + step);
    }
    if (z < 2 * std::sqrt(step - 1)) return 0;
    const double x = (k - 1) / (step - 1) * z + k / (step - 1) * root(z, k);
    return detail::improves(*this, x, 0, z, step) ? x : 0;
  }
  double zero_threshold(double step) const { return concave_zero_threshold(*this, step, 0.5, 0); }

 private:
  /// sqrt(z^2 + 4 (1 - 2 k)), where z is large enough for it.
  static double root(double z, double k) {
    if (k <= 0.5) return std::hypot(z, 2 * std::sqrt(1 - 2 * k));
    const double least = 2 * std::sqrt(2 * k - 1);
    return std::sqrt(std::max(z - least, 0.0)) * std::sqrt(z + least);
  }
};

/// The part of the registry with learned Gaussian noise: add a new strategy here.
using VariationalPenalties = List<VariationalDropout, MolchanovDropout, VariationalBayesDropout>;

}  // namespace pyreweight
