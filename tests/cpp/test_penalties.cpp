// The contracts every registered penalty keeps, checked over the registry: a new penalty is covered without a new line.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pyreweight/registry.hpp"

namespace pyreweight {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

Vector geometric_grid(double low, double high, Index size) {
  return Vector::LinSpaced(size, std::log(low), std::log(high)).array().exp();
}

/// One of the vector rules of a penalty at one point.
template <class Rule>
double at(double x, const Rule& rule) {
  Vector out(1);
  rule(Vector::Constant(1, x), out);
  return out[0];
}

/// A penalty with its alpha, as functions of one number.
struct Curve {
  const Penalty& penalty;
  double alpha;

  double value(double t) const {
    return at(t, [&](const Vector& x, Vector& out) { penalty.value(x, alpha, out); });
  }
  double slope(double t) const {
    return at(t, [&](const Vector& x, Vector& out) { penalty.slope(x, alpha, out); });
  }
  double curvature(double t) const {
    return at(t, [&](const Vector& x, Vector& out) { penalty.curvature(x, alpha, out); });
  }
  double eta(double t) const {
    return at(t, [&](const Vector& x, Vector& out) { penalty.eta(x, alpha, out); });
  }
  double conjugate(double eta) const {
    return at(eta, [&](const Vector& x, Vector& out) { penalty.conjugate(x, alpha, out); });
  }
  double prox(double z, double step) const {
    return at(z, [&](const Vector& x, Vector& out) { penalty.prox(x, alpha, step, out); });
  }
};

/// Calls check(curve) for every registered penalty with its default parameters and a few alpha.
template <class Check>
void for_every_penalty(const Check& check) {
  REQUIRE_FALSE(penalty_names().empty());
  for (const std::string& name : penalty_names()) {
    CAPTURE(name);
    const std::unique_ptr<Penalty> penalty = make_penalty(name, {});
    REQUIRE(penalty->name() == name);
    for (const double alpha : {0.3, 1.0, 2.0}) {
      CAPTURE(alpha);
      check(Curve{*penalty, alpha});
    }
  }
}

/// t^2 / eta with its limit at t = 0 and at eta = inf.
double quadratic(double t, double eta) { return t == 0 ? 0 : t * t / eta; }

bool is_close(double a, double b, double rtol, double atol = 0) {
  return a == b || std::abs(a - b) <= atol + rtol * std::max(std::abs(a), std::abs(b));
}

TEST_CASE("value starts at 0 and never falls, slope and eta are not negative") {
  for_every_penalty([](const Curve& omega) {
    CHECK(omega.value(0) == 0);
    double before = 0;
    for (const double t : geometric_grid(1e-6, 1e3, 100)) {
      CAPTURE(t);
      const double value = omega.value(t);
      CHECK(value >= before * (1 - 1e-14));
      CHECK(omega.slope(t) >= 0);
      CHECK(omega.eta(t) >= 0);
      before = value;
    }
  });
}

TEST_CASE("no NaN at zero, at the smallest and at the largest numbers") {
  for_every_penalty([](const Curve& omega) {
    for (const double t : {0.0, std::numeric_limits<double>::denorm_min(), 1e-300, 1e-150, 1e150, 1e300}) {
      CAPTURE(t);
      CHECK_FALSE(std::isnan(omega.value(t)));
      CHECK_FALSE(std::isnan(omega.slope(t)));
      CHECK_FALSE(std::isnan(omega.curvature(t)));
      CHECK_FALSE(std::isnan(omega.eta(t)));
      CHECK_FALSE(std::isnan(omega.conjugate(t)));
      CHECK_FALSE(std::isnan(omega.prox(t, 1.0)));
    }
  });
}

TEST_CASE("slope is the derivative of value, and its limit at 0 is slope_at_zero") {
  for_every_penalty([](const Curve& omega) {
    for (const double t : geometric_grid(1e-3, 10, 80)) {
      CAPTURE(t);
      const double h = 1e-6 * t;
      const double difference = (omega.value(t + h) - omega.value(t - h)) / (2 * h);
      // The subtraction loses about eps value / h.
      CHECK(is_close(omega.slope(t), difference, 1e-5, 1e-9 * omega.value(t) / t));
    }
    // So near 0 because a slope may leave its limit with infinite curvature (Molchanov's approximation).
    const double limit = omega.penalty.slope_at_zero();
    if (std::isfinite(limit)) {
      CHECK(is_close(omega.slope(1e-300), limit, 1e-9, 1e-9));
    } else {
      CHECK(omega.slope(1e-300) > 1e3);
    }
  });
}

TEST_CASE("curvature is the derivative of slope") {
  for_every_penalty([](const Curve& omega) {
    for (const double t : geometric_grid(1e-3, 10, 80)) {
      CAPTURE(t);
      const double h = 1e-6 * t;
      const double ahead = (omega.slope(t + h) - omega.slope(t)) / h;
      const double behind = (omega.slope(t) - omega.slope(t - h)) / h;
      // Where the curvature jumps (MCP, SCAD) either side will do.
      const double slack = 1e-4 * (std::abs(ahead) + std::abs(behind)) + 1e-8 * (1 + omega.slope(t) / t);
      CHECK(omega.curvature(t) >= std::min(ahead, behind) - slack);
      CHECK(omega.curvature(t) <= std::max(ahead, behind) + slack);
    }
  });
}

TEST_CASE("eta is t / slope") {
  for_every_penalty([](const Curve& omega) {
    for (const double t : geometric_grid(1e-8, 1e3, 100)) {
      CAPTURE(t);
      CHECK(is_close(omega.eta(t), t / omega.slope(t), 1e-10));
    }
  });
}

TEST_CASE("the eta-trick: value is the minimum of (t^2 / eta + conjugate(eta)) / 2, reached at eta(t)") {
  for_every_penalty([](const Curve& omega) {
    const Vector grid = geometric_grid(1e-3, 30, 40);
    for (const double t : grid) {
      CAPTURE(t);
      const double value = omega.value(t);
      const double best = omega.eta(t);
      CHECK(is_close((quadratic(t, best) + omega.conjugate(best)) / 2, value, 1e-9));
      for (const double other : grid) {
        CAPTURE(other);
        const double eta = omega.eta(other);
        CHECK((quadratic(t, eta) + omega.conjugate(eta)) / 2 >= value * (1 - 1e-9));
      }
    }
  });
}

TEST_CASE("the quadratic of the eta-trick majorises") {
  for_every_penalty([](const Curve& omega) {
    const Vector grid = geometric_grid(1e-3, 30, 40);
    for (const double a : grid) {
      const double eta = omega.eta(a);
      const double at_a = omega.value(a);
      for (const double b : grid) {
        CAPTURE(a);
        CAPTURE(b);
        const double bound = at_a + (b * b - a * a) / (2 * eta);
        CHECK(omega.value(b) <= bound + 1e-12 * (at_a + (a * a + b * b) / (2 * eta)));
      }
    }
  });
}

TEST_CASE("majorise gives an upper bound that touches value and slope") {
  for_every_penalty([](const Curve& omega) {
    Vector grid(41);
    grid << 0.0, geometric_grid(1e-3, 30, 40);
    Vector l1(grid.size()), l2(grid.size());
    omega.penalty.majorise(grid, omega.alpha, l1, l2);
    for (Index i = 0; i < grid.size(); ++i) {
      const double t = grid[i];
      CAPTURE(t);
      CHECK(l1[i] >= 0);
      CHECK(l2[i] >= 0);
      // At 0 the line of the steepest slope, which touches the value, and the slope wherever that does not rise.
      const double touched = t == 0 ? omega.penalty.steepest_slope() : omega.slope(t);
      CHECK(is_close(l1[i] + (t == 0 ? 0 : l2[i] * t), touched, 1e-12));
      for (const double x : grid) {
        if (x == t) continue;
        CAPTURE(x);
        const double bound = omega.value(t) + l1[i] * (x - t) + l2[i] * (x * x - t * t) / 2;
        const double size = omega.value(t) + l1[i] * (x + t) + l2[i] * (x * x + t * t) / 2;
        CHECK(omega.value(x) <= bound + 1e-12 * size);
      }
    }
  });
}

TEST_CASE("prox beats every point of a fine grid") {
  for_every_penalty([](const Curve& omega) {
    for (const double step : {0.2, 1.0, 5.0}) {
      CAPTURE(step);
      for (const double z : geometric_grid(1e-2, 30, 40)) {
        CAPTURE(z);
        const auto objective = [&](double x) { return (x - z) * (x - z) / 2 + step * omega.alpha * omega.value(x); };
        const double x = omega.prox(z, step);
        CHECK(x >= 0);
        CHECK(x <= z * (1 + 1e-15));  // changing units rounds
        double best = kInf;
        for (const double share : Vector::LinSpaced(1001, 0, 1)) best = std::min(best, objective(share * z));
        for (const double share : geometric_grid(1e-9, 1, 200)) best = std::min(best, objective(share * z));
        CHECK(objective(x) <= best * (1 + 1e-12));
      }
    }
  });
}

TEST_CASE("prox leaves 0 at zero_threshold") {
  for_every_penalty([](const Curve& omega) {
    for (const double step : {0.2, 1.0, 5.0}) {
      CAPTURE(step);
      const double threshold = omega.penalty.zero_threshold(omega.alpha, step);
      REQUIRE(threshold >= 0);
      REQUIRE(std::isfinite(threshold));
      CHECK(omega.prox(0, step) == 0);
      CHECK(omega.prox(threshold * (1 - 1e-6), step) == 0);
      CHECK(omega.prox(threshold == 0 ? 1e-6 : threshold * (1 + 1e-6), step) > 0);
    }
  });
}

TEST_CASE("without a scale alpha sets it; a given scale unties them") {
  for (const std::string& name : penalty_names()) {
    CAPTURE(name);
    const std::vector<std::string> parameters = penalty_parameters(name);
    const bool scaled = !parameters.empty() && parameters.back() == "scale";
    const std::unique_ptr<Penalty> tied = make_penalty(name, {});
    if (!scaled) {
      CHECK_THROWS_AS(make_penalty(name, {{"scale", 1.0}}), std::invalid_argument);
      continue;
    }
    const std::unique_ptr<Penalty> untied = make_penalty(name, {{"scale", 0.7}});
    for (const double t : geometric_grid(1e-3, 10, 30)) {
      CAPTURE(t);
      const double expected = Curve{*tied, 0.7}.value(t);
      CHECK(is_close(Curve{*untied, 0.7}.value(t), expected, 1e-14));
      CHECK(is_close(Curve{*untied, 3.0}.value(t), expected, 1e-14));
      CHECK(is_close(Curve{*tied, 2.1}.value(3 * t), 3 * expected, 1e-12));
    }
  }
}

TEST_CASE("threads may share a penalty") {
  for_every_penalty([](const Curve& omega) {
    const Vector grid = geometric_grid(1e-3, 10, 200);
    const auto evaluate = [&](Vector& eta, Vector& prox) {
      omega.penalty.eta(grid, omega.alpha, eta);
      omega.penalty.prox(grid, omega.alpha, 1.0, prox);
    };
    std::vector<Vector> etas(4, Vector(grid.size())), proxes(4, Vector(grid.size()));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < etas.size(); ++i) threads.emplace_back([&, i] { evaluate(etas[i], proxes[i]); });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 1; i < etas.size(); ++i) {
      CHECK(etas[i] == etas[0]);
      CHECK(proxes[i] == proxes[0]);
    }
  });
}

}  // namespace
}  // namespace pyreweight
