// Paths of alphas: each point against a fit of its own, rows that only test, degrees of freedom against their
// definition, threads, interruption.

#include <doctest/doctest.h>

#include <Eigen/LU>
#include <string>
#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/path.hpp"
#include "pyreweight/registry.hpp"

namespace pyreweight {
namespace {

struct Data {
  Matrix X;
  Vector y, weights;
};

Data random_data(Index n, Index p, unsigned seed) {
  Random random(seed);
  Data data;
  data.X = random.correlated(n, p, 0.5);
  data.y = sparse_response(data.X, std::min<Index>(p, 5), 1, random).array() + 2;
  data.weights = random.uniform_vector(n, 0.5, 2);
  return data;
}

template <class Request>
Request request_for(const Data& data) {
  Request request;
  request.weight_sum = data.weights.sum();
  request.feature_weights = Vector::Ones(data.X.cols());
  return request;
}

std::vector<PathPoint> run(const Data& data, const Penalty& penalty, const PathRequest& request) {
  Monitor monitor;
  const auto design = design_of(data.X, data.weights, true, true);
  return fit_path(*design, data.y, penalty, request, monitor);
}

Vector coefficients(const Answer& answer, Index size) { return scatter(answer.values, answer.columns, size); }

TEST_CASE("the points of a convex path are single fits") {
  for (const Index p : {8, 60}) {
    const Data data = random_data(40, p, 1);
    for (const std::string name : {"l1", "elastic_net", "l2", "huber"}) {
      CAPTURE(name);
      const auto penalty = make_penalty(name, {});
      auto request = request_for<PathRequest>(data);
      request.grid_size = 7;
      const auto points = run(data, *penalty, request);
      REQUIRE(points.size() == 7);
      for (const PathPoint& point : points) {
        auto single = request_for<FitRequest>(data);
        single.alpha = point.alpha;
        Monitor monitor;
        const auto design = design_of(data.X, data.weights, true, true);
        const FitResult expected = fit(*design, data.y, *penalty, single, monitor);
        const Vector coef = coefficients(point, p);
        CHECK(largest_difference(coef, expected.coef) <= 1e-8 * (1e-9 + expected.coef.cwiseAbs().maxCoeff()));
        CHECK(point.converged);
        CHECK(point.objective == doctest::Approx(expected.objective).epsilon(1e-10));
      }
    }
  }
}

TEST_CASE("rows of weight zero take no part in the fit, and their errors are measured") {
  const Index n = 40, train = 30, p = 6;
  Data data = random_data(n, p, 2);
  Data small{data.X.topRows(train), data.y.head(train), data.weights.head(train)};
  auto with = request_for<PathRequest>(small);
  with.alphas = Vector(3);
  with.alphas << 0.5, 0.1, 0.02;
  const PathRequest without = with;
  with.test_weight = Vector::Zero(n);
  with.test_weight.tail(n - train) = data.weights.tail(n - train);
  data.weights.tail(n - train).setZero();
  for (const std::string name : {"l1", "mcp", "l2"}) {
    CAPTURE(name);
    const auto penalty = make_penalty(name, {});
    const auto all = run(data, *penalty, with), expected = run(small, *penalty, without);
    for (size_t i = 0; i < all.size(); ++i) {
      const Vector coef = coefficients(all[i], p);
      CHECK(largest_difference(coef, coefficients(expected[i], p)) <= 1e-10);
      CHECK(all[i].residual_scale == doctest::Approx(expected[i].residual_scale).epsilon(1e-10));
      CHECK(std::isnan(expected[i].test_error));
      const Vector error = (data.y - data.X * coef).array() - all[i].intercept;
      const double mean = error.cwiseAbs2().dot(with.test_weight) / with.test_weight.sum();
      CHECK(all[i].test_error * all[i].test_unit * all[i].test_unit == doctest::Approx(mean).epsilon(1e-10));
    }
  }
}

TEST_CASE("degrees of freedom: both forms of the trace") {
  for (const Index p : {10, 50}) {  // more columns than rows takes the n x n form
    const Data data = random_data(30, p, 3);
    const auto penalty = make_penalty("l2", {});
    auto request = request_for<PathRequest>(data);
    request.alphas = Vector::Constant(1, 0.3);
    request.degrees_of_freedom = true;
    const auto points = run(data, *penalty, request);
    const Vector pi = data.weights / data.weights.sum();
    Matrix Z = data.X.rowwise() - pi.transpose() * data.X;
    for (Index j = 0; j < p; ++j) Z.col(j) /= std::sqrt(Z.col(j).cwiseAbs2().dot(pi));
    const Matrix G = Z.transpose() * pi.asDiagonal() * Z;
    const Matrix ridged = G + 0.3 * Matrix::Identity(p, p);
    CHECK(points[0].degrees_of_freedom == doctest::Approx(ridged.inverse().cwiseProduct(G).sum()).epsilon(1e-9));
  }
}

TEST_CASE("alpha 0 and a constant target give the null model") {
  Data data = random_data(20, 4, 4);
  auto request = request_for<PathRequest>(data);
  request.alphas = Vector::Zero(2);
  const auto penalty = make_penalty("mcp", {});
  for (const PathPoint& point : run(data, *penalty, request)) CHECK(point.columns.empty());
  data.y.setConstant(3);
  request.alphas = Vector();
  request.grid_size = 2;
  for (const PathPoint& point : run(data, *penalty, request)) {
    CHECK(point.columns.empty());
    CHECK(point.alpha == 0);
    CHECK(point.intercept == doctest::Approx(3));
    CHECK(point.converged);
  }
}

TEST_CASE("a path is the same for any number of threads and is told about point by point") {
  const Data data = random_data(300, 500, 5);
  const auto penalty = make_penalty("scad", {});
  auto request = request_for<PathRequest>(data);
  request.grid_size = 10;
  Index told = 0;
  request.progress = [&told](Index i, const PathPoint&) { told += i == told ? 1 : 1000; };
  const auto compute = [&] {
    Matrix out(500, 10);
    told = 0;
    const auto points = run(data, *penalty, request);
    for (Index i = 0; i < 10; ++i) out.col(i) = coefficients(points[static_cast<size_t>(i)], 500);
    return out;
  };
  const auto [one, two] = with_one_and_two_threads(compute);
  CHECK(identical(one, two));
  CHECK(told == 10);
}

TEST_CASE("an interruption leaves the path") {
  const Data data = random_data(100, 50, 6);
  auto request = request_for<PathRequest>(data);
  request.grid_size = 5;
  Monitor monitor = interrupting_monitor();
  const auto design = design_of(data.X, data.weights, true, true);
  CHECK_THROWS_AS(fit_path(*design, data.y, *make_penalty("l1", {}), request, monitor), Interrupted);
}

#ifdef _OPENMP
TEST_CASE("callers that share the threads get their part of them, on their own thread only") {
  const int before = omp_get_max_threads();
  omp_set_num_threads(4);
  {
    const ThreadShare share(2);
    CHECK(available_threads() == 2);
    {
      const ThreadShare inner(100);
      CHECK(available_threads() == 1);
    }
    CHECK(available_threads() == 2);
    CHECK(omp_get_max_threads() == 4);
  }
  CHECK(available_threads() == 4);
  omp_set_num_threads(before);
}
#endif

}  // namespace
}  // namespace pyreweight
