// Passes that leave columns out must not be noticed in any answer.

#include <doctest/doctest.h>

#include <cmath>

#include "problems.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/design_dense.hpp"
#include "pyreweight/registry.hpp"
#include "pyreweight/screening.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

TEST_CASE("a column the strong rule would discard is found") {
  // Six columns (e_i + e_7) / sqrt 2 fit y = e_1 + ... + e_6 and together push the residual along -e_7, the seventh
  // column, whose correlation therefore rises faster than alpha falls. Forty more columns never matter.
  const Index n = 47;
  Matrix X = Matrix::Identity(n, n);
  Vector y = Vector::Zero(n);
  for (Index i = 0; i < 6; ++i) {
    X(i, i) = X(6, i) = std::sqrt(0.5);
    y[i] = 1;
  }
  Monitor monitor;
  const auto design = dense_design(X.data(), n, n, false, Vector::Ones(n), false, false, monitor);
  const auto rule = make_penalty("l1", {});
  const Problem problem{*design, y, monitor, Options{}};
  const double old_alpha = std::sqrt(0.5) / n, alpha = 0.36 / n;
  Regularizer regularizer(*rule, old_alpha, Vector::Ones(n), *design, 1.0);
  WorkingSetSolver solver(problem, regularizer);
  const Solution before = solver.solve();
  CHECK(before.v.cwiseAbs().maxCoeff() <= 1e-12);
  const Vector old_correlations = X.transpose() * y / n;
  REQUIRE(std::abs(old_correlations[6]) < 2 * alpha - old_alpha);  // the strong rule discards it
  regularizer.set_alpha(alpha);
  const Solution& solution = solver.solve();
  CHECK(solution.converged);
  CHECK(solution.v[6] < 0);
  Solution full = solution;
  refresh(problem, full);
  certify(problem, regularizer, full);
  CHECK(full.kkt_residual <= 1e-10);
  CHECK(full.gap <= 1e-12);
}

TEST_CASE("screened correlations are exact wherever they reach the threshold") {
  for (const unsigned seed : {31u, 32u, 33u}) {
    CAPTURE(seed);
    Random random(seed);
    const Index n = 30, p = 200;
    const Matrix X = random.matrix(n, p);
    const Vector y = random.vector(n);
    Monitor monitor;
    const auto design = dense_design(X.data(), n, p, false, Vector::Ones(n), true, true, monitor);
    const Problem problem{*design, y.array() - y.mean(), monitor, Options{}};
    const auto rule = make_penalty("l1", {});
    const Regularizer regularizer(*rule, 1.0, Vector::Ones(p), *design, 1.0);
    Screening screening(problem);
    Solution solution;
    solution.v = Vector::Zero(p);
    screening.refresh_all(solution);
    const double largest = solution.gradient.cwiseAbs().maxCoeff();
    std::vector<char> wanted(static_cast<size_t>(p), 0);
    wanted[3] = 1;
    Index estimated = 0;
    for (int step = 1; step <= 40; ++step) {
      CAPTURE(step);
      for (const Index j : {Index{1}, Index{5}, Index{9}}) solution.v[j] += 0.002 * random.uniform(-1, 1);
      const Vector thresholds = Vector::Constant(p, largest * random.uniform(0.5, 1));
      screening.refresh(regularizer, thresholds, wanted, solution);
      Solution exact = solution;
      refresh(problem, exact);
      CHECK(largest_difference(exact.residual, solution.residual) == 0);
      for (Index j = 0; j < p; ++j) {
        const double error = std::abs(exact.gradient[j] - solution.gradient[j]);
        if (error > 1e-14) ++estimated;
        if (j == 3 || std::abs(exact.gradient[j]) > thresholds[j]) CHECK(error <= 1e-14);
        if (error > 1e-14) CHECK(std::abs(solution.gradient[j]) <= thresholds[j]);
      }
    }
    CHECK(estimated > 0);  // otherwise nothing was screened and nothing tested
  }
}

}  // namespace
}  // namespace pyreweight
