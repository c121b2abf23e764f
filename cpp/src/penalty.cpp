#include "pyreweight/penalty.hpp"

namespace pyreweight {

void Penalty::majorise(const ConstVec& t, double alpha, MutVec l1, MutVec l2) const {
  const double kink = slope_at_zero();
  if (linear_quadratic()) {  // the same parabola touches everywhere; at t = 0 its curvature could not be read off
    const Vector one = Vector::Ones(1);
    Vector at_one(1);
    slope(one, alpha, at_one);
    l1.setConstant(kink);
    l2.setConstant(at_one[0] - kink);
    return;
  }
  slope(t, alpha, l1);
  eta(t, alpha, l2);
  const double steepest = steepest_slope();
  for (Index i = 0; i < t.size(); ++i) {
    if (kink > 0 && l1[i] <= kink) {
      if (t[i] == 0) l1[i] = steepest;
      l2[i] = 0;
    } else {
      // kink = 0 uses eta itself, which keeps its limit at t = 0.
      l2[i] = kink == 0 ? 1 / l2[i] : (l1[i] - kink) / t[i];
      l1[i] = kink;
    }
  }
}

}  // namespace pyreweight
