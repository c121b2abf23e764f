// The products of a Design against plain Eigen on an explicitly centred, scaled and weighted copy of the matrix.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "design_checks.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/target.hpp"

namespace pyreweight {
namespace {

/// The same checks for both storage orders, with entries rounded to Scalar.
template <class Scalar>
void check_both_orders(const Matrix& X, const Vector& weights, Random& random) {
  using ByColumns = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const ByColumns columns = X.template cast<Scalar>();
  const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = columns;
  const Matrix exact = columns.template cast<double>();
  const Columns subset = random.permutation(X.cols());
  for (const Setting& setting : kSettings) {
    CAPTURE(setting.fit_intercept);
    CAPTURE(setting.standardize);
    for (const bool by_rows : {false, true}) {
      CAPTURE(by_rows);
      Monitor monitor;
      const auto design = dense_design(by_rows ? rows.data() : columns.data(), X.rows(), X.cols(), by_rows, weights,
                                       setting.fit_intercept, setting.standardize, monitor);
      const Expected expected(exact, weights, setting.fit_intercept, *design);
      check_design(*design, expected, subset, random);
      for (Index j = 0; j < X.cols(); ++j) {
        const double d = design->deviation()[j], D = design->scale()[j];
        if (d == 0) {
          CHECK(D == 0);
          CHECK(design->penalty_unit()[j] == 0);
        } else if (setting.standardize) {
          CHECK(D == d);
          CHECK(design->penalty_unit()[j] == 1);
        } else {
          CHECK(D == std::ldexp(1.0, std::ilogb(d)));
          CHECK(design->penalty_unit()[j] == 1 / D);
        }
      }
    }
  }
}

TEST_CASE("the correlations of the target come with the moments, for nearly constant columns too") {
  Random random(32);
  const Index n = 700, p = 40;
  const Vector weights = random.uniform_vector(n, 0.1, 5), target = 1e3 * random.vector(n).array() + 7;
  for (const Setting& setting : kSettings) {
    Matrix X = random.correlated(n, p, 0.5);
    X.col(3).array() += 1e9;  // visited twice more
    X.col(5).setConstant(2);
    X.col(7) *= 1e-150;
    Monitor monitor;
    const auto design =
        dense_design(X.data(), n, p, false, weights, setting.fit_intercept, setting.standardize, monitor, target);
    const auto without = design_of(X, weights, setting.fit_intercept, setting.standardize);
    const Vector& pi = design->row_weights();
    const Vector u = scale_target(target, pi, setting.fit_intercept).values.cwiseProduct(pi);
    Vector expected(p), known(p), other(p);
    without->correlate(u, expected, monitor);
    X.setZero();  // what follows is remembered, not computed
    design->correlate(u, known, monitor);
    CHECK(largest_difference(known, expected) <= 1e-13);
    design->correlate(2 * u, other, monitor);
    CHECK(std::abs(other[0]) < 0.5 * std::abs(expected[0]));
  }
}

TEST_CASE("double and float, by rows and by columns, across the block borders") {
  Random random(31);
  for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{1, 1}, {2, 3}, {300, 70}, {70, 130}}) {
    CAPTURE(p);
    Matrix X = random.correlated(n, p, 0.5);
    X.rowwise() += random.vector(p).transpose() * 3;
    const Vector weights = random.uniform_vector(n, 0.1, 5);
    check_both_orders<double>(X, weights, random);
    check_both_orders<float>(X, weights, random);
  }
}

TEST_CASE("long columns and wide rows") {
  Random random(32);
  for (const auto& [n, p] : {std::make_pair(17000, 3), {4, 4200}}) {
    check_both_orders<double>(random.matrix(n, p), Vector::Ones(n), random);
  }
}

TEST_CASE("means that hide the deviation, and any units") {
  Random random(33);
  const Index n = 200;
  Matrix X = random.matrix(n, 12);
  X.col(0) = (1e-3 * X.col(0)).array() + 1e8;
  X.col(1) = X.col(1).array() + 1e8;
  X.col(2) *= 1e200;
  X.col(3) *= 1e-200;
  X.col(4) = 1e200 * (X.col(4).array() + 5);
  X.col(5) = 1e-200 * (X.col(5).array() - 1e6);
  X.col(6) *= 1e307;
  X.col(7) *= 1e-300;
  X.col(8) = X.col(8).array() + 900;  // just inside what is centred afterwards
  X.col(9) = X.col(9).array() - 1100;
  X.col(10) *= 1e99;
  X.col(11) = X.col(11).array().unaryExpr([](double x) { return x > 2 ? 1.0 : 0.0; });
  check_both_orders<double>(X, Vector::Ones(n), random);
  check_both_orders<double>(X, random.uniform_vector(n, 0, 3), random);
}

TEST_CASE("constant columns have scale 0 and are zero in every product") {
  Random random(34);
  const Index n = 50;
  for (const double value : {0.0, 1.0, 0.1, -1e8, 1e200, 1e-200, 1.0 / 3}) {
    CAPTURE(value);
    Matrix X = random.matrix(n, 4);
    X.col(1).setConstant(value);
    const Vector weights = random.uniform_vector(n, 0.1, 1);
    check_both_orders<double>(X, weights, random);
    const auto centred = design_of(X, weights, true, true);
    CHECK(centred->scale()[1] == 0);
    CHECK(design_of(X, weights, false, true)->scale()[1] == doctest::Approx(std::abs(value)).epsilon(1e-14));
  }
}

TEST_CASE("rows of weight zero do not count") {
  Random random(35);
  Monitor monitor;
  const Index n = 40, p = 6, extra = 7;
  const Matrix X = random.matrix(n, p);
  const Vector weights = random.uniform_vector(n, 0.5, 2);
  for (const double garbage : {0.0, 1e6, 1e30}) {
    CAPTURE(garbage);
    Matrix longer(n + extra, p);
    longer << X, Matrix::Constant(extra, p, garbage);
    Vector padded(n + extra);
    padded << weights, Vector::Zero(extra);
    for (const Setting& setting : kSettings) {
      const auto all = design_of(longer, padded, setting.fit_intercept, setting.standardize);
      const auto kept = design_of(X, weights, setting.fit_intercept, setting.standardize);
      CHECK(largest_difference(all->centre(), kept->centre()) <= 1e-14);
      CHECK(largest_difference(all->scale(), kept->scale()) <= 1e-14);
      CHECK(largest_difference(all->gram(all_columns(p), all_columns(p), monitor),
                               kept->gram(all_columns(p), all_columns(p), monitor)) <= 1e-13);
    }
  }
}

TEST_CASE("only the ratios of the weights matter") {
  Random random(36);
  Monitor monitor;
  const Matrix X = random.matrix(30, 5);
  const Vector weights = random.uniform_vector(30, 0, 1);
  const auto plain = design_of(X, weights, true, true);
  for (const double unit : {1e300, 1e-300, 7.0}) {
    CAPTURE(unit);
    const auto scaled = design_of(X, weights * unit, true, true);
    CHECK(largest_difference(scaled->row_weights(), plain->row_weights()) <= 1e-15);
    CHECK(largest_difference(scaled->scale(), plain->scale()) <= 1e-14);
  }
}

TEST_CASE("no columns at all") {
  Random random(37);
  Monitor monitor;
  const Matrix X = random.matrix(9, 4);
  const auto design = design_of(X, Vector::Ones(9), true, true);
  const Columns none;
  const Matrix flat = design->gram(none, all_columns(4), monitor);
  CHECK(flat.rows() == 0);
  CHECK(flat.cols() == 4);
  CHECK(identical(design->dual_gram(none, Vector(), monitor), Matrix::Zero(9, 9)));
  Vector out = random.vector(9);
  const Vector before = out;
  design->combine(none, Vector(), out, monitor);
  CHECK(identical(out, before));
}

TEST_CASE("the same bits for one thread and two") {
  Random random(38);
  const Index n = 4000, p = 700, k = 150;
  const Matrix X = random.matrix(n, p), wide = random.matrix(300, 600);
  const Vector weights = random.uniform_vector(n, 0, 1), u = random.vector(n), coef = random.vector(p);
  const auto compute = [&] {
    Monitor monitor;
    const auto design = design_of(X, weights, true, true), flat = design_of(wide, Vector::Ones(300), true, true);
    const Columns part = all_columns(k);
    Vector correlations(p), sum = Vector::Zero(n);
    design->correlate(u, correlations, monitor);
    design->combine(all_columns(p), coef, sum, monitor);
    return std::vector<Matrix>{design->scale(), correlations, sum, design->gram(part, part, monitor),
                               flat->dual_gram(all_columns(600), Vector::Ones(600), monitor)};
  };
  const auto [one, two] = with_one_and_two_threads(compute);
  for (size_t i = 0; i < one.size(); ++i) {
    CAPTURE(i);
    CHECK(identical(one[i], two[i]));
  }
}

TEST_CASE("the monitor interrupts the construction and every product") {
  Random random(39);
  const Matrix X = random.matrix(20, 5);
  const auto design = design_of(X, Vector::Ones(20), true, true);
  const Columns columns = all_columns(5);
  Monitor monitor = interrupting_monitor();
  Vector out(5), sum = Vector::Zero(20);
  CHECK_THROWS_AS(dense_design(X.data(), 20, 5, false, Vector::Ones(20), true, true, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->correlate(Vector::Ones(20), out, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->combine(columns, Vector::Ones(5), sum, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->gram(columns, columns, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->dual_gram(columns, Vector::Ones(5), monitor), Interrupted);
}

}  // namespace
}  // namespace pyreweight
