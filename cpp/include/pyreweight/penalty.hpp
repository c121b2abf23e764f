#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "pyreweight/types.hpp"

namespace pyreweight {

/// What the solvers see of a penalty Omega(t; alpha), t = d_j |w_j| >= 0 in the units of the penalised coefficient.
/// One call handles a whole vector, so the virtual call costs nothing and a rule may look at all coordinates at once.
/// Omega itself is returned: the factor alpha of the objective is the caller's.
class Penalty {
 public:
  virtual ~Penalty() = default;

  virtual const char* name() const = 0;
  /// Omega'(0+): 0 (never sparse), finite (thresholding) or +inf (zero is always a local minimum).
  virtual double slope_at_zero() const = 0;
  /// The supremum of Omega', slope_at_zero() itself where Omega is concave; inf where Omega' has no bound.
  virtual double steepest_slope() const { return slope_at_zero(); }
  virtual bool convex() const = 0;
  /// Whether every coordinate is judged alone. If not, the faces below take the whole vector of a model, `value` gives
  /// what each coordinate contributes, and a coordinate that is not penalised comes in as 0.
  virtual bool separable() const { return true; }
  /// Whether single coordinates can be asked at the price of one; functions of the user's are asked for whole vectors.
  virtual bool pointwise() const { return true; }
  /// Whether alpha has a meaning; if not, the faces ignore it and the solvers leave it at 0.
  virtual bool has_strength() const { return true; }
  /// Omega(t) = slope_at_zero t + b t^2 / 2 exactly: one reweighting solves the problem and a duality gap exists.
  virtual bool linear_quadratic() const = 0;

  virtual void value(const ConstVec& t, double alpha, MutVec out) const = 0;
  virtual void slope(const ConstVec& t, double alpha, MutVec out) const = 0;      // Omega'(t)
  virtual void curvature(const ConstVec& t, double alpha, MutVec out) const = 0;  // Omega''(t)
  /// eta = t / Omega'(t), in [0, inf]: the minimiser of (t^2 / eta + conjugate(eta)) / 2.
  virtual void eta(const ConstVec& t, double alpha, MutVec out) const = 0;
  virtual void conjugate(const ConstVec& eta, double alpha, MutVec out) const = 0;
  /// A global minimiser over x of (x - z)^2 / 2 + step alpha Omega(x; alpha), for z >= 0.
  virtual void prox(const ConstVec& z, double alpha, double step, MutVec out) const = 0;
  /// The largest z with prox(z) = 0; 0 where there is none.
  virtual double zero_threshold(double alpha, double step) const = 0;

  /// Coefficients with Omega(x) <= const + l1 |x| + l2 x^2 / 2, equality at x = t: the inner problem of one
  /// reweighting. Where Omega has not risen above its slope at zero the tangent line majorises (exact for l1, the
  /// tighter choice for concave Omega); elsewhere the kink at zero is kept and the rest goes to the quadratic of the
  /// eta-trick (elastic net, ridge, smooth penalties). At 0 under a slope that rises, the line of the steepest slope.
  void majorise(const ConstVec& t, double alpha, MutVec l1, MutVec l2) const;
};

/// One named parameter of a scalar rule P: its place, and the interval it must lie in.
template <class P>
struct Param {
  const char* name;
  double P::* place;
  double low;
  bool low_included;
  double high;
  bool high_included;
};

/// A compile-time list of scalar rules; the registry is made from a few of these.
template <class... P>
struct List {};

template <class P, class = void>
struct is_scalar_penalty : std::false_type {};
template <class P>
struct is_scalar_penalty<
    P, std::void_t<decltype(P::name), decltype(P::scaled), decltype(P::params()),
                   decltype(std::declval<const P&>().slope_at_zero()), decltype(std::declval<const P&>().convex()),
                   decltype(std::declval<const P&>().linear_quadratic()), decltype(std::declval<const P&>().value(1.0)),
                   decltype(std::declval<const P&>().slope(1.0)), decltype(std::declval<const P&>().curvature(1.0)),
                   decltype(std::declval<const P&>().eta(1.0)), decltype(std::declval<const P&>().conjugate(1.0)),
                   decltype(std::declval<const P&>().prox(1.0, 1.0)),
                   decltype(std::declval<const P&>().zero_threshold(1.0))>> : std::true_type {};

/// Whether P says how steep it gets: needed where P' rises from a finite positive P'(0) with infinite curvature, so
/// that no parabola majorises P at 0.
template <class P, class = void>
struct has_steepest_slope : std::false_type {};
template <class P>
struct has_steepest_slope<P, std::void_t<decltype(std::declval<const P&>().steepest_slope())>> : std::true_type {};

/// Turns a scalar rule P(u) in canonical units into Omega(t; alpha) = s P(t / s). `scale` fixes s; without it s =
/// alpha, which ties the level under which a coefficient is kept out to alpha alone. Homogeneous rules (scaled = false)
/// have s = 1.
template <class P>
class Separable final : public Penalty {
  static_assert(is_scalar_penalty<P>::value,
                "a scalar penalty needs: name, scaled, params(), slope_at_zero(), convex(), linear_quadratic(), "
                "value(u), slope(u), curvature(u), eta(u), conjugate(eta), prox(z, step), zero_threshold(step)");

 public:
  Separable(P rule, double scale) : rule_(rule), scale_(scale) {}

  const char* name() const override { return P::name; }
  double slope_at_zero() const override { return rule_.slope_at_zero(); }
  double steepest_slope() const override {
    if constexpr (has_steepest_slope<P>::value) return rule_.steepest_slope();
    return rule_.slope_at_zero();
  }
  bool convex() const override { return rule_.convex(); }
  bool linear_quadratic() const override { return rule_.linear_quadratic(); }

  void value(const ConstVec& t, double alpha, MutVec out) const override {
    const double s = scale(alpha);
    map(t, out, [&](double x) { return s * rule_.value(x / s); });
  }
  void slope(const ConstVec& t, double alpha, MutVec out) const override {
    const double s = scale(alpha);
    map(t, out, [&](double x) { return rule_.slope(x / s); });
  }
  void curvature(const ConstVec& t, double alpha, MutVec out) const override {
    const double s = scale(alpha);
    map(t, out, [&](double x) { return rule_.curvature(x / s) / s; });
  }
  void eta(const ConstVec& t, double alpha, MutVec out) const override {
    const double s = scale(alpha);
    map(t, out, [&](double x) { return s * rule_.eta(x / s); });
  }
  void conjugate(const ConstVec& eta, double alpha, MutVec out) const override {
    const double s = scale(alpha);
    map(eta, out, [&](double x) { return s * rule_.conjugate(x / s); });
  }
  void prox(const ConstVec& z, double alpha, double step, MutVec out) const override {
    const double s = scale(alpha);
    const double unit_step = step * (alpha / s);
    // Neither rounding nor an overflow of x / s may push the result past x.
    map(z, out, [&](double x) { return std::min(x, s * rule_.prox(x / s, unit_step)); });
  }
  double zero_threshold(double alpha, double step) const override {
    const double s = scale(alpha);
    return s * rule_.zero_threshold(step * (alpha / s));
  }

 private:
  double scale(double alpha) const { return !P::scaled ? 1.0 : scale_ > 0 ? scale_ : alpha; }

  template <class F>
  static void map(const ConstVec& in, MutVec& out, F f) {
    for (Index i = 0; i < in.size(); ++i) out[i] = f(in[i]);
  }

  P rule_;
  double scale_;  // 0: tied to alpha
};

namespace detail {

/// "gamma of mcp must be > 0, got -1"
[[noreturn]] inline void reject_parameter(const char* penalty, const std::string& parameter, const std::string& range,
                                          double got) {
  std::ostringstream message;
  message << parameter << " of " << penalty << " must be " << range << ", got " << got;
  throw std::invalid_argument(message.str());
}

template <class P>
std::string describe_range(const Param<P>& p) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::ostringstream text;
  if (p.low > -infinity) text << (p.low_included ? ">= " : "> ") << p.low;
  if (p.low > -infinity && p.high < infinity) text << " and ";
  if (p.high < infinity) text << (p.high_included ? "<= " : "< ") << p.high;
  if (text.str().empty()) text << "finite";
  return text.str();
}

}  // namespace detail

/// Whether P has work to do once its parameters are known, such as tabulating.
template <class P, class = void>
struct has_prepare : std::false_type {};
template <class P>
struct has_prepare<P, std::void_t<decltype(std::declval<P&>().prepare())>> : std::true_type {};

/// Builds the penalty from named numbers: P's own defaults where a name is missing; std::invalid_argument for a name P
/// does not have or a number outside its interval.
template <class P>
std::unique_ptr<Penalty> make(const Params& given) {
  P rule;
  double scale = 0.0;
  for (const auto& entry : given) {
    const double x = entry.second;
    if (P::scaled && entry.first == "scale") {
      if (!(x > 0 && std::isfinite(x))) detail::reject_parameter(P::name, "scale", "None or > 0 and finite", x);
      scale = x;
      continue;
    }
    bool known = false;
    for (const Param<P>& p : P::params()) {
      if (entry.first != p.name) continue;
      known = true;
      const bool inside = (x > p.low || (p.low_included && x == p.low)) &&
                          (x < p.high || (p.high_included && x == p.high)) && std::isfinite(x);
      if (!inside) detail::reject_parameter(P::name, p.name, detail::describe_range(p), x);
      rule.*(p.place) = x;
    }
    if (!known) throw std::invalid_argument(std::string(P::name) + " has no parameter " + entry.first);
  }
  if constexpr (has_prepare<P>::value) rule.prepare();
  return std::make_unique<Separable<P>>(rule, scale);
}

}  // namespace pyreweight
