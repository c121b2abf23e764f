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

}  // namespace pyreweight
