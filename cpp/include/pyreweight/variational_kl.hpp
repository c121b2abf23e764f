#pragma once

namespace pyreweight {

/// A conjugate f(eta) with its first two derivatives: f = 2 KL(N(1, 1/eta) noise || log-uniform prior), up to the
/// constant that makes f(0) = 0.
struct VariationalKl {
  double value;
  double first;
  double second;
};

/// Exact: f' = D(x) / x with Dawson's D, x = sqrt(eta / 2), f'' < 0.
VariationalKl variational_kl(double eta);

/// The unique root eta of  eta sqrt(f'(eta)) = t, t in [0, inf].
double variational_eta(double t);

/// Constants k1, k2, k3 of Molchanov, Ashukha, Vetrov (2017).
constexpr double kMolchanov1 = 0.63576;
constexpr double kMolchanov2 = 1.87320;
constexpr double kMolchanov3 = 1.48695;

/// Their approximation f(eta) = 2 k1 sigmoid(k3 log eta - k2) + log(1 + eta); its second derivative is positive, and
/// infinite at 0, for small eta.
VariationalKl molchanov_kl(double eta);
double molchanov_eta(double t);

}  // namespace pyreweight
