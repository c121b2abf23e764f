#pragma once

#include "pyreweight/penalties_variational.hpp"

namespace pyreweight {

/// Automatic relevance determination. Its penalty depends on X and y, see ard.hpp; the faces here are those it has
/// where the columns are orthonormal and each stands alone, at noise level alpha = sigma / sqrt(W) of a coefficient:
/// the log1p penalty of VariationalBayesDropout. alpha is estimated, so the solver takes none.
class Ard final : public Penalty {
 public:
  static std::unique_ptr<Penalty> make(const Params& params) {
    if (!params.empty()) throw std::invalid_argument("ard has no parameter " + params.begin()->first);
    return std::make_unique<Ard>();
  }

  const char* name() const override { return "ard"; }
  double slope_at_zero() const override { return alone_.slope_at_zero(); }
  bool convex() const override { return false; }
  bool separable() const override { return false; }
  bool has_strength() const override { return false; }
  bool linear_quadratic() const override { return false; }

  void value(const ConstVec& t, double alpha, MutVec out) const override { alone_.value(t, alpha, out); }
  void slope(const ConstVec& t, double alpha, MutVec out) const override { alone_.slope(t, alpha, out); }
  void curvature(const ConstVec& t, double alpha, MutVec out) const override { alone_.curvature(t, alpha, out); }
  void eta(const ConstVec& t, double alpha, MutVec out) const override { alone_.eta(t, alpha, out); }
  void conjugate(const ConstVec& eta, double alpha, MutVec out) const override { alone_.conjugate(eta, alpha, out); }
  void prox(const ConstVec& z, double alpha, double step, MutVec out) const override {
    alone_.prox(z, alpha, step, out);
  }
  double zero_threshold(double alpha, double step) const override { return alone_.zero_threshold(alpha, step); }

 private:
  Separable<VariationalBayesDropout> alone_{VariationalBayesDropout{}, 0.0};
};

}  // namespace pyreweight
