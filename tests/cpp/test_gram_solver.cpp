// The quadratic problem with l1 terms: every answer is checked by its stationarity conditions, computed from G and q.

#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <string>
#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/gram_solver.hpp"

namespace pyreweight {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kTolerance = 1e-10;

struct Quadratic {
  Matrix G;
  Vector q;
};

/// Columns scaled to second moment 1, as the solver's callers do.
Quadratic problem_of(Matrix X, const Vector& y) {
  const double n = static_cast<double>(X.rows());
  for (Index j = 0; j < X.cols(); ++j) {
    const double size = std::sqrt(X.col(j).squaredNorm() / n);
    if (size > 0) X.col(j) /= size;
  }
  const Matrix product = X.transpose() * X / n;
  const Matrix G = product.selfadjointView<Eigen::Upper>();
  const Vector q = X.transpose() * (y / std::sqrt(y.squaredNorm() / n)) / n;
  return {G, q};
}

Quadratic random_problem(Index n, Index k, double rho, Random& random) {
  const Matrix X = random.correlated(n, k, rho);
  return problem_of(X, sparse_response(X, std::min<Index>(k, 5), 0.5, random));
}

/// The solver at v = 0.
GramSolver solver_for(const Quadratic& problem, Monitor& monitor) {
  GramSolver solver(monitor);
  solver.append(Matrix(0, problem.q.size()), problem.G, problem.q);
  return solver;
}

/// How far v is from stationary; infinite where it is not finite, or not zero under an infinite weight.
double kkt_residual(const Quadratic& problem, const Vector& l1, const Vector& l2, const Vector& v) {
  if (!v.allFinite()) return kInf;
  const Vector c = problem.q - problem.G * v;
  double residual = 0;
  for (Index j = 0; j < v.size(); ++j) {
    if (v[j] == 0) {
      residual = std::max(residual, std::abs(c[j]) - l1[j]);
    } else {
      residual = std::max(residual, std::abs(c[j] - std::copysign(l1[j], v[j]) - l2[j] * v[j]));
    }
  }
  return residual;
}

void check_solved(GramSolver& solver, const Quadratic& problem, const Vector& l1, const Vector& l2) {
  CHECK(solver.solve(l1, l2));
  CHECK(kkt_residual(problem, l1, l2, solver.v()) <= kTolerance);
  const Vector c = problem.q - problem.G * solver.v();
  CHECK(largest_difference(solver.correlations(), c) <= 1e-12 * (1 + solver.v().cwiseAbs().sum()));
}

void check_from_zero(const Quadratic& problem, const Vector& l1, const Vector& l2) {
  Monitor monitor;
  GramSolver solver = solver_for(problem, monitor);
  check_solved(solver, problem, l1, l2);
}

const std::vector<double> kLevels = {2.0, 0.7, 0.3, 0.1, 0.01, 1e-4, 1e-8};  // as fractions of max |q|

TEST_CASE("lasso and elastic net on random problems") {
  Random random(41);
  for (const auto& [n, k] : std::vector<std::pair<Index, Index>>{{50, 1}, {50, 20}, {20, 50}, {5, 40}, {100, 120}}) {
    CAPTURE(n);
    CAPTURE(k);
    for (const double rho : {0.0, 0.5, 0.99}) {
      CAPTURE(rho);
      const Quadratic problem = random_problem(n, k, rho, random);
      for (const double level : kLevels) {
        CAPTURE(level);
        const Vector l1 = Vector::Constant(k, level * problem.q.cwiseAbs().maxCoeff());
        check_from_zero(problem, l1, Vector::Zero(k));
        check_from_zero(problem, l1, Vector::Constant(k, 0.3));
        check_from_zero(problem, random.uniform_vector(k, 0.5, 2).cwiseProduct(l1), random.uniform_vector(k, 0, 1));
      }
    }
  }
}

TEST_CASE("duplicated, mirrored, equal and dependent columns") {
  Random random(42);
  const Index n = 30, k = 24;
  Matrix X = random.matrix(n, k);
  const Vector y = sparse_response(X, 6, 0.5, random);
  Matrix twins = X, equal = X.col(0).replicate(1, k), low_rank = random.matrix(n, 3) * random.matrix(3, k);
  for (Index j = 0; j < k / 2; ++j) twins.col(k - 1 - j) = (j % 3 == 0 ? -1 : 1) * twins.col(j);
  Matrix nearly = twins + 1e-9 * random.matrix(n, k);
  Matrix empty = X;
  empty.col(3).setZero();
  const std::vector<std::pair<std::string, Matrix>> cases = {
      {"twins", twins}, {"equal", equal}, {"low rank", low_rank}, {"nearly", nearly}, {"zero column", empty}};
  for (const auto& [name, matrix] : cases) {
    CAPTURE(name);
    const Quadratic problem = problem_of(matrix, y);
    for (const double level : kLevels) {
      CAPTURE(level);
      const Vector l1 = Vector::Constant(k, level * problem.q.cwiseAbs().maxCoeff());
      check_from_zero(problem, l1, Vector::Zero(k));
      check_from_zero(problem, l1.cwiseProduct(random.uniform_vector(k, 0.9, 1.1)), Vector::Zero(k));
    }
  }
}

TEST_CASE("a dependent column whose correlation rounding took over its threshold is no reason to go on") {
  Matrix G = Matrix::Identity(3, 3);
  G.col(2).head(2).setConstant(0.5);
  G.row(2).head(2).setConstant(0.5);
  G(2, 2) = 0.5;
  const Vector q = Vector::Constant(3, 1.01), l1 = Vector::Constant(3, 0.01);
  for (const double rounding : {-2e-14, 0.0, 2e-14}) {
    CAPTURE(rounding);
    check_from_zero({G, q + Vector::Unit(3, 2) * rounding}, l1, Vector::Zero(3));
  }
}

TEST_CASE("from any start, also one with more nonzeros than rank") {
  Random random(43);
  Monitor monitor;
  for (const auto& [n, k] : std::vector<std::pair<Index, Index>>{{40, 15}, {10, 60}, {3, 30}}) {
    CAPTURE(n);
    CAPTURE(k);
    const Quadratic problem = random_problem(n, k, 0.5, random);
    for (const double level : kLevels) {
      CAPTURE(level);
      const Vector l1 = Vector::Constant(k, level * problem.q.cwiseAbs().maxCoeff());
      GramSolver solver = solver_for(problem, monitor);
      const Vector start = random.vector(k);
      solver.set_state(start, problem.q - problem.G * start);
      check_solved(solver, problem, l1, Vector::Zero(k));
      check_solved(solver, problem, l1 / 2, Vector::Zero(k));
    }
  }
}

TEST_CASE("unpenalised columns, some or all, also more of them than rank") {
  Random random(44);
  for (const auto& [n, k] : std::vector<std::pair<Index, Index>>{{40, 15}, {10, 25}}) {
    CAPTURE(n);
    CAPTURE(k);
    const Quadratic problem = random_problem(n, k, 0.3, random);
    for (const Index free : {Index{1}, Index{4}, k}) {
      CAPTURE(free);
      for (const double level : {0.5, 0.1, 1e-3}) {
        CAPTURE(level);
        Vector l1 = Vector::Constant(k, level * problem.q.cwiseAbs().maxCoeff());
        l1.tail(free).setZero();
        check_from_zero(problem, l1, Vector::Zero(k));
        check_from_zero(problem, l1, Vector::Constant(k, 0.1));
      }
    }
  }
}

TEST_CASE("an infinite l1 weight keeps a column out, and takes out one that was in") {
  Random random(45);
  Monitor monitor;
  const Index k = 12;
  const Quadratic problem = random_problem(40, k, 0.3, random);
  Vector l1 = Vector::Constant(k, 0.01);
  for (const Index j : {0, 5, 11}) l1[j] = kInf;
  GramSolver solver = solver_for(problem, monitor);
  check_solved(solver, problem, l1, Vector::Zero(k));
  CHECK(solver.v()[5] == 0);
  const Vector start = random.vector(k);
  solver.set_state(start, problem.q - problem.G * start);
  check_solved(solver, problem, l1, Vector::Zero(k));
  CHECK(solver.v()[0] == 0);
  check_solved(solver, problem, Vector::Constant(k, kInf), Vector::Zero(k));
  CHECK(solver.v().isZero(0));
  // An infinite ridge does the same.
  Vector l2 = Vector::Zero(k);
  l2[2] = kInf;
  CHECK(solver.solve(Vector::Constant(k, 0.01), l2));
  CHECK(solver.v()[2] == 0);
  CHECK(solver.v().allFinite());
}

TEST_CASE("a concave model: solved where the form is definite, reported or stationary where it is not") {
  Random random(46);
  Monitor monitor;
  for (int trial = 0; trial < 20; ++trial) {
    CAPTURE(trial);
    const Index k = 10;
    const Quadratic problem = random_problem(60, k, 0.4, random);
    const double smallest = Eigen::SelfAdjointEigenSolver<Matrix>(problem.G).eigenvalues()[0];
    const Vector l1 = random.uniform_vector(k, 0.01, 0.2);
    check_from_zero(problem, l1, Vector::Constant(k, -0.9 * smallest));
    for (const double depth : {1.5 * smallest, 0.5, 0.9, 1.5}) {
      CAPTURE(depth);
      GramSolver solver = solver_for(problem, monitor);
      const Vector l2 = Vector::Constant(k, -depth);
      const bool solved = solver.solve(l1, l2);
      CHECK(solver.v().allFinite());
      if (depth < 1 && solved) CHECK(kkt_residual(problem, l1, l2, solver.v()) <= kTolerance);
    }
  }
}

TEST_CASE("a problem that grows column by column ends like the whole one") {
  Random random(47);
  Monitor monitor;
  const Index k = 30;
  const Quadratic problem = random_problem(60, k, 0.5, random);
  const Vector l1 = Vector::Constant(k, 0.05), l2 = Vector::Constant(k, 0.01);
  GramSolver grown(monitor), whole = solver_for(problem, monitor);
  REQUIRE(grown.solve(Vector(), Vector()));
  for (const Index next : {1, 2, 10, 11, 30}) {
    const Index have = grown.size(), m = next - have;
    const Vector c = problem.q.segment(have, m) - problem.G.block(have, 0, m, have) * grown.v();
    grown.append(problem.G.block(0, have, have, m), problem.G.block(have, have, m, m), c);
    REQUIRE(grown.size() == next);
    const Quadratic part{problem.G.topLeftCorner(next, next), problem.q.head(next)};
    check_solved(grown, part, l1.head(next), l2.head(next));
  }
  check_solved(whole, problem, l1, l2);
  CHECK(identical(grown.gram().topLeftCorner(k, k), problem.G));
  CHECK(largest_difference(grown.v(), whole.v()) <= 1e-12);
}

TEST_CASE("move and loss_change are the quadratic's") {
  Random random(48);
  Monitor monitor;
  const Index k = 8;
  const Quadratic problem = random_problem(20, k, 0.3, random);
  GramSolver solver = solver_for(problem, monitor);
  const auto loss = [&](const Vector& v) { return 0.5 * v.dot(problem.G * v) - problem.q.dot(v); };
  for (const double step : {1.0, -0.3, 1e-3}) {
    const Vector from = solver.v(), direction = random.vector(k);
    const double change = solver.loss_change(step, direction);
    solver.move(step, direction);
    CHECK(largest_difference(solver.v(), from + step * direction) <= 1e-14);
    CHECK(change == doctest::Approx(loss(solver.v()) - loss(from)).epsilon(1e-10));
    CHECK(largest_difference(solver.correlations(), problem.q - problem.G * solver.v()) <= 1e-13);
  }
}

TEST_CASE("concave_direction finds one exactly where the form on the support is not definite") {
  Random random(49);
  Monitor monitor;
  for (int trial = 0; trial < 50; ++trial) {
    CAPTURE(trial);
    const Index k = 9;
    const Quadratic problem = random_problem(40, k, 0.5, random);
    GramSolver solver = solver_for(problem, monitor);
    Vector v = random.vector(k);
    v[2] = v[6] = 0;
    solver.set_state(v, problem.q - problem.G * v);
    const Vector curvature = random.uniform_vector(k, -0.8, 0.2);
    const Matrix H = submatrix(problem.G, support(v)) + Matrix(gather(curvature, support(v)).asDiagonal());
    const double smallest = Eigen::SelfAdjointEigenSolver<Matrix>(H).eigenvalues()[0];
    Vector d;
    const bool found = solver.concave_direction(Vector::Zero(curvature.size()), curvature, d);
    CHECK(found == (smallest <= 0));
    if (!found) continue;
    CHECK(d[2] == 0);
    CHECK(d[6] == 0);
    CHECK(d.norm() > 0);
    CHECK(d.dot(problem.G * d) + d.cwiseAbs2().dot(curvature) <= 1e-12 * d.squaredNorm());
  }
}

TEST_CASE("the monitor interrupts the solver") {
  Random random(50);
  const Quadratic problem = random_problem(20, 10, 0.3, random);
  Monitor monitor = interrupting_monitor();
  GramSolver solver = solver_for(problem, monitor);
  CHECK_THROWS_AS(solver.solve(Vector::Constant(10, 0.1), Vector::Zero(10)), Interrupted);
}

}  // namespace
}  // namespace pyreweight
