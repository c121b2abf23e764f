// Columns side by side, and a residual that follows single coefficients: against the matrix that they stand for.

#include <doctest/doctest.h>

#include "problems.hpp"
#include "pyreweight/class_design.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/curvature_design.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/swept_columns.hpp"

namespace pyreweight {
namespace {

constexpr Index n = 50, p = 12;
constexpr double kTolerance = 1e-12;

/// Some columns with one value where they are not zero, others with many, one that is nearly constant, one empty.
struct Words {
  explicit Words(Random& random) {
    for (Index j = 0; j < p; ++j) {
      starts.push_back(static_cast<int>(values.size()));
      for (Index i = 0; i < n; ++i) {
        if (j == 3 || (j > 0 && random.below(3) != 0)) continue;
        indices.push_back(static_cast<int>(i));
        values.push_back(j == 0 ? 50 + 0.01 * random.normal() : j % 2 == 0 ? 3.0 : random.normal());
      }
    }
    starts.push_back(static_cast<int>(values.size()));
  }

  std::unique_ptr<Design> design(const Vector& weights, bool fit_intercept) const {
    Monitor monitor;
    return sparse_design(values.data(), indices.data(), starts.data(), static_cast<Index>(values.size()), n, p, weights,
                         fit_intercept, true, monitor);
  }

  std::vector<double> values;
  std::vector<int> indices, starts;
};

void check(const Design& design, Random& random) {
  Monitor monitor;
  const Index cols = design.cols(), rows = design.rows();
  Matrix Z = Matrix::Zero(rows, cols);
  for (Index j = 0; j < cols; ++j) {
    Vector column = Vector::Zero(rows);
    design.combine({j}, Vector::Ones(1), column, monitor);
    Z.col(j) = column;
  }
  const Vector& pi = design.row_weights();
  const Columns order = random.permutation(cols);
  SweptColumns swept(design);
  swept.append(Columns(order.begin(), order.begin() + 4), monitor);  // they may come in parts
  swept.append(Columns(order.begin() + 4, order.end()), monitor);
  Matrix W(rows, cols);
  for (Index i = 0; i < cols; ++i) W.col(i) = Z.col(order[static_cast<size_t>(i)]);

  Vector v = random.vector(cols);
  const Vector u = random.vector(rows), target = random.vector(rows);
  for (Index i = 0; i < cols; i += 3) v[i] = 0;
  Vector products(cols);
  CHECK(largest_difference(swept.image(v), W * v) < kTolerance);
  swept.products(u, products, monitor);
  CHECK(largest_difference(products, W.transpose() * u) < kTolerance);
  const Columns active = support(v);
  const SupportColumns part(swept, active);
  CHECK(largest_difference(part.image(gather(v, active), monitor), W * v) < kTolerance);
  CHECK(largest_difference(part.products(u, monitor), gather(products, active)) < kTolerance);

  swept.renew(target, v);
  Vector residual = target - W * v;
  for (Index i = 0; i < cols; ++i) {
    swept.step(i, 0.5 * static_cast<double>(i));
    residual -= 0.5 * static_cast<double>(i) * W.col(i);
    CHECK(std::abs(swept.diagonal(i) - W.col(i).cwiseAbs2().dot(pi)) < kTolerance);
  }
  for (Index i = 0; i < cols; ++i) {
    CHECK(std::abs(swept.correlation(i) - W.col(i).dot(pi.cwiseProduct(residual))) < 10 * kTolerance);
  }
  CHECK(largest_difference(swept.weighted_residual(), pi.cwiseProduct(residual)) < 10 * kTolerance);
}

}  // namespace

TEST_CASE("columns side by side: sparse, dense, curved and of classes") {
  Random random(5);
  const Words words(random);
  Vector weights = random.uniform_vector(n, 0.5, 2);
  weights[7] = 0;
  Monitor monitor;
  for (const bool fit_intercept : {true, false}) {
    const auto sparse = words.design(weights, fit_intercept);
    check(*sparse, random);
    const Matrix X = random.matrix(n, p);
    const auto dense = design_of(X, weights, fit_intercept, true);
    check(*dense, random);
    check(CurvatureDesign(*sparse, random.permutation(p), random.uniform_vector(n, 0.01, 0.02), fit_intercept, monitor),
          random);
    for (const Design* base : {sparse.get(), dense.get()}) {
      const ClassDesign classes(*base, 3, fit_intercept);
      check(classes, random);
      Matrix probabilities = random.matrix(n, 3).array().exp();
      probabilities.array().colwise() /= probabilities.rowwise().sum().eval().array();
      check(ClassDesign(classes, random.permutation(classes.cols()), probabilities), random);
    }
  }
}

}  // namespace pyreweight
