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

/// Variational dropout with the KL divergence of Molchanov, Ashukha, Vetrov (2017):  f(eta) = 2 k1 sigmoid(k3 log eta -
/// k2) + log(1 + eta), within 0.019 of the exact one. Slope 1 at 0, rising to 1.0118 at u = 0.024 (so neither convex
/// nor concave there), then falling; log u + 1.136 for large u.
struct VariationalDropoutMolchanov {
  static constexpr const char* name = "variational_dropout_molchanov";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<VariationalDropoutMolchanov>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const {
    if (u > kLarge) return std::log(u) + (kMolchanov1 + 0.5);
    const double eta = molchanov_eta(u);
    return eta > 0 ? (u * (u / eta) + molchanov_kl(eta).value) / 2 : 0;
  }
  double slope(double u) const { return slopes(u).first; }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return molchanov_eta(u); }
  double conjugate(double eta) const { return molchanov_kl(eta).value; }
  /// P'(u) <= 1 + k1 k3 e^(-k2) u^(k3-1), whose inverse is a point at which the objective still falls: Newton cannot
  /// start at 0, where P'' is infinite.
  double prox(double z, double step) const {
    const double half = std::max(z - step, 0.0) / 2;
    const double rise = kMolchanov1 * kMolchanov3 * std::exp(-kMolchanov2);
    const double start = std::min(half, std::pow(half / step / rise, 1 / (kMolchanov3 - 1)));
    return smooth_prox(*this, z, step, std::array<double, 3>{kTurn1, kTurn2, kTurn3}, start);
  }
  double zero_threshold(double step) const {
    const double threshold = concave_zero_threshold(*this, step, kPeak2, kPeak2At);
    if (!(step * kPeak1 > 1 && step * kValley <= 1)) return threshold;
    return std::min(threshold, least_chord(*this, step, kPeak1At, kValleyAt));
  }

  Slopes slopes(double u) const {
    if (u > kLarge) return {1 / u, -1 / u / u};
    const double eta = molchanov_eta(u);
    const VariationalKl f = molchanov_kl(eta);
    if (!(eta > 0)) return {1, f.second};
    return {u / eta, f.second / (2 * f.first + eta * f.second)};
  }

 private:
  static constexpr double kLarge = 1e9;  // corrections are O(1 / u^2)
  // Computed with mpmath at 40 digits: the turns of P'' (minima, a maximum between), and the two maxima of 2 (P - u P')
  // / u^2 with the minimum between them.
  static constexpr double kTurn1 = 0.22781828693038745;
  static constexpr double kTurn2 = 0.96123544686459823;
  static constexpr double kTurn3 = 2.1894915037663320;
  static constexpr double kPeak1 = 0.21189302712329019;
  static constexpr double kPeak1At = 0.40146682161034297;
  static constexpr double kValley = 0.19546964032487374;
  static constexpr double kValleyAt = 1.3217697761989548;
  static constexpr double kPeak2 = 0.20608669057824267;
  static constexpr double kPeak2At = 2.5926728147143894;
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
using VariationalPenalties = List<VariationalDropout, VariationalDropoutMolchanov, VariationalBayesDropout>;

}  // namespace pyreweight
