#pragma once

#include "pyreweight/types.hpp"

namespace pyreweight {

/// y = mean + scale * values, for losses whose targets have units with a power of two for scale so that the root mean
/// square of values is in [1, 2).
struct Target {
  Vector values;
  double mean = 0;
  double scale = 1;
  bool constant = false;
};

/// y (n,) for row weights (n,) of sum 1; the mean is 0 without intercept.
Target scale_target(const ConstVec& y, const Vector& weights, bool fit_intercept);

}  // namespace pyreweight
