// Fits at the edges: degenerate data, extreme numbers, alpha="auto".

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/registry.hpp"

namespace pyreweight {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kAuto = std::nan("");

/// A fit with unit weights unless told otherwise.
struct Fit {
  Matrix X;
  Vector y;
  double alpha = 0.1;
  bool paper_loop = false, fit_intercept = true, standardize = true;
  Vector weights = Vector::Ones(X.rows()), feature_weights = Vector::Ones(X.cols());

  FitResult operator()(const std::string& penalty, Monitor& monitor) const {
    const auto design = design_of(X, weights, fit_intercept, standardize);
    FitRequest request;
    request.alpha = alpha;
    request.paper_loop = paper_loop;
    request.fit_intercept = fit_intercept;
    request.weight_sum = weights.sum();
    request.feature_weights = feature_weights;
    return fit(*design, y, *make_penalty(penalty, {}), request, monitor);
  }
  FitResult operator()(const std::string& penalty) const {
    Monitor monitor;
    return (*this)(penalty, monitor);
  }
};

Fit random_fit(Index n, Index p, unsigned seed) {
  Random random(seed);
  const Matrix X = random.correlated(n, p, 0.5);
  return {X, sparse_response(X, std::min<Index>(p, 4), 0.5, random)};
}

void check_finite(const FitResult& result) {
  CHECK(result.coef.allFinite());
  CHECK_FALSE(result.eta.array().isNaN().any());
  CHECK(result.keep_prob.allFinite());
  CHECK(std::isfinite(result.intercept));
  CHECK(std::isfinite(result.alpha));
  CHECK(std::isfinite(result.objective));
  CHECK(std::isfinite(result.kkt_residual));
  CHECK(std::isfinite(result.noise_scale));
  CHECK_FALSE(std::isinf(result.dual_gap));
  CHECK(result.n_iter >= 1);
}

/// Calls check(name, paper_loop) for every penalty and both solvers.
template <class Check>
void for_every_solver(const Check& check) {
  for (const std::string& name : penalty_names()) {
    CAPTURE(name);
    for (const bool paper_loop : {false, true}) {
      CAPTURE(paper_loop);
      check(name, paper_loop);
    }
  }
}

std::vector<std::string> penalties_with_auto_alpha() {
  std::vector<std::string> names;
  for (const std::string& name : penalty_names()) {
    const double kink = make_penalty(name, {})->slope_at_zero();
    if (kink > 0 && std::isfinite(kink)) names.push_back(name);
  }
  return names;
}

TEST_CASE("constant y: no coefficients, the mean as intercept") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    for (const double value : {0.0, 1.0, -3.7, 1e200, 1e-200}) {
      CAPTURE(value);
      Fit problem = random_fit(12, 5, 71);
      problem.y.setConstant(value);
      problem.paper_loop = paper_loop;
      const FitResult result = problem(name);
      check_finite(result);
      CHECK(result.converged);
      CHECK(result.coef.isZero(0));
      CHECK(result.intercept == doctest::Approx(value).epsilon(1e-14));
    }
  });
}

TEST_CASE("one row, one column, two rows") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    for (const bool fit_intercept : {true, false}) {
      CAPTURE(fit_intercept);
      for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{1, 1}, {1, 4}, {2, 1}, {2, 5}, {9, 1}}) {
        CAPTURE(n);
        CAPTURE(p);
        Fit problem = random_fit(n, p, 72);
        problem.paper_loop = paper_loop;
        problem.fit_intercept = fit_intercept;
        const FitResult result = problem(name);
        check_finite(result);
        if (!paper_loop) CHECK(result.converged);
        if (n == 1 && fit_intercept) CHECK(result.coef.isZero(0));
      }
    }
  });
}

TEST_CASE("one column has the answer of the scalar prox") {
  Fit problem = random_fit(25, 1, 73);
  for (const std::string& name : penalty_names()) {
    CAPTURE(name);
    const double centre = problem.X.mean(), mean = problem.y.mean();
    const Vector x = problem.X.col(0).array() - centre;
    const double d = std::sqrt(x.squaredNorm() / 25);
    const double z = x.dot(Vector(problem.y.array() - mean)) / 25 / d;
    // Small enough an alpha that the prox has one local minimum only.
    Vector expected(1);
    make_penalty(name, {})->prox(Vector::Constant(1, std::abs(z)), problem.alpha, 1.0, expected);
    CHECK(problem(name).coef[0] * d == doctest::Approx(std::copysign(expected[0], z)).epsilon(1e-9));
  }
}

TEST_CASE("all weights zero but one leaves a fit of one row") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    Fit problem = random_fit(10, 4, 74);
    problem.paper_loop = paper_loop;
    problem.weights.setZero();
    problem.weights[6] = 2.5;
    const FitResult centred = problem(name);
    check_finite(centred);
    CHECK(centred.coef.isZero(0));
    CHECK(centred.intercept == doctest::Approx(problem.y[6]));
    problem.fit_intercept = false;
    const FitResult result = problem(name);
    check_finite(result);
    Fit row = problem;
    row.X = problem.X.row(6).eval();
    row.y = problem.y.segment(6, 1).eval();
    row.weights = Vector::Constant(1, 2.5);
    CHECK(result.objective == doctest::Approx(row(name).objective).epsilon(1e-9));
  });
}

TEST_CASE("feature weight 0 is never penalised, inf keeps a column out") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{50, 8}, {15, 40}}) {
      CAPTURE(n);
      Fit problem = random_fit(n, p, 75);
      problem.paper_loop = paper_loop;
      problem.feature_weights[0] = problem.feature_weights[3] = 0;
      problem.feature_weights[1] = kInf;
      const FitResult result = problem(name);
      check_finite(result);
      if (!paper_loop) CHECK(result.converged);
      CHECK(result.coef[1] == 0);
      CHECK(result.keep_prob[1] == 0);
      CHECK(result.coef[0] != 0);
      CHECK(result.keep_prob[0] == 1);
      const Vector residual = problem.y - problem.X * result.coef - Vector::Constant(n, result.intercept);
      for (const Index j : {0, 3}) CHECK(std::abs(problem.X.col(j).dot(residual)) <= 1e-8 * n);
      problem.feature_weights.setConstant(kInf);
      const FitResult none = problem(name);
      check_finite(none);
      CHECK(none.coef.isZero(0));
    }
  });
}

TEST_CASE("every column unpenalised: least squares, also with more columns than rows") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{40, 6}, {10, 25}}) {
      CAPTURE(n);
      Fit problem = random_fit(n, p, 76);
      problem.paper_loop = paper_loop;
      problem.feature_weights.setZero();
      const FitResult result = problem(name);
      check_finite(result);
      const Vector residual = problem.y - problem.X * result.coef - Vector::Constant(n, result.intercept);
      CHECK((problem.X.transpose() * residual).cwiseAbs().maxCoeff() <= 1e-7 * n);
    }
  });
}

TEST_CASE("duplicated and constant columns, X of rank one") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    Fit problem = random_fit(30, 12, 77);
    problem.paper_loop = paper_loop;
    for (Index j = 0; j < 5; ++j) problem.X.col(11 - j) = (j % 2 == 0 ? 1 : -1) * problem.X.col(j);
    problem.X.col(5).setConstant(0.1);
    const FitResult result = problem(name);
    check_finite(result);
    if (!paper_loop) CHECK(result.converged);
    CHECK(result.coef[5] == 0);
    problem.X = (problem.X.col(0) * Random(78).vector(12).transpose()).eval();
    const FitResult flat = problem(name);
    check_finite(flat);
    if (!paper_loop) CHECK(flat.converged);
  });
}

TEST_CASE("any alpha gives finite answers") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    for (const double alpha : {1e-100, 1e-12, 1e-6, 1e6, 1e100}) {
      CAPTURE(alpha);
      for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{30, 6}, {10, 25}}) {
        CAPTURE(n);
        Fit problem = random_fit(n, p, 79);
        problem.paper_loop = paper_loop;
        problem.alpha = alpha;
        check_finite(problem(name));
      }
    }
  });
}

TEST_CASE("units of X by powers of two change nothing but the coefficients") {
  for_every_solver([](const std::string& name, bool paper_loop) {
    Fit problem = random_fit(30, 6, 80);
    problem.paper_loop = paper_loop;
    const FitResult plain = problem(name);
    for (const int exponent : {-600, 600}) {
      CAPTURE(exponent);
      Fit scaled = problem;
      scaled.X *= std::ldexp(1.0, exponent);
      const FitResult result = scaled(name);
      check_finite(result);
      CHECK(largest_difference(result.coef * std::ldexp(1.0, exponent), plain.coef) <= 1e-9);
      CHECK(result.objective == doctest::Approx(plain.objective).epsilon(1e-11));
    }
  });
}

TEST_CASE("alpha=auto ends, on noise, on exact data and where nothing is penalised") {
  for (const std::string& name : penalties_with_auto_alpha()) {
    CAPTURE(name);
    for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{60, 10}, {25, 100}, {1, 3}, {2, 3}, {3, 1}}) {
      CAPTURE(n);
      CAPTURE(p);
      for (const bool fit_intercept : {true, false}) {
        CAPTURE(fit_intercept);
        Fit problem = random_fit(n, p, 81);
        problem.alpha = kAuto;
        problem.fit_intercept = fit_intercept;
        const auto check = [&](const std::string& data) {
          CAPTURE(data);
          const FitResult result = problem(name);
          check_finite(result);
          CHECK(result.converged);
        };
        check("signal");
        problem.paper_loop = true;
        check_finite(problem(name));
        problem.paper_loop = false;
        problem.y = Random(82).vector(n);
        check("noise");
        problem.y = problem.X.col(0);
        check("exact");
        problem.feature_weights[0] = 0;
        check("exact without a penalised column");
        problem.feature_weights.setZero();
        check("nothing penalised");
        problem.feature_weights.setConstant(kInf);
        check("everything left out");
      }
    }
    Fit constant = random_fit(20, 4, 83);
    constant.alpha = kAuto;
    constant.y.setConstant(4.0);
    const FitResult result = constant(name);
    check_finite(result);
    CHECK(result.alpha == 0);
    CHECK(result.converged);
    CHECK(result.coef.isZero(0));
    Fit orthogonal = {Matrix{{1}, {-1}, {1}, {-1}}, Vector{{1, 1, -1, -1}}};
    orthogonal.alpha = kAuto;
    check_finite(orthogonal(name));
  }
}

}  // namespace
}  // namespace pyreweight
