#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "pyreweight/penalty.hpp"
#include "pyreweight/scalar_prox.hpp"

// Classical penalties in canonical units: P(u), u >= 0, with eta(u) = u / P'(u), conjugate f(eta) = sup_u (2 P(u) -
// u^2 / eta) and prox(z, step) = argmin_x (x - z)^2 / 2 + step P(x). Every formula is meant to hold from u = 0 to
// u = inf, limits included.

namespace pyreweight {

/// P(u) = u. Convex, slope 1 everywhere. Tibshirani (1996).
struct L1 {
  static constexpr const char* name = "l1";
  static constexpr bool scaled = false;
  static constexpr std::array<Param<L1>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return true; }
  bool linear_quadratic() const { return true; }
  double value(double u) const { return u; }
  double slope(double) const { return 1; }
  double curvature(double) const { return 0; }
  double eta(double u) const { return u; }
  double conjugate(double eta) const { return eta; }
  double prox(double z, double step) const { return soft_threshold(z, step); }
  double zero_threshold(double step) const { return step; }
};

/// P(u) = u^2 / 2. Convex, slope 0 at 0: shrinks, never exactly to zero. Hoerl, Kennard (1970).
struct L2 {
  static constexpr const char* name = "l2";
  static constexpr bool scaled = false;
  static constexpr std::array<Param<L2>, 0> params() { return {}; }

  double slope_at_zero() const { return 0; }
  bool convex() const { return true; }
  bool linear_quadratic() const { return true; }
  double value(double u) const { return u / 2 * u; }
  double slope(double u) const { return u; }
  double curvature(double) const { return 1; }
  double eta(double) const { return 1; }
  double conjugate(double eta) const { return eta <= 1 ? 0 : kInfinity; }
  double prox(double z, double step) const { return z / (1 + step); }
  double zero_threshold(double) const { return 0; }
};

/// P(u) = r u + (1 - r) u^2 / 2, r = l1_ratio in [0, 1]. Convex, slope r at 0, eta below 1 / (1 - r). Zou, Hastie
/// (2005).
struct ElasticNet {
  double l1_ratio = 0.5;

  static constexpr const char* name = "elastic_net";
  static constexpr bool scaled = false;
  static constexpr std::array<Param<ElasticNet>, 1> params() {
    return {{{"l1_ratio", &ElasticNet::l1_ratio, 0, true, 1, true}}};
  }

  double slope_at_zero() const { return l1_ratio; }
  bool convex() const { return true; }
  bool linear_quadratic() const { return true; }
  double value(double u) const { return l1_ratio == 1 ? u : u * (l1_ratio + ridge() * (u / 2)); }
  double slope(double u) const { return l1_ratio == 1 ? 1 : l1_ratio + ridge() * u; }
  double curvature(double) const { return ridge(); }
  double eta(double u) const {
    if (l1_ratio == 0 || std::isinf(u)) return 1 / ridge();
    return u / slope(u);
  }
  double conjugate(double eta) const {
    if (l1_ratio == 1) return eta;
    if (l1_ratio == 0) return eta <= 1 ? 0 : kInfinity;
    const double room = 1 - ridge() * eta;
    return room > 0 ? l1_ratio * l1_ratio * eta / room : kInfinity;
  }
  double prox(double z, double step) const { return soft_threshold(z, step * l1_ratio) / (1 + step * ridge()); }
  double zero_threshold(double step) const { return step * l1_ratio; }

 private:
  double ridge() const { return 1 - l1_ratio; }
};

/// P(u) = u^p / p, 0 < p <= 2, eta = u^(2-p). Concave for p <= 1 (infinite slope at 0 for p < 1: zero is always a local
/// minimum), convex for p >= 1 (slope 0 at 0 for p > 1: no exact zeros). Frank, Friedman (1993); Chartrand (2007).
struct Lp {
  double p = 0.5;

  static constexpr const char* name = "lp";
  static constexpr bool scaled = false;
  static constexpr std::array<Param<Lp>, 1> params() { return {{{"p", &Lp::p, 0, false, 2, true}}}; }

  double slope_at_zero() const { return slope(0); }
  bool convex() const { return p >= 1; }
  bool linear_quadratic() const { return p == 1 || p == 2; }
  double value(double u) const { return std::pow(u, p) / p; }
  double slope(double u) const { return std::pow(u, p - 1); }
  double curvature(double u) const { return p == 1 ? 0 : (p - 1) * std::pow(u, p - 2); }
  double eta(double u) const { return std::pow(u, 2 - p); }
  double conjugate(double eta) const {
    if (p == 2) return eta <= 1 ? 0 : kInfinity;
    return (2 - p) / p * std::pow(eta, p / (2 - p));
  }
  double prox(double z, double step) const {
    if (!(z > zero_threshold(step))) return 0;
    if (std::isinf(z)) return z;
    if (p == 1) return soft_threshold(z, step);
    if (p == 2) return z / (1 + step);
    if (p < 1) {
      const auto slopes = [this](double u) {
        const double first = slope(u);
        return Slopes{first, (p - 1) * (first / u)};
      };
      return std::max(0.0, detail::largest_stationary_point(slopes, z, step, 0, z));
    }
    return convex_prox(z, step);
  }
  double zero_threshold(double step) const {
    if (p == 1) return step;
    if (p > 1) return 0;
    return (2 - p) / (2 - 2 * p) * std::pow(2 * (step / p) * (1 - p), 1 / (2 - p));
  }

 private:
  /// Root of x + step x^(p-1) = z for 1 < p < 2. Its logarithm is a convex function of log x with slope between p - 1
  /// and 1, so Newton descends fast from a starting point on the right.
  double convex_prox(double z, double step) const {
    double x = std::min(z, std::pow(z / step, 1 / (p - 1)));
    for (int i = 0; i < detail::kMaxNewton && x > 0; ++i) {
      const double bend = step * slope(x);
      const double excess = std::log((x + bend) / z);
      const double next = x * std::exp(-excess * (x + bend) / (x + (p - 1) * bend));
      if (!(next < x * (1 - std::numeric_limits<double>::epsilon()))) return std::min(next, x);
      x = next;
    }
    return x;
  }
};

/// P(u) = log(1 + u), eta = u (1 + u). Concave, slope 1 at 0, unbounded; like l1 for u << 1. Candes, Wakin, Boyd
/// (2008).
struct LogSum {
  static constexpr const char* name = "log_sum";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<LogSum>, 0> params() { return {}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return std::log1p(u); }
  double slope(double u) const { return 1 / (1 + u); }
  double curvature(double u) const { return -slope(u) * slope(u); }
  double eta(double u) const { return u * (1 + u); }
  double conjugate(double eta) const {
    if (std::isinf(eta)) return eta;
    const double u = eta / (0.5 + std::sqrt(0.25 + eta));  // the u of this eta; u^2 / eta = u / (1 + u)
    return 2 * std::log1p(u) - u / (1 + u);
  }
  /// Larger root of x^2 + (1 - z) x + step - z = 0, if it is real, positive and better than 0.
  double prox(double z, double step) const {
    if (std::isinf(z)) return z;
    const double root = 2 * std::sqrt(step);
    if (z + 1 < root) return 0;
    const double gap = std::sqrt(z + 1 - root) * std::sqrt(z + 1 + root);
    const double x = z >= 1 ? (z - 1 + gap) / 2 : 2 * (z - step) / (gap + (1 - z));
    if (!(x > 0)) return 0;
    return step <= 1 || detail::improves(*this, x, 0, z, step) ? x : 0;
  }
  double zero_threshold(double step) const { return concave_zero_threshold(*this, step, 1, 0); }
};

/// P(u) = u - u^2 / (2 gamma) up to gamma, then gamma / 2; gamma > 0. Concave, slope 1 at 0, flat (eta = inf: no
/// shrinkage) from gamma on. Zhang (2010).
struct MCP {
  double gamma = 3;

  static constexpr const char* name = "mcp";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<MCP>, 1> params() { return {{{"gamma", &MCP::gamma, 0, false, kInfinity, false}}}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return u < gamma ? u * (1 - u / gamma / 2) : gamma / 2; }
  double slope(double u) const { return u < gamma ? (gamma - u) / gamma : 0; }
  double curvature(double u) const { return u < gamma ? -1 / gamma : 0; }
  double eta(double u) const { return u < gamma ? u / slope(u) : kInfinity; }
  double conjugate(double eta) const { return eta < gamma ? eta / (1 + eta / gamma) : gamma / (1 + gamma / eta); }
  double prox(double z, double step) const {
    if (z <= zero_threshold(step)) return 0;
    if (z >= gamma || step >= gamma) return z;
    return std::min(z, (z - step) / (gamma - step) * gamma);
  }
  double zero_threshold(double step) const { return step < gamma ? step : std::sqrt(step) * std::sqrt(gamma); }
};

/// P'(u) = 1 up to 1, falls linearly to 0 at a, then 0; a > 1. That is min(u, 1) plus MCP(gamma = a - 1) of the excess
/// over 1. Concave, flat from a on. Fan, Li (2001).
struct SCAD {
  double a = 3.7;

  static constexpr const char* name = "scad";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<SCAD>, 1> params() { return {{{"a", &SCAD::a, 1, false, kInfinity, false}}}; }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const {
    if (u <= 1) return u;
    return u < a ? 1 + (u - 1) * (1 - (u - 1) / (a - 1) / 2) : (a + 1) / 2;
  }
  double slope(double u) const { return u <= 1 ? 1 : u < a ? (a - u) / (a - 1) : 0; }
  double curvature(double u) const { return u <= 1 || u >= a ? 0 : -1 / (a - 1); }
  double eta(double u) const { return u < a ? u / slope(u) : kInfinity; }
  double conjugate(double eta) const { return eta <= 1 ? eta : ((a + 1) - 1 / eta) / (1 + (a - 1) / eta); }
  double prox(double z, double step) const {
    const double soft = soft_threshold(z, step);
    if (step < a - 1) {
      if (z <= 1 + step) return soft;
      return z < a ? std::min(z, 1 + (z - 1 - step) / (a - 1 - step) * (a - 1)) : z;
    }
    // The objective is concave between 1 and a, so a minimum is below 1 or above a.
    if (z <= zero_threshold(step)) return 0;
    const double below = std::min(soft, 1.0);
    const double shortfall = std::max(a - z, 0.0);
    const double cost_below = (z - below) / 2 * (z - below) + step * below;
    const double cost_above = shortfall * shortfall / 2 + step * ((a + 1) / 2);
    return cost_below < cost_above ? below : std::max(z, a);
  }
  double zero_threshold(double step) const { return step <= a + 1 ? step : std::sqrt(step) * std::sqrt(a + 1); }
};

/// P(u) = u^2 / 2 up to 1, then u - 1/2: the l1 penalty with its kink rounded off. Convex, slope 0 at 0 (no exact
/// zeros), eta = max(u, 1). Huber (1964).
struct Huber {
  static constexpr const char* name = "huber";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<Huber>, 0> params() { return {}; }

  double slope_at_zero() const { return 0; }
  bool convex() const { return true; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return u <= 1 ? u * u / 2 : u - 0.5; }
  double slope(double u) const { return std::min(u, 1.0); }
  double curvature(double u) const { return u < 1 ? 1 : 0; }
  double eta(double u) const { return std::max(u, 1.0); }
  double conjugate(double eta) const { return std::max(eta - 1, 0.0); }
  double prox(double z, double step) const { return z <= 1 + step ? z / (1 + step) : z - step; }
  double zero_threshold(double) const { return 0; }
};

/// P(u) = min(u, theta), theta > 0. Concave, slope 1 at 0, flat from the kink at theta on, where eta jumps from theta
/// to inf; no minimiser sits at the kink. Zhang (2010, JMLR 11).
struct CappedL1 {
  double theta = 1;

  static constexpr const char* name = "capped_l1";
  static constexpr bool scaled = true;
  static constexpr std::array<Param<CappedL1>, 1> params() {
    return {{{"theta", &CappedL1::theta, 0, false, kInfinity, false}}};
  }

  double slope_at_zero() const { return 1; }
  bool convex() const { return false; }
  bool linear_quadratic() const { return false; }
  double value(double u) const { return std::min(u, theta); }
  double slope(double u) const { return u < theta ? 1 : 0; }
  double curvature(double) const { return 0; }
  double eta(double u) const { return u < theta ? u : kInfinity; }
  double conjugate(double eta) const { return eta <= theta ? eta : theta * (2 - theta / eta); }
  /// The better of the soft threshold and z itself; their costs step z - step^2 / 2 and step theta meet at theta +
  /// step / 2.
  double prox(double z, double step) const {
    if (z <= zero_threshold(step)) return 0;
    return step < 2 * theta && z < theta + step / 2 ? soft_threshold(z, step) : z;
  }
  double zero_threshold(double step) const { return step < 2 * theta ? step : std::sqrt(2 * step) * std::sqrt(theta); }
};

/// The classical part of the registry: add a new penalty here.
using ClassicalPenalties = List<L1, L2, ElasticNet, Lp, LogSum, MCP, SCAD, Huber, CappedL1>;

}  // namespace pyreweight
