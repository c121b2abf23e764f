#pragma once

#include "pyreweight/types.hpp"

namespace pyreweight {

inline double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

/// The prox of level |.| at z.
inline double shrink(double z, double level) { return z > level ? z - level : z < -level ? z + level : 0.0; }

/// `point`, but zero where an l1 term has a kink between it and `from`, or `from` on it.
inline Vector stopped_at_kinks(const ConstVec& point, const ConstVec& from, const ConstVec& l1) {
  return (from.array() * point.array() > 0 || l1.array() == 0).select(point, 0.0);
}

}  // namespace pyreweight
