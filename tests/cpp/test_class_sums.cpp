// Sums of products for every class of rows against the definition, for dense and sparse columns.

#include <doctest/doctest.h>

#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "sparse_copies.hpp"

namespace pyreweight {
namespace {

constexpr Index kClasses = 3;

struct Classified {
  Matrix X, more;
  Vector weights;
  std::vector<Index> of_row;
};

Classified classified(Index n, Index p, double density, Random& random) {
  Classified out{thinned(n, p, density, random), random.matrix(n, 2), random.uniform_vector(n, 0.2, 2), {}};
  for (Index i = 0; i < n; ++i) out.of_row.push_back(random.below(kClasses));
  for (Index i = 0; i < n; i += 9) out.weights[i] = 0;
  return out;
}

/// The largest difference from sums over the columns that the design says it has taken products of.
double error_of(const ClassSums& sums, const Design& design, const Classified& data) {
  const Index n = design.rows(), p = design.cols();
  Matrix all(n, p + data.more.cols()), block;
  design.weighted_block(0, n, all_columns(p), Vector::Ones(n), block);
  block.rowwise() += sums.offset.transpose();
  all << block, data.more;
  double largest = 0;
  for (Index k = 0; k < kClasses; ++k) {
    Vector weights = design.row_weights();
    for (Index i = 0; i < n; ++i) {
      if (data.of_row[static_cast<size_t>(i)] != k) weights[i] = 0;
    }
    const Matrix expected = all.transpose() * weights.asDiagonal() * all;
    largest = std::max(largest, largest_difference(sums.sums[static_cast<size_t>(k)], expected));
  }
  return largest;
}

TEST_CASE("class sums: the definition, for every density and for columns far from zero") {
  Random random(81);
  Monitor monitor;
  for (const double density : {0.02, 0.3, 1.0}) {
    for (const bool far : {false, true}) {
      CAPTURE(density);
      CAPTURE(far);
      Classified data = classified(700, 30, density, random);
      if (far) data.X.col(3).array() += 1e4;
      data.X.col(5).setZero();
      const Stored<double, std::int32_t> narrow(data.X);
      const Stored<float, std::int64_t> rounded(data.X);
      for (const bool fit_intercept : {false, true}) {
        const auto dense = design_of(data.X, data.weights, fit_intercept, true);
        const auto sparse = narrow.design(data.weights, fit_intercept, true);
        const auto single = rounded.design(data.weights, fit_intercept, false);
        for (const Design* design : {dense.get(), sparse.get(), single.get()}) {
          const ClassSums sums = design->class_sums(data.more, data.of_row, kClasses, monitor);
          REQUIRE(sums.sums.size() == kClasses);
          CHECK(error_of(sums, *design, data) <= 1e-12);
        }
      }
    }
  }
}

TEST_CASE("class sums of sparse rows: many equal terms add up without drift") {
  const Index n = 200000;
  Matrix X = Matrix::Zero(n, 6);  // so few entries that they are visited row by row
  X.col(2).setOnes();
  const Stored<double, std::int32_t> stored(X, 6 * n);
  Monitor monitor;
  const auto design = stored.design(Vector::Ones(n), false, false);
  const ClassSums sums = design->class_sums(Matrix(n, 0), std::vector<Index>(static_cast<size_t>(n), 0), 1, monitor);
  CHECK(std::abs(sums.sums[0](2, 2) - 1) <= 1e-13);
}

TEST_CASE("class sums of sparse rows: the same bits for one thread and two, and an interruption") {
  Random random(82);
  const Classified data = classified(20000, 40, 0.1, random);
  const Stored<double, std::int32_t> stored(data.X);
  const auto design = stored.design(data.weights, true, true);
  Monitor quiet;
  const auto [one, two] =
      with_one_and_two_threads([&] { return design->class_sums(data.more, data.of_row, kClasses, quiet).sums; });
  for (size_t k = 0; k < one.size(); ++k) CHECK(identical(one[k], two[k]));
  Monitor monitor = interrupting_monitor();
  CHECK_THROWS_AS(design->class_sums(data.more, data.of_row, kClasses, monitor), Interrupted);
}

}  // namespace
}  // namespace pyreweight
