// Groups: the partition itself, the problem of one group against its stationarity conditions, the second derivatives of
// the penalty against differences, and a fit whose certificate is computed from the definition.

#include <doctest/doctest.h>

#include <string>

#include "problems.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/group_solver.hpp"
#include "pyreweight/registry.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

TEST_CASE("a partition is numbered by first coefficients, whatever the labels") {
  const Groups groups({7, -2, 7, 5, -2, 9});
  CHECK(groups.count() == 4);
  CHECK(groups.of(0) == 0);
  CHECK(groups.of(4) == 1);
  CHECK(groups.leads(3));
  CHECK_FALSE(groups.leads(4));
  CHECK(groups.members(1) == Columns{1, 4});
  CHECK(groups.complete({4, 3, 1}) == Columns{1, 4, 3});
  CHECK(groups.part({4, 5, 1}).members(0) == Columns{0, 2});
  CHECK(groups.part({0, 1, 3}).singletons());
  CHECK(groups.apart({1, 0, 0, 0, 0, 0}).leads(2));
  CHECK(groups.apart({1, 1, 0, 0, 0, 0}).singletons());
  CHECK(Groups({3, 1, 2}).singletons());
  CHECK(groups.sized(Vector::Constant(6, 2))[4] == 2 * std::sqrt(2.0));

  Vector x(3);
  x << 3e200, 7, -4e200;
  const Vector norms = groups.norms({0, 3, 2}, x);
  CHECK(norms[0] == doctest::Approx(5e200));
  CHECK(norms[1] == 7);
  CHECK(norms[2] == norms[0]);
  CHECK(groups.norms({1}, Vector::Constant(1, -2))[0] == 2);
}

/// A grouped problem of 24 columns in six groups that are not contiguous, in units that differ within groups.
struct Grouped {
  explicit Grouped(const std::string& name, double alpha) : penalty(make_penalty(name, {})) {
    Random random(5);
    X = random.correlated(80, 24, 0.6);
    for (Index j = 0; j < 24; ++j) X.col(j) *= random.uniform(0.3, 3);
    y = sparse_response(X, 4, 1, random);
    weights = random.uniform_vector(80, 0.5, 2);
    design = design_of(X, weights, true, false);
    Columns labels;
    for (Index j = 0; j < 24; ++j) labels.push_back(j % 6);
    groups = Groups(labels);
    regularizer = std::make_unique<Regularizer>(*penalty, alpha, Vector::Constant(24, 2), *design, 1.0, groups);
  }
  Matrix X;
  Vector y, weights;
  std::unique_ptr<Penalty> penalty;
  std::unique_ptr<Design> design;
  Groups groups;
  std::unique_ptr<Regularizer> regularizer;
};

TEST_CASE("slopes and second derivatives of grouped penalties are those of their value") {
  for (const std::string name : {"l1", "log_sum", "variational_dropout"}) {
    CAPTURE(name);
    const Grouped problem(name, 0.4);
    Random random(6);
    const Columns all = all_columns(24);
    Vector v = random.vector(24);
    for (const Index j : problem.groups.members(2)) v[j] = 0;
    const Vector slope = problem.regularizer->slope(all, v);
    const Matrix hessian = problem.regularizer->hessian(all, v);
    for (Index j = 0; j < 24; ++j) {
      if (v[j] == 0) continue;
      const double h = 1e-6;
      Vector ahead = v, behind = v;
      ahead[j] += h;
      behind[j] -= h;
      const double rise = (problem.regularizer->value(all, ahead) - problem.regularizer->value(all, behind)) / (2 * h);
      CHECK(std::copysign(slope[j], v[j]) == doctest::Approx(rise).epsilon(1e-6));
      const Vector bend = (problem.regularizer->slope(all, ahead).cwiseProduct(ahead.cwiseSign()) -
                           problem.regularizer->slope(all, behind).cwiseProduct(behind.cwiseSign())) /
                          (2 * h);
      for (Index k = 0; k < 24; ++k) {
        if (v[k] != 0) CHECK(hessian(k, j) == doctest::Approx(bend[k]).epsilon(1e-5).scale(1));
      }
    }
  }
}

TEST_CASE("a grouped fit satisfies the stationarity conditions of norms over all groups") {
  for (const std::string name : {"l1", "mcp", "log_sum", "exponential", "variational_dropout_molchanov"}) {
    for (const double alpha : {0.5, 0.05, 0.005}) {
      CAPTURE(name);
      CAPTURE(alpha);
      const Grouped problem(name, alpha);
      Monitor monitor;
      const Vector pi = problem.design->row_weights();
      const Problem scaled{*problem.design, problem.y.array() - pi.dot(problem.y), monitor, Options{}};
      WorkingSetSolver solver(scaled, *problem.regularizer);
      const Solution& solution = solver.solve();
      CHECK(solution.converged);
      Vector residual = scaled.target;
      problem.design->combine(all_columns(24), -solution.v, residual, monitor);
      for (Index g = 0; g < 6; ++g) {
        Vector t(4), gradient(4);
        for (Index i = 0; i < 4; ++i) {
          const Index j = problem.groups.members(g)[static_cast<size_t>(i)];
          const Vector x = problem.X.col(j).array() - pi.dot(problem.X.col(j));
          t[i] = solution.v[j] / problem.design->scale()[j];
          gradient[i] = x.dot(pi.cwiseProduct(residual));
        }
        Vector slope(1);
        problem.penalty->slope(Vector::Constant(1, t.norm()), alpha, slope);
        if (t.isZero(0)) {
          CHECK(gradient.norm() <= 2 * alpha * (1 + 1e-10));
        } else {
          CHECK(t.cwiseAbs().minCoeff() > 0);
          CHECK((gradient - 2 * alpha * slope[0] * t / t.norm()).norm() <= 1e-10 * alpha);
        }
      }
      if (name == "l1") CHECK(solution.gap <= 1e-12);
    }
  }
}

TEST_CASE("dependent columns in a group, and groups wider than the data") {
  Random random(8);
  Matrix X = random.matrix(12, 40);
  X.col(7) = X.col(3);
  X.col(11) = -2 * X.col(3);
  const auto design = design_of(X, Vector::Ones(12), true, true);
  Columns labels;
  for (Index j = 0; j < 40; ++j) labels.push_back(j % 4 == 3 ? 0 : 1 + j / 20);
  for (const std::string name : {"l1", "mcp", "hard_concrete", "exponential"}) {
    CAPTURE(name);
    const auto penalty = make_penalty(name, {});
    FitRequest request;
    request.alpha = 0.05;
    request.weight_sum = 12;
    request.feature_weights = Vector::Ones(40);
    request.feature_groups = Groups(labels);
    Monitor monitor;
    const Vector y = random.vector(12);
    const FitResult result = fit(*design, y, *penalty, request, monitor);
    CHECK(result.converged);
    CHECK(result.coef.allFinite());
    CHECK(result.kkt_residual <= 1e-9);
  }
}

TEST_CASE("a grouped fit can be interrupted") {
  const Grouped problem("l1", 0.01);
  Monitor monitor, stop = interrupting_monitor();
  const Columns columns = problem.groups.complete(all_columns(24));
  GroupSolver inner(*problem.design, *problem.regularizer, columns, stop);
  const Matrix own = problem.design->gram(columns, columns, monitor);
  inner.append(Matrix(0, 24), own, Vector::Ones(24));
  inner.set_state(Vector::Zero(24), Vector::Ones(24));
  CHECK_THROWS_AS(inner.solve(Vector::Constant(24, 0.01), Vector::Zero(24)), Interrupted);
}

}  // namespace
}  // namespace pyreweight
