#pragma once

#include <array>
#include <cmath>
#include <memory>

#include "pyreweight/hard_concrete.hpp"
#include "pyreweight/penalties_classical.hpp"
#include "pyreweight/penalty.hpp"
#include "pyreweight/scalar_prox.hpp"

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

/// Keep probability u^q / (u^q + c), 0 < q < 2:  P(u) = c u^(2-q) / (2-q), eta = u^q / c. That is c times Lp(p = 2 -
/// q): slope 0, c or inf at 0 for q < 1, q = 1, q > 1, convex for q <= 1. q = 2 would be c log u, which is -inf at 0.
/// LeJeune, Javadi, Baraniuk (2021).
struct PowerDropout {
  double q = 1;
  double c = 1;

  static constexpr const char* name = "power_dropout";
  static constexpr bool scaled = false;
  static constexpr std::array<Param<PowerDropout>, 2> params() {
    return {{{"q", &PowerDropout::q, 0, false, 2, false}, {"c", &PowerDropout::c, 0, false, kInfinity, false}}};
  }

  double slope_at_zero() const { return slope(0); }
  bool convex() const { return lp().convex(); }
  bool linear_quadratic() const { return lp().linear_quadratic(); }
  double value(double u) const { return c * lp().value(u); }
  double slope(double u) const { return c * lp().slope(u); }
  double curvature(double u) const { return c * lp().curvature(u); }
  double eta(double u) const { return lp().eta(u) / c; }
  double conjugate(double eta) const { return c * lp().conjugate(c * eta); }
  double prox(double z, double step) const { return lp().prox(z, step * c); }
  double zero_threshold(double step) const { return lp().zero_threshold(step * c); }

 private:
  Lp lp() const { return Lp{2 - q}; }
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
  double value(double u) const {
    const double x = steepness * u;
    return x > 1e-20 ? over_square(detail::exponential_tail(2, x)) : u / 2 * u * std::exp(-bias);
  }
  double slope(double u) const { return slopes(u).first; }
  double curvature(double u) const { return slopes(u).second; }
  double eta(double u) const { return std::exp(steepness * u + bias); }
  double conjugate(double eta) const {
    const double x = std::log(eta) - bias;  // slope times the u of this eta
    return x > 0 ? over_square(2 * detail::exponential_tail(3, x)) : 0;
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
  /// x e^(-bias) / slope^2, in an order in which only the result overflows.
  double over_square(double x) const { return x / steepness / steepness * std::exp(-bias); }
};

/// Gate of the stretched, clipped binary concrete distribution:  P(u) = Gam(m u) / m^2,  Gam(t) = min_a (t^2 v(a) +
/// P(s != 0)) / 2,  m = Gam'(0), with v(a) the squared coefficient of variation of the gate s of location log a.
/// Concave, slope 1 at 0, constant 1 / (2 m^2) from a finite u on, where eta jumps to inf (large beta) or grows
/// without bound (small beta; beta -> 0 is MCP with gamma = 1). conjugate(eta) is P(s != 0) / m^2 of the gate with v =
/// 1 / eta, also for those eta that no u chooses. Louizos, Welling, Kingma (2018).
struct HardConcrete {
  double beta = 2.0 / 3;
  double gamma = -0.1;
  double zeta = 1.1;

  static constexpr const char* name = "hard_concrete";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<HardConcrete>, 3> params() {
    // Inside these intervals 60 quadrature points give v to 1e-8 at worst (beta = 2, gamma = -0.01), near the defaults
    // to rounding.
    return {{{"beta", &HardConcrete::beta, 0, false, 2, true},
             {"gamma", &HardConcrete::gamma, -10, true, -0.01, true},
             {"zeta", &HardConcrete::zeta, 1.01, true, 11, true}}};
  }
  void prepare() { gate_ = std::make_shared<const HardConcreteGate>(beta, gamma, zeta); }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const {
    if (!(u > 0)) return 0;
    const double t = gate_->slope_at_zero() * u;
    const HardConcreteGate::Setting best = gate_->best(t, 0);
    return (best.slope > 0 ? t * best.slope + best.open : best.open) / 2 / square();
  }
  double slope(double u) const { return u > 0 ? best(u).slope / gate_->slope_at_zero() : 1; }
  double curvature(double u) const { return best(u).curvature; }
  double eta(double u) const { return u > 0 ? u / slope(u) : 0; }
  double conjugate(double eta) const { return gate_->open_probability(eta) / square(); }
  double prox(double z, double step) const {
    const double m = gate_->slope_at_zero();
    return gate_->best(m * z, step).t / m;
  }
  double zero_threshold(double step) const { return gate_->zero_threshold(step) / gate_->slope_at_zero(); }

 private:
  double square() const { return gate_->slope_at_zero() * gate_->slope_at_zero(); }
  HardConcreteGate::Setting best(double u) const { return gate_->best(gate_->slope_at_zero() * u, 0); }

  std::shared_ptr<const HardConcreteGate> gate_;  // shared by copies of the rule; made by prepare()
};

/// The dropout part of the registry: add a new strategy here.
using DropoutPenalties = List<BernoulliDropout, PowerDropout, Standout, HardConcrete>;

}  // namespace pyreweight
