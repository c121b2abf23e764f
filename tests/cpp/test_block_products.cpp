// Products of packed blocks against Eigen's own.

#include <doctest/doctest.h>

#include "problems.hpp"
#include "pyreweight/block_products.hpp"

namespace pyreweight {
namespace {

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
        CHECK(largest_difference(out, expected) <= 1e-13);
      }
      const Matrix a = Matrix::Random(rows, height);
      Matrix out = Matrix::Zero(height, height);
      products.add_upper(a, out);
      const Matrix expected = (a.transpose() * a).eval();
      for (Index c = 0; c < height; ++c) {
        for (Index r = 0; r <= c; ++r) CHECK(std::abs(out(r, c) - expected(r, c)) <= 1e-13);
      }
    }
  }
}

}  // namespace
}  // namespace pyreweight
