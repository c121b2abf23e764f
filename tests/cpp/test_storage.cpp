// Without memory for it a matrix that is resized is left empty, and not with entries that are freed already.

#include <doctest/doctest.h>

#include <limits>
#include <new>
#include <utility>

#include "pyreweight/types.hpp"

namespace pyreweight {
namespace {

constexpr Index kTooMuch = std::numeric_limits<Index>::max() / 4;  // two of them need more bytes than a pointer tells

TEST_CASE("a resize without memory leaves an empty matrix") {
  Matrix a = Matrix::Ones(3, 4);
  CHECK_THROWS_AS(a.resize(kTooMuch, 2), std::bad_alloc);
  CHECK(a.size() == 0);
  a = Matrix::Ones(2, 2);
  CHECK(a.sum() == 4);
}

TEST_CASE("a resize without memory leaves an empty vector") {
  Vector v = Vector::Ones(5);
  CHECK_THROWS_AS(v.resize(2 * kTooMuch), std::bad_alloc);
  CHECK(v.size() == 0);
  v = Vector::Ones(3);
  CHECK(v.sum() == 3);
}

TEST_CASE("storage is copied, moved and swapped as before") {
  Matrix a = Matrix::Random(3, 4);
  const Matrix copy = a;
  Matrix moved = std::move(a);
  CHECK(moved == copy);
  Matrix other(1, 2);
  other.swap(moved);
  CHECK(other == copy);
  other.conservativeResize(5, 4);
  CHECK(other.topRows(3) == copy);
  Vector v = copy.col(1);
  v.conservativeResize(7);
  CHECK(v.head(3) == copy.col(1));
}

}  // namespace
}  // namespace pyreweight
