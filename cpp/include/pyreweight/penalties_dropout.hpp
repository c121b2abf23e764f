#pragma once

#include <array>
#include <cmath>

#include "pyreweight/penalties_classical.hpp"
#include "pyreweight/penalty.hpp"
#include "pyreweight/scalar_prox.hpp"
#include "pyreweight/variational_kl.hpp"

// Dropout strategies as penalties in canonical units. With mask variance v(u) = (1 - q) / q at keep probability q, the
// penalty is P(u) = int_0^u x v(x) dx, so eta = 1 / v.

namespace pyreweight {

namespace detail {

/// 1 - e^(-x) sum_{k<n} x^k / k!, the regularised lower incomplete gamma function P(n, x), without its cancellation
/// for small x.
inline double exponential_tail(int n, double x) {
  if (x > 800) return 1;
  double term = std::exp(-x);
  if (x > n + 1) {
    double head = 0;
    for (int k = 0; k < n; term *= x / ++k) head += term;
    return 1 - head;
  }
  for (int k = 1; k <= n; ++k) term *= x / k;
  double sum = 0;
  for (int k = n + 1; term > 1e-17 * sum; ++k) {
    sum += term;
    term *= x / k;
  }
  return sum;
}

}  // namespace detail

/// P(u) = v u^2 / 2, v = rate / (1 - rate): constant keep probability 1 - rate, the ridge in dropout's words. Convex.
/// Srivastava et al. (2014); Wager, Wang, Liang (2013).
struct BernoulliDropout {
  double rate = 0.5;

  static constexpr const char* name = "bernoulli_dropout";
  static constexpr bool scaled = false;
  static constexpr std::array<Param<BernoulliDropout>, 1> params() {
    return {{{"rate", &BernoulliDropout::rate, 0, true, 1, false}}};
  }

  double slope_at_zero() const { return 0; }
  bool convex() const { return true; }
  bool linear_quadratic() const { return true; }
  double value(double u) const { return rate > 0 ? variance() * u / 2 * u : 0; }
  double slope(double u) const { return rate > 0 ? variance() * u : 0; }
  double curvature(double) const { return variance(); }
  double eta(double) const { return (1 - rate) / rate; }
  double conjugate(double eta) const { return eta <= (1 - rate) / rate ? 0 : kInfinity; }
  double prox(double z, double step) const { return z / (1 + step * variance()); }
  double zero_threshold(double) const { return 0; }

 private:
  double variance() const { return rate / (1 - rate); }
};

/// Keep probability sigmoid(slope u + bias):  P(u) = e^(-bias) / slope^2 (1 - (1 + slope u) e^(-slope u)),
/// eta = e^(slope u + bias). Slope 0 at 0 (no exact zeros), convex up to u = 1 / slope, then concave; bounded.
/// Ba, Frey (2013).
struct Standout {
  double steepness = 1;
  double bias = 0;

  static constexpr const char* name = "standout";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<Standout>, 2> params() {
    // e^bias must stay a normal number.
    return {{{"slope", &Standout::steepness, 0, false, kInfinity, false},
             {"bias", &Standout::bias, -700, true, 700, true}}};
  }

  double slope_at_zero() const { return 0; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return plateau() * detail::exponential_tail(2, steepness * u); }
  double slope(double u) const { return slopes(u).first; }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return std::exp(steepness * u + bias); }
  double conjugate(double eta) const {
    const double x = std::log(eta) - bias;  // slope times the u of this eta
    return x > 0 ? 2 * plateau() * detail::exponential_tail(3, x) : 0;
  }
  double prox(double z, double step) const { return smooth_prox(*this, z, step, 2 / steepness); }
  double zero_threshold(double) const { return 0; }

  Slopes slopes(double u) const {
    const double x = steepness * u;
    if (x - std::abs(bias) > 1500) return {0, 0};  // far below the smallest double, and inf * 0 at u = inf
    const double variance = std::exp(-x - bias);
    return {u * variance, (1 - x) * variance};
  }

 private:
  double plateau() const { return std::exp(-bias) / steepness / steepness; }
};

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

/// The dropout half of the registry: add a new strategy here.
using DropoutPenalties = List<BernoulliDropout, Standout, VariationalDropout>;

}  // namespace pyreweight
