// A sparse design against the definitions, as in test_design.cpp, and the check of its structure.

#include <cstdint>
#include <string>

#include "design_checks.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/target.hpp"
#include "sparse_copies.hpp"

namespace pyreweight {
namespace {

template <class Scalar, class Offset>
void check_settings(const Matrix& X, const Vector& weights, Random& random) {
  const Stored<Scalar, Offset> stored(X);
  const Columns subset = random.permutation(X.cols());
  for (const Setting& setting : kSettings) {
    CAPTURE(setting.fit_intercept);
    CAPTURE(setting.standardize);
    const auto design = stored.design(weights, setting.fit_intercept, setting.standardize);
    const Expected expected(stored.dense, weights, setting.fit_intercept, *design);
    check_design(*design, expected, subset, random);
    Monitor monitor;
    const Vector u = random.vector(X.rows());
    Vector all(X.cols()), some(X.cols());
    design->correlate(u, all, monitor);
    design->correlate_some(subset, u, some, monitor);
    CHECK(identical(some, gather(all, subset)));
  }
}

TEST_CASE("sparse: the correlations of the target come with the moments, for nearly constant columns too") {
  Random random(53);
  const Index n = 700, p = 40;
  const Vector weights = random.uniform_vector(n, 0.1, 5), target = 1e3 * random.vector(n).array() + 7;
  Matrix X = thinned(n, p, 0.3, random);
  X.col(3) = random.vector(n).array() + 1e6;
  X.col(5).setConstant(2);
  X.col(7) *= 1e-150;
  X.col(9).setZero();
  for (const Setting& setting : kSettings) {
    Stored<double, std::int32_t> stored(X);
    const auto without = stored.design(weights, setting.fit_intercept, setting.standardize);
    const Vector& pi = without->row_weights();
    const Vector u = scale_target(target, pi, setting.fit_intercept).values.cwiseProduct(pi);
    Vector expected(p), known(p);
    Monitor monitor;
    without->correlate(u, expected, monitor);
    const auto design = stored.design(weights, setting.fit_intercept, setting.standardize, target);
    for (double& value : stored.values) value = 0;  // what follows is remembered, not computed
    design->correlate(u, known, monitor);
    CHECK(largest_difference(known, expected) <= 1e-13);
  }
}

TEST_CASE("sparse: every density, both precisions, both widths of index") {
  Random random(51);
  for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{1, 1}, {2, 3}, {300, 70}, {70, 130}}) {
    for (const double density : {0.0, 0.1, 0.6, 1.0}) {
      CAPTURE(p);
      CAPTURE(density);
      const Matrix X = thinned(n, p, density, random);
      const Vector weights = random.uniform_vector(n, 0.1, 5);
      check_settings<double, std::int32_t>(X, weights, random);
      check_settings<double, std::int64_t>(X, weights, random);
      check_settings<float, std::int32_t>(X, weights, random);
    }
  }
}

TEST_CASE("sparse: means far from zero, with and without a row that holds nothing") {
  Random random(52);
  const Index n = 120, p = 40;
  for (const double mean : {5.0, 20.0, 1e3, 1e6}) {
    CAPTURE(mean);
    Matrix X = thinned(n, p, 0.05, random);
    for (Index j = 0; j < p; j += 5) X.col(j) = random.vector(n).array() + mean;
    X(7, 5) = 0;  // the deviation is now mean / sqrt(n), most of it from one row
    check_settings<double, std::int32_t>(X, Vector::Ones(n), random);
    Vector weights = random.uniform_vector(n, 0.1, 1);
    weights[7] = 1e-9;  // few deviations, but one row far away
    check_settings<double, std::int32_t>(X, weights, random);
  }
}

TEST_CASE("sparse: one row outweighs all others") {
  Random random(53);
  const Index n = 60, p = 20;
  const Matrix X = thinned(n, p, 0.3, random);
  for (const double heavy : {1e6, 1e12, 1e15}) {
    CAPTURE(heavy);
    Vector weights = random.uniform_vector(n, 0.5, 1);
    weights[3] = heavy;
    const Stored<double, std::int32_t> stored(X);
    const auto sparse = stored.design(weights, true, true);
    const auto dense = design_of(X, weights, true, true);
    for (Index j = 0; j < p; ++j) {
      CHECK(sparse->centre()[j] == doctest::Approx(dense->centre()[j]).epsilon(1e-12));
      if (std::abs(X(3, j)) > 0) CHECK(sparse->scale()[j] == doctest::Approx(dense->scale()[j]).epsilon(1e-3));
    }
  }
}

TEST_CASE("sparse: extreme units") {
  Random random(54);
  Monitor monitor;
  const Index n = 90, p = 12;
  const Matrix X = thinned(n, p, 0.4, random);
  const Stored<double, std::int32_t> stored(X);
  const auto plain = stored.design(Vector::Ones(n), true, true);
  const Vector u = random.vector(n);
  Vector expected(p);
  plain->correlate(u, expected, monitor);
  const Matrix gram = plain->gram(all_columns(p), all_columns(p), monitor);
  for (const int exponent : {-1000, -700, -400, 400, 700, 1000}) {
    CAPTURE(exponent);
    const Stored<double, std::int32_t> other(X * std::ldexp(1.0, exponent));
    const auto scaled = other.design(Vector::Ones(n), true, true);
    Vector out(p);
    scaled->correlate(u, out, monitor);
    CHECK(largest_difference(out, expected) <= 1e-12);
    CHECK(largest_difference(scaled->gram(all_columns(p), all_columns(p), monitor), gram) <= 1e-12);
  }
}

TEST_CASE("sparse: constant columns have scale 0") {
  const Index n = 50;
  Random random(55);
  for (const double value : {0.0, 1.0, 0.1, -1e8, 1e200, 1e-200, 1.0 / 3}) {
    CAPTURE(value);
    Matrix X = thinned(n, 4, 0.5, random);
    X.col(1).setConstant(value);
    const Stored<double, std::int32_t> stored(X);
    const Vector weights = random.uniform_vector(n, 0.1, 1);
    CHECK(stored.design(weights, true, true)->scale()[1] == 0);
    CHECK(stored.design(weights, false, true)->scale()[1] == doctest::Approx(std::abs(value)).epsilon(1e-14));
  }
}

TEST_CASE("sparse: the same bits for one thread and two") {
  Random random(56);
  const Index n = 3000, p = 1200, k = 400;
  Matrix X = thinned(n, p, 0.3, random), flat = thinned(700, 800, 0.05, random);
  X.col(2).array() += 100;
  const Stored<double, std::int32_t> stored(X), wide(flat);
  const Vector weights = random.uniform_vector(n, 0, 1), u = random.vector(n), coef = random.vector(p);
  const auto compute = [&] {
    Monitor monitor;
    const auto design = stored.design(weights, true, true), other = wide.design(Vector::Ones(700), true, true);
    const Columns part = all_columns(k), every = all_columns(800);
    Vector correlations(p), sum = Vector::Zero(n);
    design->correlate(u, correlations, monitor);
    design->combine(all_columns(p), coef, sum, monitor);
    return std::vector<Matrix>{design->scale(),
                               correlations,
                               sum,
                               design->gram(part, all_columns(20), monitor),
                               other->gram(every, every, monitor),
                               other->dual_gram(every, Vector::Ones(800), monitor)};
  };
  const auto [one, two] = with_one_and_two_threads(compute);
  for (size_t i = 0; i < one.size(); ++i) {
    CAPTURE(i);
    CHECK(identical(one[i], two[i]));
  }
}

TEST_CASE("sparse: the monitor interrupts the construction and every product") {
  Random random(57);
  const Stored<double, std::int32_t> stored(thinned(40, 5, 0.1, random));
  const auto design = stored.design(Vector::Ones(40), true, true);
  const Columns columns = all_columns(5);
  Vector out(5), sum = Vector::Zero(40);
  Monitor monitor = interrupting_monitor();
  CHECK_THROWS_AS(sparse_design(stored.values.data(), stored.indices.data(), stored.starts.data(),
                                static_cast<Index>(stored.values.size()), 40, 5, Vector::Ones(40), true, true, monitor),
                  Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->correlate(Vector::Ones(40), out, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->combine(columns, Vector::Ones(5), sum, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->gram(columns, columns, monitor), Interrupted);
  monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->dual_gram(columns, Vector::Ones(5), monitor), Interrupted);
}

TEST_CASE("malformed structure is refused before an entry is read") {
  using Offsets = std::vector<std::int32_t>;
  const auto check = [](const Offsets& starts, const Offsets& indices, Index stored) {
    return check_compressed(starts.data(), static_cast<Index>(starts.size()) - 1, indices.data(), stored, 4);
  };
  const Offsets indices = {0, 2, 3, 1};
  CHECK(check({0, 3, 3, 4}, indices, 4));
  CHECK(check({0, 2}, indices, 4));        // room to spare
  CHECK_FALSE(check({0, 4}, indices, 4));  // 3 before 1
  CHECK_FALSE(check({0, 2}, {1, 1}, 2));   // a duplicate
  CHECK_THROWS_AS(check({1, 3, 4}, indices, 4), std::invalid_argument);
  CHECK_THROWS_AS(check({-1, 3, 4}, indices, 4), std::invalid_argument);
  CHECK_THROWS_AS(check({0, 3, 2, 4}, indices, 4), std::invalid_argument);
  CHECK_THROWS_AS(check({0, 100, 4}, indices, 4), std::invalid_argument);
  CHECK_THROWS_AS(check({0, 3, 5}, indices, 4), std::invalid_argument);
  CHECK_THROWS_AS(check({0, 2}, {0, 4}, 2), std::invalid_argument);
  CHECK_THROWS_AS(check({0, 2}, {-1, 3}, 2), std::invalid_argument);

  // Random damage, under the sanitizers: either it is refused or what is left can be read.
  Random random(58);
  for (int trial = 0; trial < 2000; ++trial) {
    Stored<double, std::int32_t> stored(thinned(6, 5, 0.5, random));
    for (Index damage = random.below(3); damage >= 0; --damage) {
      auto& part = random.below(2) == 0 ? stored.indices : stored.starts;
      if (part.empty()) continue;
      const auto value = random.below(4) == 0 ? static_cast<std::int32_t>(random.below(1 << 30)) - (1 << 29)
                                              : static_cast<std::int32_t>(random.below(12)) - 3;
      part[static_cast<size_t>(random.below(static_cast<Index>(part.size())))] = value;
    }
    try {
      const auto design = stored.design(Vector::Ones(6), true, true);
      CHECK(design->scale().allFinite());
    } catch (const std::invalid_argument& error) {
      CHECK(std::string(error.what()).find("X") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace pyreweight
