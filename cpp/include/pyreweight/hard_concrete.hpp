#pragma once

#include <vector>

namespace pyreweight {

/// The penalty of the hard concrete gate,  Gam(t) = min_a (t^2 v(a) + open(a)) / 2:  the gate s is the binary concrete
/// variable of location log a and temperature beta, stretched to (gamma, zeta) and clipped to [0, 1]; v is its squared
/// coefficient of variation, open = P(s != 0). With r(x) = ((x - gamma) / (zeta - x))^beta, P(s > x) = a / (a + r(x)).
/// Moments by Gauss-Legendre quadrature, so nothing is random; the minimum over a is global.
class HardConcreteGate {
 public:
  HardConcreteGate(double beta, double gamma, double zeta);

  /// The best gate for a coefficient.
  struct Setting {
    double t;          // the coefficient
    double slope;      // Gam'(t) = t v
    double curvature;  // Gam''(t)
    double open;       // P(s != 0)
  };

  /// The global minimiser over a of  y^2 v / (1 + step v) + open,  which is twice the least value over t of
  /// ((t - y)^2 / step + t^2 v + open) / 2; for step = 0 it is 2 Gam(y), and t = y.
  Setting best(double y, double step) const;

  /// open(a) at v(a) = 1 / eta.
  double open_probability(double eta) const;

  /// The largest y for which best(y, step).t is 0.
  double zero_threshold(double step) const;

  /// Gam'(0+).
  double slope_at_zero() const { return slope_.front(); }

 private:
  /// The curve of all gates, parametrised by a from a = 0 up to the middle of the range of r and by p = 1 / a from
  /// there on, so that it is smooth up to both ends. t(a) is the coefficient for which a is stationary.
  struct Place {
    double p;
    bool tail;
  };
  struct Curve {
    double t, t_rate;          // the coefficient and its derivative in p
    double slope, slope_rate;  // t v and its derivative
    double open;
    double spread, spread_rate;  // 1 / v, in the tail v
    double open_spread;          // v open
  };
  Curve curve(Place place) const;
  Curve head(double a) const;
  Curve tail(double b) const;
  Place node(int k, bool in_tail) const;
  bool cell_in_tail(int k) const { return k >= middle_; }
  int cells() const { return static_cast<int>(t_.size()) - 1; }

  template <class F>
  Curve solve_in_cell(int k, double target_low, double target_high, F excess) const;

  std::vector<double> x_, weight_, r_;                               // quadrature nodes, weights, r(x)
  double r0_;                                                        // r(0)
  int middle_;                                                       // the node at which the parametrisation changes
  std::vector<double> a_, t_, slope_, open_, spread_, open_spread_;  // at the nodes of the table: a = 0, ..., a = inf
};

}  // namespace pyreweight
