#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pyreweight/types.hpp"

namespace pyreweight {

/// A function of a vector, entry by entry, given from outside. What it throws passes through.
using VectorFunction = std::function<Vector(const Vector&)>;

/// Omega'(t) of a rule known only through a function: the derivative itself, or the keep probability q(t) of a dropout
/// strategy at strength 1, Omega' = t (1 - q) / q. The function is asked at t >= 0 with as many points at once as
/// possible; what it returns is checked, and std::invalid_argument names it and the point where it fails.
///
/// The constructor samples it on panels from 2^-66 to 2^66, four to the octave and split further where Omega' has
/// kinks, with the integral of Omega' over each by Gauss-Legendre quadrature. Above them Omega' goes on as a power of
/// t.
class CallableRule {
 public:
  enum class Kind { derivative, keep_probability };

  CallableRule(VectorFunction function, Kind kind);

  Kind kind() const { return kind_; }
  const char* function_name() const { return kind_ == Kind::derivative ? "derivative_func" : "keep_prob_func"; }

  /// Omega' at t >= 0, inf included.
  Vector slope(const Vector& t) const { return slope_of(t, ask(t)); }
  /// Omega' and t / Omega' in one go.
  void slope_and_eta(const Vector& t, Vector& slope, Vector& eta) const;
  /// int_0^t Omega', from the table and `inner` = Omega' at inner_points(t).
  Vector integral(const Vector& t, const Vector& inner) const;
  /// The quadrature nodes between the last edge below each t and t, one after another.
  Vector inner_points(const Vector& t) const;

  double slope_at_zero() const { return slope_at_zero_; }
  double eta_at_zero() const { return eta_at_zero_; }
  double curvature_at_zero() const { return curvature_at_zero_; }
  double steepest_slope() const { return steepest_slope_; }
  bool convex() const { return convex_; }

  /// The ends of the panels, increasing, with Omega' and its integral there.
  const Vector& edges() const { return edges_; }
  const Vector& slopes() const { return slopes_; }
  const Vector& integrals() const { return integrals_; }
  /// The exponent of Omega' beyond the last edge.
  double last_exponent() const { return last_exponent_; }

 private:
  Vector ask(const Vector& t) const;
  Vector slope_of(const Vector& t, const Vector& answer) const;
  void examine_zero();
  void examine_edges() const;
  void split_panels();
  void describe();
  [[noreturn]] void reject(const std::string& complaint) const;
  Index panel_below(double t) const;
  double noise(double t) const;

  VectorFunction function_;
  Kind kind_;
  double slope_at_zero_ = 0, eta_at_zero_ = 0, curvature_at_zero_ = 0, steepest_slope_ = 0;
  double first_exponent_ = 0, last_exponent_ = 0;
  bool convex_ = false;
  Vector edges_, slopes_, integrals_;
};

}  // namespace pyreweight
