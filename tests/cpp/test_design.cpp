// The products of a Design against plain Eigen on an explicitly centred, scaled and weighted copy of the matrix.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

using Extended = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using ExtendedVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

/// The columns as the definition has them, in extended precision.
struct Expected {
  ExtendedVector weights, mean, deviation;
  Extended Z;

  /// Z is built with the centre and scale that the design stores, which are doubles.
  Expected(const Matrix& X, const Vector& sample_weight, bool fit_intercept, const Design& design) {
    weights = sample_weight.cast<long double>();
    weights /= weights.maxCoeff();
    weights /= weights.sum();
    const Extended wide = X.cast<long double>();
    mean = ExtendedVector::Zero(X.cols());
    if (fit_intercept) mean = wide.transpose() * weights;
    deviation.resize(X.cols());
    Z = Extended::Zero(X.rows(), X.cols());
    for (Index j = 0; j < X.cols(); ++j) {
      deviation[j] = std::sqrt((wide.col(j).array() - mean[j]).square().matrix().dot(weights));
      if (deviation[j] <= 1e-17L * std::abs(mean[j])) deviation[j] = 0;  // rounding of the mean in extended precision
      if (design.scale()[j] > 0) Z.col(j) = (wide.col(j).array() - design.centre()[j]) / design.scale()[j];
    }
  }
};

/// The largest error in units of what rounding may do: `size` is the sum of the magnitudes of the terms.
double relative_error(const Matrix& got, const Extended& expected, const Extended& size) {
  if (!got.allFinite() || got.rows() != expected.rows() || got.cols() != expected.cols()) return HUGE_VAL;
  double worst = 0;
  for (Index j = 0; j < got.cols(); ++j) {
    for (Index i = 0; i < got.rows(); ++i) {
      const long double error = std::abs(got(i, j) - expected(i, j));
      if (error > 0) worst = std::max(worst, static_cast<double>(error / size(i, j)));
    }
  }
  return worst;
}

struct Setting {
  bool fit_intercept, standardize;
};
const std::vector<Setting> kSettings = {{true, true}, {true, false}, {false, true}, {false, false}};

/// Compares every quantity and product; `subset` are column numbers in any order.
void check_design(const Design& design, const Expected& expected, const Columns& subset, Random& random) {
  constexpr double kTolerance = 1e-12;
  Monitor monitor;
  const Index n = design.rows(), p = design.cols(), k = static_cast<Index>(subset.size());
  CHECK(relative_error(design.row_weights(), expected.weights, expected.weights) <= 1e-14);
  CHECK(relative_error(design.centre(), expected.mean, expected.mean.cwiseAbs() + expected.deviation) <= 1e-15);
  CHECK(relative_error(design.deviation(), expected.deviation, expected.deviation) <= kTolerance);

  const ExtendedVector moment = expected.Z.cwiseAbs2().transpose() * expected.weights;
  // A mean of 1e8 is rounded to 1e-8, which is 1e-5 of a deviation of 1e-3 and 1e-10 of the moment.
  CHECK(relative_error(design.second_moment(), moment, ExtendedVector::Ones(p)) <= 1e-9);

  // What the centre costs where it is subtracted afterwards: up to 1e3 deviations.
  Extended size = expected.Z.cwiseAbs();
  for (Index j = 0; j < p; ++j) {
    const long double ratio = std::abs(design.centre()[j]) / std::max(design.deviation()[j], 1e-300);
    if (design.scale()[j] > 0 && ratio <= 1e3L) size.col(j).array() += ratio * 2;
  }
  const Vector u = random.vector(n);
  const ExtendedVector wide_u = u.cast<long double>();
  Vector correlations = Vector::Constant(p, std::nan(""));
  design.correlate(u, correlations, monitor);
  CHECK(relative_error(correlations, expected.Z.transpose() * wide_u, size.transpose() * wide_u.cwiseAbs()) <=
        kTolerance);

  Vector some = Vector::Constant(k, std::nan(""));
  design.correlate_some(subset, u, some, monitor);
  CHECK(relative_error(some, gather(correlations, subset).cast<long double>(),
                       gather((size.transpose() * wide_u.cwiseAbs()).cast<double>(), subset).cast<long double>()) <=
        kTolerance);

  Extended part(n, k), rooted(n, k);
  for (Index c = 0; c < k; ++c) {
    part.col(c) = expected.Z.col(subset[static_cast<size_t>(c)]);
    rooted.col(c) = part.col(c).cwiseProduct(expected.weights.cwiseSqrt());
  }
  const Vector coef = random.vector(k), start = random.vector(n);
  const ExtendedVector wide_coef = coef.cast<long double>();
  Vector sum = start;
  design.combine(subset, coef, sum, monitor);
  const ExtendedVector terms = start.cwiseAbs().cast<long double>() + part.cwiseAbs() * wide_coef.cwiseAbs();
  CHECK(relative_error(sum, start.cast<long double>() + part * wide_coef, terms) <= kTolerance);

  if (k <= 1000) {
    const Columns half(subset.begin(), subset.begin() + k / 2);
    const Extended gram = rooted.transpose() * rooted;
    const Extended gram_size = rooted.cwiseAbs().transpose() * rooted.cwiseAbs();
    const Matrix symmetric = design.gram(subset, subset, monitor);
    CHECK(relative_error(symmetric, gram, gram_size) <= kTolerance);
    CHECK(identical(symmetric, symmetric.transpose()));
    CHECK(relative_error(design.gram(half, subset, monitor), gram.topRows(k / 2), gram_size.topRows(k / 2)) <=
          kTolerance);
    const Vector others = random.uniform_vector(n, 0, 1);
    const Extended weighted = part.transpose() * others.cast<long double>().asDiagonal() * part;
    const Extended weighted_size =
        part.cwiseAbs().transpose() * others.cast<long double>().asDiagonal() * part.cwiseAbs();
    CHECK(relative_error(design.weighted_gram(subset, subset, others, monitor), weighted, weighted_size) <= kTolerance);
  }

  if (n > 2000) return;  // an n x n matrix
  const Vector tau = random.uniform_vector(k, 0, 2);
  const ExtendedVector wide_tau = tau.cast<long double>();
  const Matrix dual = design.dual_gram(subset, tau, monitor);
  const Extended dual_size = rooted.cwiseAbs() * wide_tau.asDiagonal() * rooted.cwiseAbs().transpose();
  CHECK(relative_error(dual, rooted * wide_tau.asDiagonal() * rooted.transpose(), dual_size) <= kTolerance);
  CHECK(identical(dual, dual.transpose()));
}

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
