// The p x p summary of many rows against the rows: the same products, with columns that depend on others, too.

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "design_checks.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/reduced_rows.hpp"
#include "pyreweight/target.hpp"
#include "sparse_copies.hpp"

namespace pyreweight {
namespace {

constexpr Index kRows = 900, kCols = 12, kSolves = 100;

/// Columns 0, 1, 2 for the levels of a category, which add up to 1; 5 and 9 combinations of others, 7 constant.
Matrix dependent_columns(Random& random) {
  Matrix X = thinned(kRows, kCols, 0.4, random);
  for (Index i = 0; i < kRows; ++i) X.row(i).head(3) = Vector::Unit(3, random.below(3)).transpose();
  X.col(5) = X.col(3) - 2 * X.col(4);
  X.col(9) = -3 * X.col(8);
  X.col(7).setZero();
  return X;
}

/// Checks that the summary has the products of the rows, among the columns and with the target.
void check_summary(const Design& design, const Vector& y, bool fit_intercept, Random& random) {
  Monitor monitor;
  const Target target = scale_target(y, design.row_weights(), fit_intercept);
  const Matrix R = factor_rows(design, kSolves, monitor);
  REQUIRE(R.cols() == kCols);
  const ReducedRows reduced = reduce_rows(design, R, target.values, monitor);
  REQUIRE(reduced.design->rows() == kCols + 1);
  const Columns columns = all_columns(kCols);
  const Matrix gram = design.gram(columns, columns, monitor);
  CHECK(largest_difference(reduced.design->gram(columns, columns, monitor), gram) <= 1e-12);
  const auto gradient = [&](const Design& of, const Vector& values, const Vector& coef) {
    Vector residual = values, out(kCols);
    of.combine(columns, -coef, residual, monitor);
    of.correlate(residual.cwiseProduct(of.row_weights()), out, monitor);
    return std::make_pair(out, residual.cwiseAbs2().dot(of.row_weights()));
  };
  for (int trial = 0; trial < 5; ++trial) {
    const Vector coef = trial == 0 ? Vector(Vector::Zero(kCols)) : random.vector(kCols);
    const auto [of_rows, square] = gradient(design, target.values, coef);
    const auto [of_summary, other] = gradient(*reduced.design, reduced.target, coef);
    CHECK(largest_difference(of_summary, of_rows) <= 1e-11);
    CHECK(other == doctest::Approx(square).epsilon(1e-11));
  }
}

TEST_CASE("the summary of dependent columns has the products of the rows") {
  Random random(91);
  const Matrix X = dependent_columns(random);
  const Stored<double, std::int32_t> stored(X, 1000);
  Vector weights = random.uniform_vector(kRows, 0.2, 2);
  weights.head(30).setZero();
  const Vector y = sparse_response(X, 4, 1, random).array() + 2;
  for (const Setting& setting : kSettings) {
    CAPTURE(setting.fit_intercept);
    CAPTURE(setting.standardize);
    check_summary(*design_of(X, weights, setting.fit_intercept, setting.standardize), y, setting.fit_intercept, random);
    check_summary(*stored.design(weights, setting.fit_intercept, setting.standardize), y, setting.fit_intercept,
                  random);
  }
}

TEST_CASE(
    "a column that is nearly a combination of others is not taken for one, unless only rows without weight tell") {
  Random random(92);
  Monitor monitor;
  const Matrix X = dependent_columns(random);
  for (const double spread : {1e-5, 1e-6, 1e-8, 1e-10}) {
    CAPTURE(spread);
    Matrix nearly = X;
    nearly.col(9) += spread * random.vector(kRows);
    CHECK(factor_rows(*design_of(nearly, Vector::Ones(kRows), true, true), kSolves, monitor).size() == 0);
  }
  Matrix broken = X;
  broken(4, 5) += 1;
  Vector weights = Vector::Ones(kRows);
  CHECK(factor_rows(*design_of(broken, weights, true, true), kSolves, monitor).size() > 0);
  broken = X;
  broken(4, 5) += 1e-3;
  CHECK(factor_rows(*design_of(broken, weights, true, true), kSolves, monitor).size() == 0);
  weights[4] = 0;
  CHECK(factor_rows(*design_of(broken, weights, true, true), kSolves, monitor).size() > 0);
}

TEST_CASE("few rows, few entries or a single solve are not summarised") {
  CHECK(worth_reducing(kRows * kCols, kCols, kSolves));
  CHECK_FALSE(worth_reducing(kRows * kCols, kCols, 1));
  CHECK_FALSE(worth_reducing(4 * kCols * kCols, kCols, kSolves));
  CHECK_FALSE(worth_reducing(0, 0, kSolves));
}

TEST_CASE("finding the dependent columns can be interrupted") {
  Random random(93);
  const Matrix X = dependent_columns(random);
  const auto design = design_of(X, Vector::Ones(kRows), true, true);
  Monitor quiet, monitor = interrupting_monitor();
  const Columns columns = all_columns(kCols);
  CHECK_THROWS_AS(factor_gram(*design, design->gram(columns, columns, quiet), monitor), Interrupted);
}

}  // namespace
}  // namespace pyreweight
