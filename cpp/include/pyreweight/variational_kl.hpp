#pragma once

namespace pyreweight {

/// The conjugate f(eta) of exact variational dropout with its first two derivatives: f = 2 KL(N(1, 1/eta) noise ||
/// log-uniform prior), up to the constant that makes f(0) = 0.
struct VariationalKl {
  double value;
  double first;   // D(x) / x with Dawson's D, x = sqrt(eta / 2)
  double second;  // negative
};

VariationalKl variational_kl(double eta);

/// The unique root eta of  eta sqrt(f'(eta)) = t, t in [0, inf].
double variational_eta(double t);

}  // namespace pyreweight
