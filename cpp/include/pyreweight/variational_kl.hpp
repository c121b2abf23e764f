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

/// Molchanov, Ashukha, Vetrov's (2017) fit of KL by a sigmoid: f = 2 k1 sigmoid(k3 log eta - k2) + log(1 + eta). Near 0
/// f' = 1 + O(eta^0.487) rises before it falls.
VariationalKl molchanov_kl(double eta);

/// The root for it, which is unique as well.
double molchanov_eta(double t);

}  // namespace pyreweight
