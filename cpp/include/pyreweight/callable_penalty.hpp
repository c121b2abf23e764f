#pragma once

#include <deque>
#include <mutex>

#include "pyreweight/callable_rule.hpp"
#include "pyreweight/penalty.hpp"

namespace pyreweight {

/// A separable penalty given by functions (see CallableRule), Omega(t; alpha) = Omega(t): it has no scale. All faces
/// are numerical: value by quadrature or from `value`, if given; curvature by central differences; conjugate by
/// bisection for eta(T) = eta; prox and its threshold by a search over the panels of the rule, refined. The points of
/// one reweighting are asked once: what the function said about the last few vectors is kept.
class CallablePenalty final : public Penalty {
 public:
  CallablePenalty(VectorFunction function, CallableRule::Kind kind, VectorFunction value = {});

  const char* name() const override;
  double slope_at_zero() const override { return rule_.slope_at_zero(); }
  double steepest_slope() const override { return rule_.steepest_slope(); }
  bool convex() const override { return rule_.convex(); }
  bool pointwise() const override { return false; }
  bool linear_quadratic() const override { return false; }

  void value(const ConstVec& t, double alpha, MutVec out) const override;
  void slope(const ConstVec& t, double alpha, MutVec out) const override;
  void curvature(const ConstVec& t, double alpha, MutVec out) const override;
  void eta(const ConstVec& t, double alpha, MutVec out) const override;
  void conjugate(const ConstVec& eta, double alpha, MutVec out) const override;
  void prox(const ConstVec& z, double alpha, double step, MutVec out) const override;
  double zero_threshold(double alpha, double step) const override;

 private:
  struct Faces {
    Vector t, slope, eta, curvature, integral;
  };
  Faces at(const Vector& t) const;
  Vector given_value(const Vector& t) const;
  Vector value_at(const Vector& t) const;
  void compare_value_with_derivative() const;

  CallableRule rule_;
  VectorFunction value_;  // empty: by quadrature
  mutable std::mutex mutex_;
  mutable std::deque<Faces> recent_;
};

}  // namespace pyreweight
