// Whole fits of every registered penalty, judged from outside: the stationarity conditions of the objective as the user
// states it, computed here from X, y and the penalty alone.

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <algorithm>
#include <string>
#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/registry.hpp"
#include "pyreweight/ridge.hpp"

namespace pyreweight {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Data {
  Matrix X;
  Vector y, weights, feature_weights;
  bool fit_intercept = true, standardize = true;

  std::unique_ptr<Design> design() const { return design_of(X, weights, fit_intercept, standardize); }
};

Data random_data(Index n, Index p, unsigned seed) {
  Random random(seed);
  Data data;
  data.X = random.correlated(n, p, 0.5);
  data.y = sparse_response(data.X, std::min<Index>(p, 5), 1, random).array() + 2;
  data.weights = Vector::Ones(n);
  data.feature_weights = Vector::Ones(p);
  return data;
}

FitResult run(const Data& data, const Penalty& penalty, double alpha, bool paper_loop, int max_iter, Monitor& monitor,
              const Vector& start = Vector()) {
  FitRequest request;
  request.alpha = alpha;
  request.paper_loop = paper_loop;
  request.fit_intercept = data.fit_intercept;
  request.weight_sum = data.weights.sum();
  request.feature_weights = data.feature_weights;
  request.start = start;
  request.options.max_iter = max_iter;
  return fit(*data.design(), data.y, penalty, request, monitor);
}

FitResult run(const Data& data, const Penalty& penalty, double alpha, bool paper_loop = false, int max_iter = 100) {
  Monitor monitor;
  return run(data, penalty, alpha, paper_loop, max_iter, monitor);
}

double at(double t, double alpha, const Penalty& penalty,
          void (Penalty::*rule)(const ConstVec&, double, MutVec) const) {
  Vector out(1);
  (penalty.*rule)(Vector::Constant(1, t), alpha, out);
  return out[0];
}

/// Objective and KKT residual (in units of d_j c_j) of an answer, from the definition.
struct Judged {
  double objective = 0, kkt_residual = 0;
};

Judged judge(const Data& data, const Penalty& penalty, const FitResult& result) {
  const Vector pi = data.weights / data.weights.sum();
  const Vector residual = data.y - data.X * result.coef - Vector::Constant(data.y.size(), result.intercept);
  Judged judged;
  judged.objective = 0.5 * residual.cwiseAbs2().dot(pi);
  const double alpha = result.alpha;
  for (Index j = 0; j < data.X.cols(); ++j) {
    const double c = data.feature_weights[j], w = std::abs(result.coef[j]);
    const double mean = data.fit_intercept ? data.X.col(j).dot(pi) : 0.0;
    const Vector centred = data.X.col(j).array() - mean;
    const double deviation = std::sqrt(centred.cwiseAbs2().dot(pi)), d = data.standardize ? deviation : 1.0;
    if (std::isinf(c) || deviation <= 1e-14 * data.X.col(j).cwiseAbs().maxCoeff()) {
      judged.kkt_residual = std::max(judged.kkt_residual, w == 0 ? 0.0 : kInf);
      continue;
    }
    const double gradient = centred.dot(pi.cwiseProduct(residual)), unit = d * (c > 0 ? c : 1);
    const double slope = c > 0 ? c * d * alpha * at(d * w, alpha, penalty, &Penalty::slope) : 0.0;
    const double miss =
        w > 0 ? std::abs(gradient - std::copysign(slope, result.coef[j])) : std::max(0.0, std::abs(gradient) - slope);
    judged.kkt_residual = std::max(judged.kkt_residual, miss / unit);
    if (c > 0) judged.objective += alpha * c * at(d * w, alpha, penalty, &Penalty::value);
  }
  return judged;
}

/// Finite everywhere, consistent masks, and the numbers reported are those of the definition.
void check_answer(const Data& data, const Penalty& penalty, const FitResult& result) {
  CHECK(result.coef.allFinite());
  CHECK(std::isfinite(result.intercept));
  CHECK(std::isfinite(result.alpha));
  CHECK(std::isfinite(result.objective));
  CHECK(std::isfinite(result.kkt_residual));
  CHECK(std::isfinite(result.noise_scale));
  CHECK(result.n_iter >= 1);
  CHECK((result.eta.array() >= 0).all());
  CHECK((result.keep_prob.array() >= 0).all());
  CHECK((result.keep_prob.array() <= 1).all());
  const bool gap_exists = penalty.linear_quadratic() && penalty.slope_at_zero() > 0;
  CHECK(std::isfinite(result.dual_gap) == gap_exists);
  const Judged judged = judge(data, penalty, result);
  CHECK(result.objective == doctest::Approx(judged.objective).epsilon(1e-10));
  // The slope of lp at a coefficient of 1e-20 is 1e10, and both residuals are known relative to that.
  const double size = 1 + data.y.cwiseAbs().maxCoeff() + 1e-3 * judged.kkt_residual;
  CHECK(std::abs(result.kkt_residual - judged.kkt_residual) <= 1e-9 * size);
}

/// What solver="auto" promises on top.
void check_certificate(const Data& data, const Penalty& penalty, const FitResult& result) {
  check_answer(data, penalty, result);
  CHECK(result.converged);
  if (std::isfinite(result.dual_gap)) {
    CHECK(result.dual_gap <= 1e-6 * result.objective + 1e-13 * data.y.squaredNorm());
  } else {
    CHECK(result.kkt_residual <= 1e-6 * result.alpha + 1e-12 * data.y.cwiseAbs().maxCoeff());
  }
}

/// max_j |x_j' pi (y - mean)| / d_j, the natural unit of alpha.
double alpha_unit(const Data& data) {
  const auto design = data.design();
  const Vector pi = design->row_weights();
  const Vector centred = data.y.array() - (data.fit_intercept ? data.y.dot(pi) : 0.0);
  Vector out(design->cols());
  Monitor monitor;
  design->correlate(centred.cwiseProduct(pi), out, monitor);
  return (out.array() * design->penalty_unit().array().max(1e-300).inverse()).abs().maxCoeff();
}

struct Case {
  std::string name;
  Params params;
};

/// Every registered penalty with its defaults, and some of the corners of their parameters.
std::vector<Case> every_penalty() {
  std::vector<Case> cases;
  for (const std::string& name : penalty_names()) cases.push_back({name, {}});
  for (const Case& corner : std::vector<Case>{{"lp", {{"p", 1.0}}},
                                              {"lp", {{"p", 1.5}}},
                                              {"elastic_net", {{"l1_ratio", 0.0}}},
                                              {"elastic_net", {{"l1_ratio", 1.0}}},
                                              {"mcp", {{"gamma", 1.1}}},
                                              {"scad", {{"a", 2.1}}},
                                              {"log_sum", {{"scale", 0.01}}},
                                              {"bernoulli_dropout", {{"rate", 0.0}}}}) {
    cases.push_back(corner);
  }
  return cases;
}

template <class Check>
void for_every_penalty(const Check& check) {
  for (const Case& choice : every_penalty()) {
    CAPTURE(choice.name);
    const std::string parameter = choice.params.empty() ? "default" : choice.params.begin()->first;
    const double number = choice.params.empty() ? 0 : choice.params.begin()->second;
    CAPTURE(parameter);
    CAPTURE(number);
    check(*make_penalty(choice.name, choice.params));
  }
}

TEST_CASE("every penalty, tall and wide: the certificate of auto holds, judged from outside") {
  for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{100, 20}, {30, 80}}) {
    CAPTURE(n);
    CAPTURE(p);
    for (const bool plain : {true, false}) {
      CAPTURE(plain);
      Data data = random_data(n, p, 61);
      if (!plain) {
        Random random(62);
        data.fit_intercept = data.standardize = false;
        data.weights = random.uniform_vector(n, 0, 2);
        data.feature_weights = random.uniform_vector(p, 0.5, 2);
      }
      for_every_penalty([&](const Penalty& penalty) {
        for (const double level : {0.5, 0.05}) {
          CAPTURE(level);
          const double alpha = level * alpha_unit(data);
          const FitResult result = run(data, penalty, alpha);
          check_certificate(data, penalty, result);
          const FitResult paper = run(data, penalty, alpha, true);
          check_answer(data, penalty, paper);
          if (penalty.convex()) CHECK(result.objective <= paper.objective * (1 + 1e-10));
        }
      });
    }
  }
}

TEST_CASE("the objective of irls never rises") {
  for (const auto& [n, p] : std::vector<std::pair<Index, Index>>{{60, 15}, {20, 50}}) {
    CAPTURE(n);
    const Data data = random_data(n, p, 63);
    for_every_penalty([&](const Penalty& penalty) {
      const double alpha = 0.2 * alpha_unit(data);
      double before = kInf;
      for (const int max_iter : {1, 2, 3, 4, 5, 7, 10, 15, 20, 30}) {
        CAPTURE(max_iter);
        const FitResult result = run(data, penalty, alpha, true, max_iter);
        CHECK(result.n_iter <= max_iter);
        CHECK(result.objective <= before * (1 + 1e-12));
        before = result.objective;
      }
    });
  }
}

TEST_CASE("starting from the answer stays there") {
  const Data data = random_data(40, 60, 64);
  for_every_penalty([&](const Penalty& penalty) {
    const FitResult cold = run(data, penalty, 0.1 * alpha_unit(data));
    Monitor monitor;
    const FitResult warm = run(data, penalty, cold.alpha, false, 100, monitor, cold.coef);
    check_certificate(data, penalty, warm);
    CHECK(warm.objective <= cold.objective * (1 + 1e-9) + 1e-20 * data.y.squaredNorm());
    if (penalty.convex()) CHECK(largest_difference(warm.coef, cold.coef) <= 1e-6 * (1 + cold.coef.norm()));
  });
}

TEST_CASE("an exception of the monitor leaves every solver, and the next fit has the same bits") {
  const Data data = random_data(30, 50, 84);
  for_every_penalty([&](const Penalty& penalty) {
    for (const bool paper_loop : {false, true}) {
      CAPTURE(paper_loop);
      const FitResult before = run(data, penalty, 0.1, paper_loop);
      Monitor interrupting = interrupting_monitor();
      CHECK_THROWS_AS(run(data, penalty, 0.1, paper_loop, 100, interrupting), Interrupted);
      for (int stop = 1; stop <= std::min(before.n_iter - 1, 4); ++stop) {
        CAPTURE(stop);
        int line = 0;
        Monitor talkative(nullptr, [&](const std::string&) {
          if (++line == stop) throw Interrupted();
        });
        CHECK_THROWS_AS(run(data, penalty, 0.1, paper_loop, 100, talkative), Interrupted);
      }
      CHECK(identical(run(data, penalty, 0.1, paper_loop).coef, before.coef));
    }
  });
}

/// argmin of the weighted ridge problem by a QR decomposition, rho in (0, inf) or 0 with independent columns.
Vector ridge_by_least_squares(const Design& design, const Vector& rho, const Vector& y) {
  const Index n = design.rows(), k = rho.size();
  Matrix system = Matrix::Zero(n + k, k);
  Monitor monitor;
  for (Index j = 0; j < k; ++j) {
    Vector column = Vector::Zero(n);
    design.combine({j}, Vector::Ones(1), column, monitor);
    system.col(j).head(n) = column.cwiseProduct(design.row_weights().cwiseSqrt());
    system(n + j, j) = std::sqrt(rho[j]);
  }
  Vector right = Vector::Zero(n + k);
  right.head(n) = y.cwiseProduct(design.row_weights().cwiseSqrt());
  return system.colPivHouseholderQr().solve(right);
}

TEST_CASE("ridge: primal, dual and a least squares decomposition agree") {
  Random random(65);
  Monitor monitor;
  const Index n = 40, k = 44;  // the dual way, unless the Gram matrix is there already
  const Matrix X = random.matrix(n, k);
  const Vector y = random.vector(n), weights = random.uniform_vector(n, 0.5, 2);
  const auto design = design_of(X, weights, true, true);
  const Columns columns = all_columns(k);
  for (const double decades : {0.0, 1.0, 3.0, 6.0}) {
    CAPTURE(decades);
    for (const Index free : {0, 5}) {
      CAPTURE(free);
      Vector rho = Vector::NullaryExpr(k, [&] { return std::pow(10.0, random.uniform(-decades, decades)); });
      rho.head(free).setZero();
      RidgeSolver fresh(*design, monitor), informed(*design, monitor);
      Vector ignored;
      REQUIRE(informed.shifted_solve(columns, Vector::Ones(k), Vector::Ones(k), ignored));
      const Vector dual = fresh.solve(columns, rho, y), primal = informed.solve(columns, rho, y);
      const Vector expected = ridge_by_least_squares(*design, rho, y);
      CHECK(largest_difference(dual, expected) <= 1e-9 * (1 + expected.norm()));
      CHECK(largest_difference(primal, expected) <= 1e-9 * (1 + expected.norm()));
    }
  }
}

}  // namespace
}  // namespace pyreweight
