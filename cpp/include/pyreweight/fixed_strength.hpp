#pragma once

#include <memory>
#include <utility>

#include "pyreweight/penalty.hpp"

namespace pyreweight {

/// alpha0 Omega(t; alpha0) of another penalty as a penalty of its own: the rule of the dropout strategy that is
/// equivalent at alpha0 stays what it is, and alpha multiplies.
class FixedStrength final : public Penalty {
 public:
  FixedStrength(std::unique_ptr<Penalty> penalty, double strength) : penalty_(std::move(penalty)), strength_(strength) {
    if (!(strength > 0 && std::isfinite(strength))) {
      detail::reject_parameter(name(), "strength", "> 0 and finite", strength);
    }
  }

  const char* name() const override { return "fixed_strength"; }
  double slope_at_zero() const override { return strength_ * penalty_->slope_at_zero(); }
  double steepest_slope() const override { return strength_ * penalty_->steepest_slope(); }
  bool convex() const override { return penalty_->convex(); }
  bool separable() const override { return penalty_->separable(); }
  bool pointwise() const override { return penalty_->pointwise(); }
  bool has_strength() const override { return penalty_->has_strength(); }
  bool linear_quadratic() const override { return penalty_->linear_quadratic(); }

  void value(const ConstVec& t, double, MutVec out) const override {
    penalty_->value(t, strength_, out);
    out *= strength_;
  }
  void slope(const ConstVec& t, double, MutVec out) const override {
    penalty_->slope(t, strength_, out);
    out *= strength_;
  }
  void curvature(const ConstVec& t, double, MutVec out) const override {
    penalty_->curvature(t, strength_, out);
    out *= strength_;
  }
  void eta(const ConstVec& t, double, MutVec out) const override {
    penalty_->eta(t, strength_, out);
    out /= strength_;
  }
  void conjugate(const ConstVec& eta, double, MutVec out) const override {
    penalty_->conjugate(strength_ * eta, strength_, out);
    out *= strength_;
  }
  void prox(const ConstVec& z, double alpha, double step, MutVec out) const override {
    penalty_->prox(z, strength_, step * alpha, out);
  }
  double zero_threshold(double alpha, double step) const override {
    return penalty_->zero_threshold(strength_, step * alpha);
  }

 private:
  std::unique_ptr<Penalty> penalty_;
  double strength_;
};

}  // namespace pyreweight
