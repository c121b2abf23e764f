#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "pyreweight/problem.hpp"

namespace pyreweight {

/// -2 log evidence of ARD (see solve_ard) with the noise profiled out, nu log Y + log det(I + rho^-1 G), as a function
/// of the ridge weights rho of the columns inside, and moves that lower it. It knows the Gram rows of those columns
/// only.
class Evidence {
 public:
  /// `usable` are the columns that may come in; nu is `freedom`. The problem must outlive it.
  Evidence(const Problem& problem, const Columns& usable, double freedom);

  Index size() const { return static_cast<Index>(active_.size()); }
  const Columns& active() const { return active_; }
  const Vector& ridge() const { return rho_; }
  const Vector& mean() const { return mean_; }
  double fit() const { return fit_; }
  double profiled_fit() const { return std::max(fit_, floor_); }

  /// Covariance, mean and Y from scratch: updates between two of these are of rank one.
  void refresh();
  /// nu log Y + log det(I + rho^-1 G), up to the floor of the noise, at other ridge weights.
  double cost(const Vector& rho) const;
  /// What every column outside would bring. Returns the largest violation nu q^2 / (s Y) - 1.
  double look_outside(std::vector<std::pair<double, Index>>& gains);
  /// Lets column j in at its best ridge weight if that gains at least `least`.
  bool add(Index j, double least);
  /// Each column inside in turn to its best ridge weight, out if that is infinite.
  void sweep();
  /// Derivative of the cost with respect to -log rho_j.
  Vector gradient() const;
  /// A damped Newton step on -log rho; returns by how much the cost fell.
  double newton_step();

 private:
  Matrix shifted_gram(const Vector& rho) const;
  double log_fit(double fit) const;
  /// The rho that minimises the cost of a column of which the others leave s, with correlation q, Y = `fit` without it.
  double best_ridge(double s, double q, double fit) const;
  double gain_of(double s, double q, double fit, double from, double to) const;
  void remove(Index i);

  const Design& design_;
  Monitor& monitor_;
  const Vector& target_;
  const Columns usable_;
  const double freedom_;  // nu
  const double total_;    // Y without any column
  const double floor_;    // the least Y that the noise follows
  Vector correlation_;    // (p,) with the target
  std::vector<char> inside_;
  Columns active_;
  std::vector<Vector> cross_;  // (p,) Gram row of each column inside
  Vector rho_;                 // (k,)
  Matrix covariance_;          // (k, k) (G + diag rho)^-1
  Vector mean_;                // (k,) coefficients
  double fit_ = 0;             // Y
};

}  // namespace pyreweight
