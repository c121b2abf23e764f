#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "pyreweight/penalty.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

/// What the solvers see of a loss l(y, z), convex in the predictor z. One call handles all rows, so the virtual call
/// costs nothing. pi (n,) are row weights of sum 1; rows of weight 0 count for nothing whatever their y.
class Loss {
 public:
  virtual ~Loss() = default;

  virtual const char* name() const = 0;
  /// How many predictors a row has.
  virtual Index outputs() const { return 1; }
  /// sum_i pi_i l(y_i, z_i).
  virtual double value(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const = 0;
  /// -l'(y_i, z_i): what y - z is to the squared loss.
  virtual void residual(const ConstVec& y, const ConstVec& z, MutVec out) const = 0;
  /// l''(y_i, z_i) >= 0.
  virtual void curvature(const ConstVec& y, const ConstVec& z, MutVec out) const = 0;
  /// sum_i pi_i inf_z (l(y_i, z) + theta_i z), for theta between 0 and a residual: the dual value of theta.
  virtual double dual(const ConstVec& y, const ConstVec& theta, const ConstVec& pi) const = 0;
  /// A predictor near the best constant one.
  virtual double constant(double mean) const = 0;
  /// std::invalid_argument when some y_i is no target of this loss.
  virtual void check(const ConstVec& y) const = 0;
  /// Whether a residual's variance is the curvature at its mean, so that the noise needs no estimate.
  virtual bool known_noise() const = 0;
  /// The loss for targets divided by `unit`, itself divided by unit^2; nullptr where targets have no units.
  virtual std::unique_ptr<Loss> in_units(double unit) const = 0;
  /// Whether there may be targets that some z separates.
  virtual bool separable() const = 0;
  /// Whether z separates the targets: the loss falls for ever along t z, t -> inf.
  virtual bool separates(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const = 0;
};

/// log(1 + e^z) - y z, y in [0, 1]: binary classification.
struct Logistic {
  static constexpr const char* name = "logistic";
  static constexpr const char* targets = "between 0 and 1";
  static constexpr bool known_noise = true;
  static constexpr bool separable = true;
  static constexpr bool has_units = false;
  static bool accepts(double y) { return y >= 0 && y <= 1; }
  static constexpr std::array<Param<Logistic>, 0> params() { return {}; }
  double value(double y, double z) const { return std::log1p(std::exp(-std::abs(z))) + (z > 0 ? (1 - y) * z : -y * z); }
  double residual(double y, double z) const {
    const double e = std::exp(-std::abs(z)), small = e / (1 + e);  // the smaller of q and 1 - q
    return z > 0 ? small - (1 - y) : y - small;
  }
  double curvature(double, double z) const {
    const double e = std::exp(-std::abs(z));
    return e / ((1 + e) * (1 + e));
  }
  double dual(double y, double theta) const { return -xlogx(y - theta) - xlogx(1 - y + theta); }
  double constant(double mean) const { return std::log(mean / (1 - mean)); }
  bool separates(double y, double z) const { return y == 1 ? z > 0 : y == 0 && z < 0; }

 private:
  static double xlogx(double x) { return x > 0 ? x * std::log(x) : 0.0; }
};

/// r^2 / 2 for |r| <= delta, else delta |r| - delta^2 / 2, with r = y - z: rows far off count linearly. Huber (1964).
/// fit() takes delta in units of the robust spread of the targets; 1.345 is 95 % efficient for Gaussian noise.
struct HuberLoss {
  static constexpr const char* name = "huber";
  static constexpr const char* targets = "finite";
  static constexpr bool known_noise = false;
  static constexpr bool separable = false;
  static constexpr bool has_units = true;
  static bool accepts(double y) { return std::isfinite(y); }
  double delta = 1.345;
  static constexpr std::array<Param<HuberLoss>, 1> params() {
    return {{{"delta", &HuberLoss::delta, 0, false, std::numeric_limits<double>::infinity(), false}}};
  }
  HuberLoss in_units(double unit) const { return {delta / unit}; }
  double value(double y, double z) const {
    const double r = std::abs(y - z);
    return r <= delta ? r * r / 2 : delta * (r - delta / 2);
  }
  double residual(double y, double z) const { return std::max(-delta, std::min(delta, y - z)); }
  double curvature(double y, double z) const { return std::abs(y - z) <= delta ? 1.0 : 0.0; }
  double dual(double y, double theta) const { return theta * (y - theta / 2); }
  double constant(double mean) const { return mean; }
  bool separates(double, double) const { return false; }
};

/// e^z - y z + y log y - y, y >= 0: half the Poisson deviance of the mean e^z, 0 for a perfect prediction.
struct Poisson {
  static constexpr const char* name = "poisson";
  static constexpr const char* targets = "nonnegative";
  static constexpr bool known_noise = false;
  static constexpr bool separable = false;
  static constexpr bool has_units = false;
  static bool accepts(double y) { return y >= 0 && std::isfinite(y); }
  static constexpr std::array<Param<Poisson>, 0> params() { return {}; }
  double value(double y, double z) const { return std::exp(z) - y * z + base(y); }
  double residual(double y, double z) const { return y - std::exp(z); }
  double curvature(double, double z) const { return std::exp(z); }
  double dual(double y, double theta) const { return base(y) - base(y - theta); }
  double constant(double mean) const { return std::log(mean); }
  bool separates(double, double) const { return false; }

 private:
  static double base(double y) { return y > 0 ? y * std::log(y) - y : 0.0; }
};

/// The registry: add the new name here. The squared loss is not among them: its problem is quadratic, and the working
/// set solver solves it without any outer loop.
using Losses = List<Logistic, HuberLoss, Poisson>;

/// Turns the rule for one row into a Loss.
template <class L>
class RowLoss final : public Loss {
 public:
  explicit RowLoss(L rule) : rule_(rule) {}

  const char* name() const override { return L::name; }
  double value(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const override {
    return sum(pi, [&](Index i) { return rule_.value(y[i], z[i]); });
  }
  void residual(const ConstVec& y, const ConstVec& z, MutVec out) const override {
    for (Index i = 0; i < y.size(); ++i) out[i] = rule_.residual(y[i], z[i]);
  }
  void curvature(const ConstVec& y, const ConstVec& z, MutVec out) const override {
    for (Index i = 0; i < y.size(); ++i) out[i] = rule_.curvature(y[i], z[i]);
  }
  double dual(const ConstVec& y, const ConstVec& theta, const ConstVec& pi) const override {
    return sum(pi, [&](Index i) { return rule_.dual(y[i], theta[i]); });
  }
  double constant(double mean) const override { return rule_.constant(mean); }
  void check(const ConstVec& y) const override {
    for (Index i = 0; i < y.size(); ++i) {
      if (!L::accepts(y[i])) {
        throw std::invalid_argument("y must be " + std::string(L::targets) + " for the loss '" + L::name + "'");
      }
    }
  }
  bool known_noise() const override { return L::known_noise; }
  bool separable() const override { return L::separable; }
  std::unique_ptr<Loss> in_units([[maybe_unused]] double unit) const override {
    if constexpr (L::has_units) return std::make_unique<RowLoss>(rule_.in_units(unit));
    return nullptr;
  }
  bool separates(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const override {
    for (Index i = 0; i < y.size(); ++i) {
      if (pi[i] > 0 && !rule_.separates(y[i], z[i])) return false;
    }
    return true;
  }

 private:
  template <class F>
  static double sum(const ConstVec& pi, F f) {
    double total = 0;
    for (Index i = 0; i < pi.size(); ++i) {
      if (pi[i] > 0) total += pi[i] * f(i);
    }
    return total;
  }

  L rule_;
};

// Exponentials and logarithms of all rows at once, by vector instructions.
template <>
double RowLoss<Logistic>::value(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const;
template <>
void RowLoss<Logistic>::residual(const ConstVec& y, const ConstVec& z, MutVec out) const;
template <>
void RowLoss<Logistic>::curvature(const ConstVec& y, const ConstVec& z, MutVec out) const;

/// The loss of that name; std::invalid_argument lists the known names, or says which parameter is wrong.
std::unique_ptr<Loss> make_loss(const std::string& name, const Params& params);

}  // namespace pyreweight
