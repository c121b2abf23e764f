// The factor of a support that changes: updated, it is that of the new one.

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <algorithm>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/support_factor.hpp"

namespace pyreweight {
namespace {

TEST_CASE("the factor of a support follows it through changes of columns and shifts") {
  Random random(16);
  Monitor monitor;
  const Index p = 50;
  const Matrix a = definite(p, random);
  SupportFactor factor(monitor);
  Vector shift = Vector::Zero(p);
  for (int turn = 0; turn < 60; ++turn) {
    CAPTURE(turn);
    if (turn % 7 == 6) shift[random.below(p)] = random.uniform(0, 1);
    if (turn % 20 == 19) shift = Vector::Constant(p, 0.01 * turn);
    Columns wanted = random.permutation(p);
    wanted.resize(static_cast<size_t>(turn % 3 == 0 ? random.below(p) : p - 3));
    REQUIRE(factor.follow(a, shift, wanted, turn % 2 == 0));
    Columns got = factor.columns();
    CHECK(std::is_permutation(got.begin(), got.end(), wanted.begin(), wanted.end()));
    const Vector b = random.vector(static_cast<Index>(got.size()));
    const Matrix H = submatrix(a, got) + Matrix(gather(shift, got).asDiagonal());
    CHECK(largest_difference(factor.solve(b), H.llt().solve(b)) <= 1e-11 * (1 + b.cwiseAbs().sum()));
  }
}

TEST_CASE("the factor of a support takes what is independent and names the rest") {
  Random random(17);
  Monitor monitor;
  const Index p = 100;
  Matrix a = definite(p, random);
  for (const Index j : {40, 99}) {  // copies of column 3
    a.row(j) = a.row(3);
    a.col(j) = a.col(3);
  }
  Vector shift = Vector::Zero(p);
  shift[21] = -2 * a(21, 21);
  SupportFactor factor(monitor);
  CHECK_FALSE(factor.follow(a, shift, all_columns(p), false));
  CHECK_FALSE(factor.follow(a, shift, all_columns(p), true));
  CHECK(factor.failed() == Columns{21, 40, 99});
  CHECK(factor.columns().size() == 97);
  const Vector b = random.vector(97);
  CHECK(largest_difference(submatrix(a, factor.columns()) * factor.solve(b), b) <= 1e-10);

  Vector v = Vector::Ones(p);
  v[7] = v[3] = 0;
  CHECK(factor.keep_support(v));
  CHECK(factor.columns().size() == 95);
  CHECK_FALSE(factor.has(3));
  CHECK(factor.has(4));
  shift[21] = 0;
  CHECK(factor.follow(a, shift, support(v - Vector::Unit(p, 99)), true));
  CHECK(factor.has(40));
  CHECK_FALSE(factor.keep_support(Vector::Unit(p, 5)));
  CHECK(factor.columns().empty());
}

}  // namespace
}  // namespace pyreweight
