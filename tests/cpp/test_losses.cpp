// Losses against finite differences of their own values, their duals against the definition, and fits with them against
// the conditions of stationarity computed from the data.

#include <doctest/doctest.h>

#include <string>

#include "problems.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/loss.hpp"
#include "pyreweight/registry.hpp"
#include "pyreweight/softmax.hpp"

namespace pyreweight {
namespace {

struct Case {
  std::unique_ptr<Loss> loss;
  Vector y, z, pi;  // y and z class by class
};

Case random_case(const std::string& name, Index n, unsigned seed) {
  Random random(seed);
  Case out;
  out.pi = random.uniform_vector(n, 0.1, 1);
  out.pi /= out.pi.sum();
  if (name == "softmax") {
    out.loss = make_loss(name, {{"classes", 3}});
    out.y = class_targets(Vector::NullaryExpr(n, [](Index i) { return static_cast<double>(i % 3); }), out.pi, 3);
  } else {
    out.loss = make_loss(name, {});
    out.y = Vector::NullaryExpr(n, [](Index i) { return static_cast<double>(i % 2); });
  }
  out.z = 1.5 * random.vector(out.y.size());
  return out;
}

const std::string kLosses[] = {"logistic", "huber", "poisson", "softmax"};

TEST_CASE("residual and curvature are derivatives of the value") {
  for (const std::string& name : kLosses) {
    CAPTURE(name);
    const Case c = random_case(name, 12, 1);
    const Index n = c.pi.size();
    constexpr double h = 1e-4;
    Vector residual(c.z.size()), curvature(c.z.size()), up(c.z.size()), down(c.z.size());
    c.loss->residual(c.y, c.z, residual);
    c.loss->curvature(c.y, c.z, curvature);
    for (Index i = 0; i < c.z.size(); ++i) {
      Vector above = c.z, below = c.z;
      above[i] += h;
      below[i] -= h;
      const double slope = (c.loss->value(c.y, above, c.pi) - c.loss->value(c.y, below, c.pi)) / (2 * h * c.pi[i % n]);
      CHECK(-residual[i] == doctest::Approx(slope).epsilon(1e-6));
      c.loss->residual(c.y, above, up);
      c.loss->residual(c.y, below, down);
      const bool kink = name == "huber" && up[i] == c.y[i] - above[i] && down[i] != c.y[i] - below[i];
      if (!kink) CHECK(curvature[i] == doctest::Approx((down[i] - up[i]) / (2 * h)).epsilon(1e-5));
    }
  }
}

TEST_CASE("the logistic loss of all rows at once is that of each, down to predictors that leave next to nothing") {
  const Index n = 1300;
  const Logistic rule;
  Vector z(n), y(n);
  for (Index i = 0; i < n; ++i) {
    z[i] = (i % 2 == 0 ? 1 : -1) * std::pow(10.0, static_cast<double>(i / 2) / 100 - 4);  // up to 316
    y[i] = static_cast<double>(i % 3) / 2;
  }
  Vector residual(n), curvature(n);
  const auto loss = make_loss("logistic", {});
  loss->residual(y, z, residual);
  loss->curvature(y, z, curvature);
  for (Index i = 0; i < n; ++i) {
    Vector alone = Vector::Zero(n);
    alone[i] = 1;
    CHECK(loss->value(y, z, alone) == doctest::Approx(rule.value(y[i], z[i])).epsilon(1e-14).scale(0));
    // Of y = 1/2 the residual is a difference, known to the rounding of its terms.
    const double size = y[i] == 0.5 ? 1 : 0;
    CHECK(residual[i] == doctest::Approx(rule.residual(y[i], z[i])).epsilon(1e-14).scale(size));
    CHECK(curvature[i] == doctest::Approx(rule.curvature(y[i], z[i])).epsilon(1e-14).scale(0));
  }
}

TEST_CASE("the dual value is a lower bound that residuals attain") {
  for (const std::string& name : kLosses) {
    CAPTURE(name);
    Case c = random_case(name, 12, 2);
    const Index n = c.pi.size(), outputs = c.loss->outputs();
    const auto pairing = [&](const Vector& theta, const Vector& z) {
      const Vector weights = c.pi.replicate(outputs, 1);
      return theta.cwiseProduct(z).dot(weights);
    };
    Vector theta(c.z.size());
    c.loss->residual(c.y, c.z, theta);
    const double attained = c.loss->value(c.y, c.z, c.pi) + pairing(theta, c.z);
    CHECK(c.loss->dual(c.y, theta, c.pi) == doctest::Approx(attained).epsilon(1e-12));
    Random random(3);
    for (const double share : {0.0, 0.3, 0.9}) {
      const double bound = c.loss->dual(c.y, share * theta, c.pi);
      for (int i = 0; i < 20; ++i) {
        const Vector z = 3 * random.vector(n * outputs);
        CHECK(bound <= c.loss->value(c.y, z, c.pi) + pairing(share * theta, z) + 1e-12);
      }
    }
  }
}

TEST_CASE("values and residuals keep their digits far out") {
  const Vector one = Vector::Ones(1);
  const auto logistic = make_loss("logistic", {});
  const Softmax softmax(3);
  const Vector y = Vector::Unit(3, 1);
  for (const double z : {-800.0, -40.0, 40.0, 800.0}) {
    CAPTURE(z);
    const Vector predictor = (Vector(3) << -z / 2, z / 2, -1e4).finished();
    Vector residual(1), residuals(3);
    logistic->residual(one, Vector::Constant(1, z), residual);
    softmax.residual(y, predictor, residuals);
    CHECK(softmax.value(y, predictor, one) == doctest::Approx(logistic->value(one, z * one, one)).epsilon(1e-14));
    CHECK(residuals[1] == doctest::Approx(residual[0]).epsilon(1e-14));
    CHECK(residuals[0] == doctest::Approx(-residual[0]).epsilon(1e-14));
    CHECK(residuals[2] == 0);
  }
}

TEST_CASE("arguments of losses are checked") {
  const Vector one = Vector::Ones(1);
  CHECK_THROWS_AS(make_loss("hinge", {}), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("softmax", {}), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("softmax", {{"classes", 1}}), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("softmax", {{"classes", 2.5}}), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("logistic", {})->check(2 * one), std::invalid_argument);
  CHECK_THROWS_AS(class_targets(2 * one, one, 2), std::invalid_argument);
  CHECK_THROWS_AS(class_targets(0.5 * one, one, 2), std::invalid_argument);
  CHECK_THROWS_AS(class_targets(one, one, 2), std::invalid_argument);  // no row of class 0
  CHECK_THROWS_AS(Softmax(2).check(Vector::Ones(2)), std::invalid_argument);
}

struct Data {
  Matrix X;
  Vector y, weights;
};

Data labelled(Index n, Index p, Index classes, unsigned seed) {
  Random random(seed);
  Data data{random.correlated(n, p, 0.4), Vector(n), random.uniform_vector(n, 0.5, 2)};
  const Matrix W = random.matrix(std::min<Index>(p, 3), classes);
  Matrix z = data.X.leftCols(W.rows()) * W;
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < classes; ++k) z(i, k) -= std::log(-std::log(random.uniform(0, 1)));
    Index best = 0;
    z.row(i).maxCoeff(&best);
    data.y[i] = static_cast<double>(best);
  }
  return data;
}

FitResult fit_labels(const Data& data, const std::string& penalty, double alpha, const Loss& loss, bool paper_loop) {
  Monitor monitor;
  const auto design = design_of(data.X, data.weights, true, false);
  FitRequest request;
  request.alpha = alpha;
  request.paper_loop = paper_loop;
  request.weight_sum = data.weights.sum();
  request.feature_weights = Vector::Ones(data.X.cols());
  request.loss = &loss;
  request.options = {1000, paper_loop ? 1e-10 : 1e-6};
  return fit(*design, data.y, *make_penalty(penalty, {}), request, monitor);
}

TEST_CASE("two classes: the softmax fit is the logistic one") {
  const Data data = labelled(80, 6, 2, 4);
  const auto logistic = make_loss("logistic", {}), softmax = make_loss("softmax", {{"classes", 2}});
  // min |a| + |b| over b - a = w is |w|, and min (a^2 + b^2) / 2 is w^2 / 4.
  struct Relation {
    std::string penalty;
    double factor;
    bool paper_loop;
  };
  for (const Relation& relation : {Relation{"l1", 1, false}, {"l2", 2, false}, {"l2", 2, true}}) {
    CAPTURE(relation.penalty);
    CAPTURE(relation.paper_loop);
    const double alpha = 0.03;
    const FitResult one = fit_labels(data, relation.penalty, alpha, *logistic, relation.paper_loop);
    const FitResult two = fit_labels(data, relation.penalty, alpha * relation.factor, *softmax, relation.paper_loop);
    CHECK(one.converged);
    CHECK(two.converged);
    CHECK(largest_difference(two.coef.tail(6) - two.coef.head(6), one.coef) < 1e-9);
    CHECK(two.intercepts[1] - two.intercepts[0] == doctest::Approx(one.intercept).epsilon(1e-9));
    CHECK(two.objective == doctest::Approx(one.objective).epsilon(1e-12));
  }
}

TEST_CASE("softmax fits are stationary, whatever the penalty") {
  constexpr Index n = 90, p = 7, K = 3;
  const Data data = labelled(n, p, K, 5);
  const auto loss = make_loss("softmax", {{"classes", K}});
  const Vector pi = data.weights / data.weights.sum();
  const Vector y = class_targets(data.y, pi, K);
  for (const std::string penalty : {"l1", "l2", "elastic_net", "mcp", "log_sum", "variational_dropout"}) {
    CAPTURE(penalty);
    constexpr double alpha = 0.02;
    const FitResult result = fit_labels(data, penalty, alpha, *loss, false);
    CHECK(result.converged);
    Vector z(n * K), residual(n * K);
    for (Index k = 0; k < K; ++k) {
      z.segment(k * n, n) = (data.X * result.coef.segment(k * p, p)).array() + result.intercepts[k];
    }
    loss->residual(y, z, residual);
    const auto rule = make_penalty(penalty, {});
    Vector slope(K * p);
    rule->slope(result.coef.cwiseAbs(), alpha, slope);
    for (Index k = 0; k < K; ++k) {
      const Vector weighted = residual.segment(k * n, n).cwiseProduct(pi);
      CHECK(std::abs(weighted.sum()) < 1e-10);
      const Vector gradient = data.X.transpose() * weighted;
      for (Index j = 0; j < p; ++j) {
        const double v = result.coef[k * p + j];
        if (v == 0) CHECK(std::abs(gradient[j]) <= alpha * rule->slope_at_zero() * (1 + 1e-9));
        if (v != 0) CHECK(gradient[j] == doctest::Approx(std::copysign(alpha * slope[k * p + j], v)).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("softmax fits can be interrupted") {
  const Data data = labelled(60, 5, 3, 6);
  Monitor monitor = interrupting_monitor();
  const auto design = design_of(data.X, data.weights, true, true);
  FitRequest request;
  request.alpha = 0.01;
  request.weight_sum = data.weights.sum();
  request.feature_weights = Vector::Ones(5);
  const auto loss = make_loss("softmax", {{"classes", 3}});
  request.loss = loss.get();
  CHECK_THROWS_AS(fit(*design, data.y, *make_penalty("l1", {}), request, monitor), Interrupted);
}

}  // namespace
}  // namespace pyreweight
