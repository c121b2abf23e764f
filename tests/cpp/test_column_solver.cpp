// The quadratic problem solved by sweeps over the columns: the answers of the solver that has the Gram matrix.

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "problems.hpp"
#include "pyreweight/column_solver.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/compressed.hpp"
#include "pyreweight/curvature_design.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/gram_solver.hpp"

namespace pyreweight {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Both solvers on all columns of one design.
struct Pair {
  Pair(const Design& design, const Vector& target)
      : problem{design, target, monitor, {}}, gram(monitor), columns(problem) {
    const Columns all = all_columns(design.cols());
    Vector q(design.cols());
    design.correlate(target.cwiseProduct(design.row_weights()), q, monitor);
    gram.append(Matrix(0, q.size()), design.gram(all, all, monitor), q);
    columns.append(all, q);
  }

  double model(const Vector& v, const Vector& l1, const Vector& l2) const {
    double penalty = 0;
    for (Index i = 0; i < v.size(); ++i) {
      if (v[i] != 0) penalty += l1[i] * std::abs(v[i]) + 0.5 * l2[i] * v[i] * v[i];
    }
    Vector residual = problem.target;
    const Columns active = support(v);
    problem.design.combine(active, -gather(v, active), residual, problem.monitor);
    return 0.5 * residual.cwiseAbs2().dot(problem.design.row_weights()) + penalty;
  }

  void check_same_answer(const Vector& l1, const Vector& l2, bool unique = true) {
    CHECK(gram.solve(l1, l2));
    CHECK(columns.solve(l1, l2));
    const Vector &v = columns.v(), &c = columns.correlations();
    CHECK(std::abs(model(v, l1, l2) - model(gram.v(), l1, l2)) <= 1e-12);
    if (unique) CHECK(largest_difference(v, gram.v()) <= 1e-8);
    for (Index i = 0; i < v.size(); ++i) {
      const double residual =
          v[i] == 0 ? std::abs(c[i]) - l1[i] : std::abs(c[i] - std::copysign(l1[i], v[i]) - l2[i] * v[i]);
      CHECK(residual <= 1e-12);
      if (std::isinf(l1[i])) CHECK(v[i] == 0);
    }
    Vector truth(v.size()), residual = problem.target;
    const Columns active = support(v);
    problem.design.combine(active, -gather(v, active), residual, problem.monitor);
    problem.design.correlate(residual.cwiseProduct(problem.design.row_weights()), truth, problem.monitor);
    CHECK(largest_difference(c, truth) <= 1e-13);
  }

  Monitor monitor;
  const Problem problem;
  GramSolver gram;
  ColumnSolver columns;
};

Vector unit_target(const Design& design, Vector y) {
  y.array() -= y.dot(design.row_weights());
  return y / std::sqrt(y.cwiseAbs2().dot(design.row_weights()));
}

/// A sparse matrix in arrays of its own; one column is nearly constant, so that it is centred entry by entry.
struct Stored {
  Stored(Index n, Index p, Random& random) {
    for (Index j = 0; j < p; ++j) {
      starts.push_back(static_cast<int>(values.size()));
      for (Index i = 0; i < n; ++i) {
        if (j > 0 && random.below(4) != 0) continue;
        indices.push_back(static_cast<int>(i));
        values.push_back(j == 0 ? 50 + 0.01 * random.normal() : 1 + random.normal());
      }
    }
    starts.push_back(static_cast<int>(values.size()));
  }
  std::vector<double> values;
  std::vector<int> indices, starts;
};

}  // namespace

TEST_CASE("sweeps over the columns give the answer of the Gram matrix: dense and sparse, centred or not") {
  Random random(1);
  for (const bool fit_intercept : {true, false}) {
    for (const Index p : {20, 90}) {
      const Index n = 60;
      const Matrix X = random.correlated(n, p, 0.7);
      const Vector weights = random.uniform_vector(n, 0.5, 2), y = sparse_response(X, 5, 0.5, random);
      const Stored stored(n, p, random);
      Monitor monitor;
      const auto dense = design_of(X, weights, fit_intercept, true);
      const auto sparse =
          sparse_design(stored.values.data(), stored.indices.data(), stored.starts.data(),
                        static_cast<Index>(stored.values.size()), n, p, weights, fit_intercept, false, monitor);
      const CurvatureDesign curved(*sparse, all_columns(p), random.uniform_vector(n, 0.01, 0.02), fit_intercept,
                                   monitor);
      for (const Design* design : std::vector<const Design*>{dense.get(), sparse.get(), &curved}) {
        Pair pair(*design, unit_target(*dense, y));
        for (const double level : {0.3, 0.03, 0.1}) {
          Vector l1 = random.uniform_vector(p, 0.5 * level, level), l2 = random.uniform_vector(p, 0, 0.1);
          l1[1] = kInf;
          l1[2] = 0;
          pair.check_same_answer(l1, l2);
        }
      }
    }
  }
}

TEST_CASE("sweeps over the columns: a concave model with a minimum, and one without") {
  Random random(2);
  const Matrix X = random.correlated(200, 12, 0.2);
  const auto design = design_of(X, Vector::Ones(200), true, true);
  const Vector y = sparse_response(X, 5, 0.5, random);
  Pair(*design, unit_target(*design, y)).check_same_answer(Vector::Constant(12, 0.05), Vector::Constant(12, -0.1));
  Matrix twins = X;
  twins.col(1) = X.col(0) + 0.1 * X.col(1);  // G_01 is near 1: with -0.1 on both the form is indefinite
  const auto close = design_of(twins, Vector::Ones(200), true, true);
  Pair pair(*close, unit_target(*close, twins.col(0) + twins.col(1)));
  pair.check_same_answer(Vector::Zero(12), Vector::Zero(12));
  Vector direction;
  REQUIRE(pair.columns.concave_direction(Vector::Zero(12), Vector::Constant(12, -0.1), direction));
  const double square = 2 * (pair.columns.loss_change(1, direction) + pair.columns.correlations().dot(direction));
  CHECK(square - 0.1 * direction.squaredNorm() <= 0);
  CHECK_FALSE(pair.columns.concave_direction(Vector::Zero(12), Vector::Zero(12), direction));
  CHECK_FALSE(pair.columns.solve(Vector::Zero(12), Vector::Constant(12, -0.1)));
}

TEST_CASE("sweeps over the columns: a concave model that overflows within a sweep ends at once") {
  // Every column is larger than the one before by a factor, a thousand times in a row.
  Random random(5);
  const Index n = 40, p = 4000;
  Matrix X = 0.2 * random.matrix(n, p);
  X.colwise() += random.vector(n);
  const auto design = design_of(X, Vector::Ones(n), true, true);
  Monitor monitor;
  const Problem problem{*design, unit_target(*design, random.vector(n)), monitor, {}};
  ColumnSolver columns(problem);
  Vector q(p);
  design->correlate(problem.target.cwiseProduct(design->row_weights()), q, monitor);
  columns.append(all_columns(p), q);
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(columns.solve(Vector::Constant(p, 1e-3), Vector::Constant(p, -0.6)));
  CHECK(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < 0.5);
  CHECK(columns.correlations().allFinite());
}

TEST_CASE("sweeps over the columns: dependent columns") {
  Random random(3);
  Matrix X = random.matrix(30, 40);
  for (Index j = 0; j < 10; ++j) X.col(10 + j) = (j % 2 == 0 ? 1 : -1) * X.col(j);
  X.col(20) = X.col(21) + X.col(22);
  const auto design = design_of(X, Vector::Ones(30), true, true);
  for (const double level : {0.2, 0.02, 0.002}) {
    Pair pair(*design, unit_target(*design, random.vector(30)));
    pair.check_same_answer(Vector::Constant(40, level), Vector::Zero(40), false);
    pair.check_same_answer(random.uniform_vector(40, 0.5 * level, level), Vector::Zero(40), false);
  }
}

TEST_CASE("sweeps over the columns: moves, coordinates placed one by one, and interrupts") {
  Random random(4);
  const Matrix X = random.correlated(50, 15, 0.5);
  const auto design = design_of(X, Vector::Ones(50), true, false);
  Pair pair(*design, unit_target(*design, random.vector(50)));
  for (Index i = 0; i < 15; ++i) CHECK(pair.columns.diagonal(i) == doctest::Approx(pair.gram.diagonal(i)));
  const Vector direction = random.vector(15);
  CHECK(pair.columns.loss_change(0.3, direction) == doctest::Approx(pair.gram.loss_change(0.3, direction)));
  std::vector<char> movable(15, 1);
  for (const size_t i : {0, 3, 6, 9, 12}) movable[i] = 0;
  const auto prox = [](Index, double z, double g) { return 0.5 * z / g; };
  for (InnerSolver* solver : {static_cast<InnerSolver*>(&pair.gram), static_cast<InnerSolver*>(&pair.columns)}) {
    solver->move(0.3, direction);
    solver->settle(movable, prox, [] { return false; });
  }
  CHECK(largest_difference(pair.columns.v(), pair.gram.v()) <= 1e-13);
  CHECK(largest_difference(pair.columns.correlations(), pair.gram.correlations()) <= 1e-13);

  bool wanted = true;
  const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(60)); };  // one poll per 50 ms counts
  Monitor stop(
      [&] {
        if (wanted) throw Interrupted();
      },
      nullptr);
  const Problem problem{*design, pair.problem.target, stop, {}};
  ColumnSolver interrupted(problem);
  wait();
  CHECK_THROWS_AS(interrupted.append(all_columns(15), Vector::Zero(15)), Interrupted);
  wanted = false;
  interrupted.append(all_columns(15), Vector::Zero(15));
  wanted = true;
  wait();
  CHECK_THROWS_AS(interrupted.solve(Vector::Constant(15, 0.01), Vector::Zero(15)), Interrupted);
}

}  // namespace pyreweight
