#include "pyreweight/extrapolation.hpp"

#include <Eigen/Cholesky>

namespace pyreweight {
namespace {

constexpr Index kSteps = 5;
constexpr double kRidge = 1e-12;  // steps may be as good as dependent

}  // namespace

Extrapolation::Extrapolation(Index size) : iterates_(size, kSteps + 1) {}

bool Extrapolation::add(const ConstVec& iterate) {
  if (count_ > kSteps) count_ = 0;
  iterates_.col(count_++) = iterate;
  return count_ > kSteps;
}

Vector Extrapolation::point() const {
  const Matrix steps = iterates_.rightCols(kSteps) - iterates_.leftCols(kSteps);
  Matrix products = steps.transpose() * steps;
  products.diagonal().array() += kRidge * products.trace();
  Vector weights = products.ldlt().solve(Vector::Ones(kSteps));
  weights /= weights.sum();
  return iterates_.rightCols(kSteps) * weights;
}

}  // namespace pyreweight
