// Cholesky factors: the blocked one against Eigen's, the updatable one against a fresh factor of the same matrix.

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <algorithm>

#include "problems.hpp"
#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

Matrix upper_part(const Matrix& a) { return a.triangularView<Eigen::Upper>(); }

TEST_CASE("the blocked factor equals Eigen's") {
  Random random(1);
  Monitor monitor;
  for (const Index k : {0, 1, 2, 3, 50, 95, 96, 97, 191, 192, 193, 289, 400}) {
    CAPTURE(k);
    const Matrix a = definite(k, random);
    Matrix factored = a;
    REQUIRE(cholesky(factored, monitor));
    const Matrix expected = a.llt().matrixU();
    CHECK(largest_difference(upper_part(factored), expected) <= 1e-13 * std::sqrt(1.0 + static_cast<double>(k)));
  }
}

TEST_CASE("units of rows and columns by powers of two scale the factor exactly") {
  Random random(2);
  Monitor monitor;
  const Index k = 130;
  Matrix a = definite(k, random);
  const Vector unit =
      Vector::NullaryExpr(k, [&] { return std::ldexp(1.0, static_cast<int>(random.below(800)) - 400); });
  Matrix scaled = unit.asDiagonal() * a * unit.asDiagonal();
  REQUIRE(cholesky(a, monitor));
  REQUIRE(cholesky(scaled, monitor));
  CHECK(identical(upper_part(scaled), upper_part(a) * unit.asDiagonal()));
}

TEST_CASE("the blocked factor has the same bits for one thread and two") {
  Random random(3);
  const Matrix a = definite(400, random);
  const auto factor = [&] {
    Monitor monitor;
    Matrix factored = a;
    REQUIRE(cholesky(factored, monitor));
    return factored;
  };
  const auto [one, two] = with_one_and_two_threads(factor);
  CHECK(identical(one, two));
}

TEST_CASE("matrices that are not positive definite are detected in every block") {
  Random random(4);
  Monitor monitor;
  for (const Index k : {1, 2, 60, 96, 97, 150, 250}) {
    CAPTURE(k);
    const Matrix a = definite(k, random);
    for (const Index at : {Index{0}, k / 2, k - 1}) {
      CAPTURE(at);
      Matrix negative = a;
      negative(at, at) = -1;
      CHECK_FALSE(cholesky(negative, monitor));
      Matrix zero = a;
      zero.col(at).setZero();
      zero.row(at).setZero();
      CHECK_FALSE(cholesky(zero, monitor));
      Matrix unknown = a;
      unknown.col(at).head(at + 1).setConstant(std::nan(""));
      CHECK_FALSE(cholesky(unknown, monitor));
      if (at == 0) continue;
      Matrix duplicated = a;
      duplicated.col(at) = duplicated.col(0);
      duplicated.row(at) = duplicated.row(0);
      duplicated(at, at) = duplicated(0, 0);
      CHECK_FALSE(cholesky(duplicated, monitor));
    }
  }
  const Matrix few_rows = random.matrix(40, 120);
  Matrix singular = few_rows.transpose() * few_rows;
  CHECK_FALSE(cholesky(singular, monitor));
}

TEST_CASE("solve_positive_definite") {
  Random random(5);
  Monitor monitor;
  for (const Index k : {1, 7, 96, 200}) {
    CAPTURE(k);
    const Matrix a = definite(k, random);
    const Vector expected = random.vector(k), b = a * expected;
    Matrix work = a;
    Vector x;
    REQUIRE(solve_positive_definite(work, b, x, monitor));
    CHECK(largest_difference(x, expected) <= 1e-12);
    Matrix indefinite = a;
    indefinite(k - 1, k - 1) = -1;
    CHECK_FALSE(solve_positive_definite(indefinite, b, x, monitor));
  }
}

/// first, ..., last - 1.
Columns slice_of(Index first, Index last) {
  Columns all = all_columns(last);
  return Columns(all.begin() + first, all.end());
}

/// Checks the solution of the kept part of `a` against Eigen's.
void check_solves(const UpdatableCholesky& factor, const Matrix& a, const Columns& kept, Random& random) {
  const Index k = static_cast<Index>(kept.size());
  REQUIRE(factor.size() == k);
  const Vector b = random.vector(k);
  const Vector expected = submatrix(a, kept).llt().solve(b);
  CHECK(largest_difference(factor.solve(b), expected) <= 1e-11 * (1 + expected.cwiseAbs().sum()));
}

TEST_CASE("rows appended and removed in any order leave the factor of what is kept") {
  Monitor monitor;
  for (const unsigned seed : {11u, 12u, 13u, 14u}) {
    CAPTURE(seed);
    Random random(seed);
    const Index p = 60;
    const Matrix a = definite(p, random);
    UpdatableCholesky factor;
    Columns kept, out = random.permutation(p);
    if (seed % 2 == 0) {
      kept.assign(out.begin(), out.begin() + 20);
      out.erase(out.begin(), out.begin() + 20);
      REQUIRE(factor.assign(submatrix(a, kept), monitor));
    }
    for (int turn = 0; turn < 300; ++turn) {
      CAPTURE(turn);
      const bool grows = kept.empty() || (!out.empty() && random.uniform(0, 1) < (turn < 150 ? 0.6 : 0.4));
      if (grows) {
        const Index j = out.back();
        REQUIRE(factor.append(gather(a.col(j), kept), a(j, j)));
        out.pop_back();
        kept.push_back(j);
      } else {
        const Index position = random.below(static_cast<Index>(kept.size()));
        factor.remove(position);
        out.insert(out.begin(), kept[static_cast<size_t>(position)]);
        kept.erase(kept.begin() + position);
      }
      check_solves(factor, a, kept, random);
    }
  }
}

TEST_CASE("a block of rows appended is the rows appended one by one") {
  Random random(15);
  Monitor monitor;
  const Index p = 40;
  const Matrix a = definite(p, random);
  for (const Index first : {Index{0}, Index{1}, Index{17}}) {
    CAPTURE(first);
    const Columns left = slice_of(0, first), right = slice_of(first, p);
    UpdatableCholesky factor;
    if (first > 0) REQUIRE(factor.assign(submatrix(a, left), monitor));
    REQUIRE(factor.append(Matrix(a.topRightCorner(first, p - first)), submatrix(a, right), monitor));
    check_solves(factor, a, all_columns(p), random);
    Matrix cross = a.leftCols(3), own = a.topLeftCorner(3, 3);  // duplicates of columns 0 to 2
    CHECK_FALSE(factor.append(cross, own, monitor));
    check_solves(factor, a, all_columns(p), random);
  }
}

TEST_CASE("removing the first, the last and the only row") {
  Random random(21);
  Monitor monitor;
  const Matrix a = definite(5, random);
  UpdatableCholesky factor;
  Columns kept = all_columns(5);
  REQUIRE(factor.assign(a, monitor));
  factor.remove(0);
  kept.erase(kept.begin());
  check_solves(factor, a, kept, random);
  factor.remove(3);
  kept.pop_back();
  check_solves(factor, a, kept, random);
  while (kept.size() > 1) {
    factor.remove(0);
    kept.erase(kept.begin());
    check_solves(factor, a, kept, random);
  }
  factor.remove(0);
  CHECK(factor.size() == 0);
  CHECK(factor.solve(Vector()).size() == 0);
  REQUIRE(factor.append(Vector(), a(2, 2)));
  check_solves(factor, a, {2}, random);
}

TEST_CASE("a dependent column is refused and nothing changes") {
  Random random(22);
  const Index n = 80, k = 30;
  Matrix M = random.matrix(n, k + 4);
  M.col(k) = M.col(3);                              // a duplicate
  M.col(k + 1) = M.leftCols(k) * random.vector(k);  // a combination
  M.col(k + 2) = -1e150 * M.col(5);                 // a duplicate in other units
  M.col(k + 3).setZero();
  const Matrix a = M.transpose() * M;
  UpdatableCholesky factor;
  for (Index j = 0; j < k; ++j) REQUIRE(factor.append(a.col(j).head(j), a(j, j)));
  const Vector b = random.vector(k), before = factor.solve(b);
  for (Index j = k; j < k + 4; ++j) {
    CAPTURE(j);
    CHECK_FALSE(factor.append(a.col(j).head(k), a(j, j)));
    CHECK(factor.size() == k);
    CHECK(identical(factor.solve(b), before));
  }
  CHECK_FALSE(factor.append(a.col(k).head(k), std::nan("")));
  CHECK_FALSE(factor.append(a.col(k).head(k), -1.0));
  CHECK(identical(factor.solve(b), before));
}

TEST_CASE("a failed assign leaves an empty factor that can grow again") {
  Random random(23);
  Monitor monitor;
  const Matrix a = definite(8, random);
  UpdatableCholesky factor;
  REQUIRE(factor.assign(a, monitor));
  CHECK_FALSE(factor.assign(Matrix::Ones(6, 6), monitor));
  CHECK(factor.size() == 0);
  Columns kept;
  for (const Index j : {4, 1, 7}) {
    REQUIRE(factor.append(gather(a.col(j), kept), a(j, j)));
    kept.push_back(j);
  }
  check_solves(factor, a, kept, random);
  factor.clear();
  CHECK(factor.size() == 0);
}

TEST_CASE("the monitor interrupts a factorisation") {
  Random random(24);
  Matrix a = definite(150, random);
  Monitor monitor = interrupting_monitor();
  CHECK_THROWS_AS(cholesky(a, monitor), Interrupted);
}

}  // namespace
}  // namespace pyreweight
