// Products of packed blocks against Eigen's own.

#include <doctest/doctest.h>

#include "problems.hpp"
#include "pyreweight/block_products.hpp"

namespace pyreweight {
namespace {

constexpr double kRounding = 4e-15;

/// What rounding is relative to: the sums of the sizes of the terms, and what was there before.
Matrix sizes(const Matrix& a, const Matrix& b) {
  return (Matrix::Ones(a.cols(), b.cols()) + a.cwiseAbs().transpose() * b.cwiseAbs()).eval();
}

TEST_CASE("block products equal Eigen's for every size around the tiles and the lanes") {
  BlockProducts products;
  for (const Index rows : {1, 15, 32, 63, 64, 65, 100, 248}) {
    for (const Index height : {1, 2, 3, 4, 7, 12, 25}) {
      for (const Index width : {1, 2, 3, 4, 5, 9, 30}) {
        CAPTURE(rows);
        CAPTURE(height);
        CAPTURE(width);
        const Matrix a = Matrix::Random(rows, height), b = Matrix::Random(rows, width);
        Matrix out = Matrix::Ones(height, width);
        products.add(a, b, out);
        const Matrix expected = (Matrix::Ones(height, width) + a.transpose() * b).eval();
        CHECK(((out - expected).array().abs() <= kRounding * sizes(a, b).array()).all());
      }
      const Matrix a = Matrix::Random(rows, height);
      Matrix out = Matrix::Zero(height, height);
      products.add_upper(a, out);
      const Matrix expected = (a.transpose() * a).eval(), size = sizes(a, a);
      for (Index c = 0; c < height; ++c) {
        for (Index r = 0; r <= c; ++r) CHECK(std::abs(out(r, c) - expected(r, c)) <= kRounding * size(r, c));
      }
    }
  }
}

}  // namespace
}  // namespace pyreweight
