#pragma once

#include "pyreweight/types.hpp"

namespace pyreweight {

/// Anderson extrapolation of a fixed-point iteration such as sweeps of coordinate descent: of the last iterates, the
/// combination with weights of sum 1 whose steps cancel best (Bertrand and Massias, 2021).
class Extrapolation {
 public:
  explicit Extrapolation(Index size);

  /// Takes the next iterate (size,). True where there are enough of them: point() is then defined, until the next call,
  /// which begins anew.
  bool add(const ConstVec& iterate);
  /// Not finite where the steps tell nothing.
  Vector point() const;

 private:
  Matrix iterates_;
  Index count_ = 0;
};

}  // namespace pyreweight
