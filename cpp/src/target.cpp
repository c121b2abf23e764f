#include "pyreweight/target.hpp"

#include <cmath>
#include <limits>

namespace pyreweight {

Target scale_target(const ConstVec& y, const Vector& weights, bool fit_intercept) {
  const auto power_of_two = [](double x) { return std::ldexp(1.0, std::ilogb(x)); };
  Target target;
  const Vector counted = (weights.array() > 0).select(y, 0.0);
  const double largest = counted.cwiseAbs().maxCoeff();
  target.constant = true;
  target.values = Vector::Zero(y.size());
  if (largest == 0) return target;
  const double unit = power_of_two(largest);
  Vector values = counted / unit;
  double mean = 0;
  if (fit_intercept) {
    mean = values.dot(weights);
    mean += (values.array() - mean).matrix().dot(weights);  // takes back what rounding left
    values.array() -= mean;
    target.mean = mean * unit;
  }
  const double deviation = std::sqrt(values.cwiseAbs2().dot(weights));
  if (deviation <= 10 * std::numeric_limits<double>::epsilon()) return target;
  target.constant = false;
  const double spread = power_of_two(deviation);
  target.values = (weights.array() > 0).select(values / spread, 0.0);
  target.scale = unit * spread;
  return target;
}

}  // namespace pyreweight
