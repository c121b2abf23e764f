#include "pyreweight/dropout_expectation.hpp"

#include <algorithm>
#include <cmath>

namespace pyreweight {
namespace {

constexpr double kWide = 5;  // standard deviation from which the kink at 0 is treated on its own

/// By the trapezoidal rule, which converges exponentially: the integrand is analytic up to pi / sd from the real axis.
double narrow_softplus(double z, double sd) {
  const double step = std::min(0.3, 0.6 / sd), end = 10;
  double sum = 0, total = 0;
  for (int k = -static_cast<int>(end / step); k <= static_cast<int>(end / step); ++k) {
    const double node = k * step, x = z + sd * node, weight = std::exp(-0.5 * node * node);
    sum += weight * (std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))));
    total += weight;
  }
  return sum / total;
}

/// E log(1 + e^(z + sd N)) = E max(z + sd N, 0) + E log(1 + e^-|z + sd N|). The first is known, the second lives where
/// the argument is small: it is integrated over x = z + sd N by the trapezoidal rule, which converges exponentially on
/// either side of the kink at 0 after x = +-exp(u - e^-u), a double-exponential change of variable.
double expected_softplus(double z, double sd) {
  if (sd < kWide) return narrow_softplus(z, sd);
  constexpr double kRootTwoPi = 2.5066282746310002, kStep = 0.03125, kEnd = 5;
  const double ratio = z / sd;
  const double positive_part =
      z * 0.5 * std::erfc(-ratio / std::sqrt(2.0)) + sd * std::exp(-0.5 * ratio * ratio) / kRootTwoPi;
  double sum = 0;
  for (double u = -kEnd; u <= kEnd; u += kStep) {
    const double x = std::exp(u - std::exp(-u)), weight = x * (1 + std::exp(-u));
    const double right = (x - z) / sd, left = (x + z) / sd;
    const double density = std::exp(-0.5 * right * right) + std::exp(-0.5 * left * left);
    sum += weight * std::log1p(std::exp(-x)) * density;
  }
  return positive_part + kStep * sum / (sd * kRootTwoPi);
}

}  // namespace

double expected_logistic_loss(const ConstVec& y, const ConstVec& z, const ConstVec& sd, const ConstVec& pi) {
  double sum = 0;
  for (Index i = 0; i < y.size(); ++i) sum += pi[i] * (expected_softplus(z[i], sd[i]) - y[i] * z[i]);
  return sum;
}

}  // namespace pyreweight
