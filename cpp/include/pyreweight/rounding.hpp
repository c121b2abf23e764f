#pragma once

#include <limits>

namespace pyreweight {

/// Rounding to be expected in a correlation z_j' diag(pi) r: target and columns are scaled to root mean squares in
/// [1, 2), see Design and fit().
constexpr double kCorrelationNoise = 64 * std::numeric_limits<double>::epsilon();

/// A square that comes as a difference of squares keeps too few digits below this share of them.
constexpr double kCancellation = 1e-5;

}  // namespace pyreweight
