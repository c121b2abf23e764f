// The products of a design for several classes against those of the matrix that it stands for.

#include <doctest/doctest.h>

#include "problems.hpp"
#include "pyreweight/class_design.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

constexpr Index n = 40, p = 5, K = 3;

struct Setup {
  Matrix X;
  Vector weights;
  Matrix probabilities;
  std::unique_ptr<Design> base;
};

Setup random_setup() {
  Random random(7);
  Setup setup{random.matrix(n, p).array() + 1.0, random.uniform_vector(n, 0.5, 2), Matrix(n, K), nullptr};
  setup.X.col(3).setConstant(4);
  setup.base = design_of(setup.X, setup.weights, true, true);
  setup.probabilities = random.matrix(n, K).array().exp();
  setup.probabilities.array().colwise() /= setup.probabilities.rowwise().sum().eval().array();
  return setup;
}

/// The unmixed matrix (K n, K p + K).
Matrix unmixed_matrix(const Setup& setup) {
  Matrix Z;
  setup.base->weighted_block(0, n, all_columns(p), Vector::Ones(n), Z);
  Matrix out = Matrix::Zero(K * n, K * p + K);
  for (Index k = 0; k < K; ++k) {
    out.block(k * n, k * p, n, p) = Z;
    out.col(K * p + k).segment(k * n, n).setOnes();
  }
  return out;
}

/// The rows of every i times (I - r r') diag(r).
Matrix mixed_matrix(const Setup& setup, const Matrix& unmixed) {
  Matrix out(unmixed.rows(), unmixed.cols());
  for (Index i = 0; i < n; ++i) {
    const Vector root = setup.probabilities.row(i).cwiseSqrt();
    const Matrix mixing = (Matrix::Identity(K, K) - root * root.transpose()) * root.asDiagonal();
    Matrix rows(K, unmixed.cols());
    for (Index k = 0; k < K; ++k) rows.row(k) = unmixed.row(k * n + i);
    rows = mixing * rows;
    for (Index k = 0; k < K; ++k) out.row(k * n + i) = rows.row(k);
  }
  return out;
}

void check_products(const Design& design, const Matrix& expected) {
  constexpr double kTolerance = 1e-12;
  Random random(8);
  Monitor monitor;
  const Vector& pi = design.row_weights();
  const Index cols = design.cols();
  const Vector u = random.vector(design.rows()), coef = random.vector(cols);
  Vector all(cols), fit = u;
  design.correlate(u, all, monitor);
  CHECK(largest_difference(all, expected.transpose() * u) < kTolerance);
  const Columns order = random.permutation(cols), some(order.begin(), order.begin() + cols / 2);
  Vector part(static_cast<Index>(some.size()));
  design.correlate_some(some, u, part, monitor);
  CHECK(largest_difference(part, gather(all, some)) < kTolerance);
  design.combine(order, gather(coef, order), fit, monitor);
  CHECK(largest_difference(fit, u + expected * coef) < kTolerance);

  const Matrix gram = expected.transpose() * pi.asDiagonal() * expected;
  const Matrix square = design.gram(order, order, monitor), cross = design.gram(some, order, monitor);
  const Vector other = random.uniform_vector(design.rows(), 0, 1);
  const Matrix weighted = design.weighted_gram(some, order, other, monitor);
  const Matrix expected_weighted = expected.transpose() * other.asDiagonal() * expected;
  for (Index c = 0; c < cols; ++c) {
    for (Index r = 0; r < cols; ++r) CHECK(std::abs(square(r, c) - gram(order[r], order[c])) < kTolerance);
    for (size_t r = 0; r < some.size(); ++r) {
      const Index row = static_cast<Index>(r);
      CHECK(std::abs(cross(row, c) - gram(some[r], order[c])) < kTolerance);
      CHECK(std::abs(weighted(row, c) - expected_weighted(some[r], order[c])) < kTolerance);
    }
  }
  for (Index j = 0; j < cols; ++j) {
    std::vector<std::uint32_t> rows;
    std::vector<double> values;
    design.append_stored(j, rows, values);
    CHECK(static_cast<double>(rows.size()) == design.stored({j}));
    Vector column = -design.stored_offset(j) * design.common(design.common_of(j));
    for (size_t e = 0; e < rows.size(); ++e) column[static_cast<Index>(rows[e])] += values[e];
    CHECK(largest_difference(column, expected.col(j)) < kTolerance);
  }
}

TEST_CASE("products of an unmixed design") {
  const Setup setup = random_setup();
  const ClassDesign design(*setup.base, K, true);
  CHECK(design.rows() == K * n);
  CHECK(design.coefficients() == K * p);
  CHECK(design.row_weights().sum() == doctest::Approx(K));
  check_products(design, unmixed_matrix(setup));
  CHECK(ClassDesign(*setup.base, K, false).cols() == K * p);
}

TEST_CASE("products of a mixed design are second derivatives of the loss") {
  const Setup setup = random_setup();
  const ClassDesign unmixed(*setup.base, K, true);
  const Columns columns = {0, 7, 16, 2, 11, 6, 15, 12};
  const ClassDesign design(unmixed, columns, setup.probabilities);
  const Matrix all = mixed_matrix(setup, unmixed_matrix(setup));
  Matrix expected(all.rows(), static_cast<Index>(columns.size()));
  for (size_t c = 0; c < columns.size(); ++c) expected.col(static_cast<Index>(c)) = all.col(columns[c]);
  check_products(design, expected);

  // diag(q) - q q' in place of the products of B.
  Monitor monitor;
  const Matrix gram = design.gram({0}, {1, 0}, monitor);  // features 0 of class 0 and 2 of class 1
  Matrix Z;
  setup.base->weighted_block(0, n, {0, 2}, setup.base->row_weights().cwiseSqrt(), Z);
  const auto q = setup.probabilities.array();
  CHECK(gram(0, 0) == doctest::Approx((-q.col(0) * q.col(1) * Z.col(0).array() * Z.col(1).array()).sum()));
  CHECK(gram(0, 1) == doctest::Approx((q.col(0) * (1 - q.col(0)) * Z.col(0).array().square()).sum()));
}

}  // namespace
}  // namespace pyreweight
