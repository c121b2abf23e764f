#include "pyreweight/variational_kl.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace pyreweight {

namespace {

// f(eta) = E log(chi^2_1(eta)) - E log(chi^2_1(0)) for the noncentral chi-square law with noncentrality eta (Molchanov,
// Ashukha, Vetrov 2017 write the same mean as a Dawson integral). That law is a Poisson(eta/2) mixture of central ones,
// which gives three series of positive terms, free of cancellation:
//   f = sum_k w_k H_k,   f' = sum_k w_k / (2k+1),   f'' = -sum_k w_k / ((2k+1)(2k+3)),
//   w_k = e^(-eta/2) (eta/2)^k / k!,   H_k = 2 (1 + 1/3 + ... + 1/(2k-1)) = digamma(k + 1/2) - digamma(1/2).
// Beyond kAsymptotic the expansion in 1/eta is exact to rounding: its smallest term is about e^(-eta/2).
constexpr double kAsymptotic = 96;
constexpr int kTerms = 160;  // Poisson(48) has mass below 1e-30 beyond

struct Tables {
  std::array<double, kTerms> inverse{};      // 1 / k
  std::array<double, kTerms> inverse_odd{};  // 1 / (2k + 1)
  std::array<double, kTerms> harmonic{};     // H_k
};

constexpr Tables make_tables() {
  Tables t;
  long double sum = 0;
  for (int k = 0; k < kTerms; ++k) {
    t.harmonic[k] = static_cast<double>(sum);
    t.inverse[k] = k > 0 ? 1.0 / k : 0.0;
    t.inverse_odd[k] = 1.0 / (2 * k + 1);
    sum += 2.0L / (2 * k + 1);
  }
  return t;
}

constexpr Tables kTables = make_tables();

VariationalKl poisson_mixture(double eta) {
  const double mean = eta / 2;
  double weight = 1, total = 1;
  double value = 0, first = 1, second = kTables.inverse_odd[1];
  // Weights relative to that of k = 0; dividing by their sum cancels most of the rounding of the recurrence.
  for (int k = 1; k + 1 < kTerms; ++k) {
    weight *= mean * kTables.inverse[k];
    const double w1 = weight * kTables.inverse_odd[k];
    const double w0 = weight * kTables.harmonic[k];
    total += weight;
    value += w0;
    first += w1;
    second += w1 * kTables.inverse_odd[k + 1];
    if (k > mean && w0 < 1e-17 * value) break;
  }
  return {value / total, first / total, -second / total};
}

VariationalKl asymptotic(double eta) {
  constexpr double constant = 1.2703628454614781700;  // Euler's gamma + log 2
  double term = 1;                                    // (2k-1)!! / eta^k
  double value = 0, first = 1, second = 1;
  for (int k = 1; k < 40 && term > 1e-18; ++k) {
    term *= (2 * k - 1) / eta;
    value += term / k;
    first += term;
    second += (k + 1) * term;
  }
  return {std::log(eta) + constant - value, first / eta, -second / eta / eta};
}

constexpr double kLarge = 1e9;  // from there on eta = t^2 to rounding

/// Root of eta sqrt(f'(eta)) = t between low and high: Newton in log(eta), safeguarded by bisection.
template <class F>
double root_of_slope(F kl, double t, double low, double high, double eta) {
  for (int i = 0; i < 100; ++i) {
    const VariationalKl f = kl(eta);
    const double excess = std::log(eta * std::sqrt(f.first) / t);
    (excess > 0 ? high : low) = eta;
    const double step = excess / (1 + eta * f.second / (2 * f.first));
    const double next = eta * std::exp(-step);
    // Newton squares the error, so a step this small leaves one below rounding.
    if (std::abs(step) < 1e-9) return next;
    eta = next > low && next < high ? next : std::sqrt(low) * std::sqrt(high);
  }
  return eta;
}

/// The root for f = log(1 + eta), within a third of the others.
double log1p_eta(double t) { return t / 2 * (t + std::sqrt(t * t + 4)); }

/// log(eta) over log(t) by cubics between nodes, good to about 1e-9: a place to start from that leaves one step of
/// Newton's.
class StartTable {
 public:
  StartTable() {
    for (int i = 0; i < kNodes; ++i) {
      const double t = std::exp(kFirst + i * kStride);
      const double eta = root_of_slope(variational_kl, t, t, t + t * t, log1p_eta(t));
      const VariationalKl f = variational_kl(eta);
      log_eta_[i] = std::log(eta);
      slope_[i] = kStride / (1 + eta * f.second / (2 * f.first));
    }
  }

  /// 0 outside.
  double eta(double t) const {
    const double place = (std::log(t) - kFirst) / kStride;
    if (!(place >= 0 && place < kNodes - 1)) return 0;
    const int i = static_cast<int>(place);
    const double x = place - i, y = 1 - x, rise = log_eta_[i + 1] - log_eta_[i];
    return std::exp(log_eta_[i] + x * rise + x * y * (y * (slope_[i] - rise) - x * (slope_[i + 1] - rise)));
  }

 private:
  static constexpr int kNodes = 501;
  static constexpr double kFirst = -5, kStride = 0.02;
  std::array<double, kNodes> log_eta_, slope_;
};

}  // namespace

VariationalKl variational_kl(double eta) { return eta < kAsymptotic ? poisson_mixture(eta) : asymptotic(eta); }

double variational_eta(double t) {
  if (!(t > 0)) return 0;
  if (t > kLarge) return t * t;  // eta = t^2 - 1 - ...
  static const StartTable table;
  const double start = table.eta(t);
  return std::max(t, root_of_slope(variational_kl, t, t, t + t * t, start > 0 ? start : log1p_eta(t)));
}

VariationalKl molchanov_kl(double eta) {
  constexpr double k1 = 0.63576, k2 = 1.87320, k3 = 1.48695;
  if (!(eta > 0)) return {0, 1, std::numeric_limits<double>::infinity()};
  const double x = k3 * std::log(eta) - k2, decay = std::exp(-std::abs(x));
  const double s = (x > 0 ? 1 : decay) / (1 + decay);  // the sigmoid of x
  // s (1 - s) / eta; where s is small, from logarithms, so that neither factor underflows before the quotient.
  const double rate = std::exp(-std::abs(x) - std::log(eta)) / ((1 + decay) * (1 + decay));
  const double rest = 1 / (1 + eta);
  return {2 * k1 * s + std::log1p(eta), 2 * k1 * k3 * rate + rest,
          2 * k1 * k3 * (rate / eta) * (k3 * (1 - 2 * s) - 1) - rest * rest};
}

double molchanov_eta(double t) {
  if (!(t > 1e-100)) return t > 0 ? t : 0;  // there f' = 1 to rounding
  if (t > kLarge) return t * t;
  // 1 / (1 + eta) <= f' <= 1.0239.
  const double high = log1p_eta(t);
  return root_of_slope(molchanov_kl, t, 0.98 * t, high, high);
}

}  // namespace pyreweight
