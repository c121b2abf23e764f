// What the regression guard counts instructions of: `driver CASE` makes the data of a case, solves it by a plain
// coordinate descent (measured_reference) and by the core (measured_solver), and checks that the answers belong to the
// same problem. Nothing here is random in the sense of the standard library, whose distributions differ between
// implementations.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "pyreweight/design_dense.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/registry.hpp"

namespace pyreweight {
namespace {

struct Case {
  const char* name;
  Index rows, cols;
  double rho;      // correlation of neighbouring columns
  double density;  // below 1: sparse X with that share of entries
  const char* penalty;
  double ratio;  // alpha_max / alpha of the reference, and of the solver unless it chooses alpha itself
  bool automatic = false;
};

constexpr Case kCases[] = {
    {"wide", 100, 3000, 0.5, 1, "l1", 10},       {"tall", 4000, 60, 0.5, 1, "l1", 100},
    {"correlated", 200, 400, 0.95, 1, "l1", 50}, {"mcp", 200, 800, 0.8, 1, "mcp", 10},
    {"sparse", 1000, 2000, 0, 0.01, "l1", 3},    {"automatic", 200, 400, 0.5, 1, "variational_dropout", 10, true},
};

/// Roughly normal numbers: sums of four uniform ones of a linear congruential generator.
class Numbers {
 public:
  double uniform() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  double normal() { return (uniform() + uniform() + uniform() + uniform() - 2) * std::sqrt(3.0); }

 private:
  std::uint64_t state_ = 1;
};

struct Data {
  Matrix X;                                // (n, p), zeros included
  std::vector<double> values;              // the entries by columns if X is sparse
  std::vector<std::int32_t> rows, starts;  // their rows; where each column starts
  Vector y;                                // (n,) without mean
};

Data make_data(const Case& which) {
  Numbers numbers;
  Data data;
  data.X = Matrix::NullaryExpr(which.rows, which.cols, [&] { return numbers.normal(); });
  for (Index j = 1; j < which.cols; ++j)
    data.X.col(j) = which.rho * data.X.col(j - 1) + std::sqrt(1 - which.rho * which.rho) * data.X.col(j);
  data.starts.push_back(0);
  for (Index j = 0; which.density < 1 && j < which.cols; ++j) {
    for (Index i = 0; i < which.rows; ++i) {
      if (numbers.uniform() > which.density) {
        data.X(i, j) = 0;
      } else {
        data.values.push_back(data.X(i, j));
        data.rows.push_back(static_cast<std::int32_t>(i));
      }
    }
    data.starts.push_back(static_cast<std::int32_t>(data.values.size()));
  }
  data.y = Vector::NullaryExpr(which.rows, [&] { return numbers.normal(); });
  for (Index k = 0; k < 15; ++k) data.y += (k % 2 == 0 ? 1.0 : -1.0) * data.X.col(k * which.cols / 15);
  data.y.array() -= data.y.mean();
  return data;
}

double alpha_max(const Data& data) {
  return (data.X.transpose() * data.y).cwiseAbs().maxCoeff() / static_cast<double>(data.X.rows());
}

/// The lasso without intercept by cyclic coordinate descent, until no step is above 1e-7 of the largest coefficient.
[[gnu::noinline]] Vector measured_reference(const Matrix& X, const Vector& y, double alpha) {
  const double n = static_cast<double>(X.rows());
  const Vector squares = X.colwise().squaredNorm() / n;
  Vector w = Vector::Zero(X.cols()), residual = y;
  for (int sweep = 0; sweep < 100000; ++sweep) {
    double step = 0;
    for (Index j = 0; j < X.cols(); ++j) {
      if (squares[j] == 0) continue;
      const double z = X.col(j).dot(residual) / n + squares[j] * w[j];
      const double next = std::copysign(std::max(std::abs(z) - alpha, 0.0), z) / squares[j];
      if (next == w[j]) continue;
      residual += (w[j] - next) * X.col(j);
      step = std::max(step, std::abs(next - w[j]));
      w[j] = next;
    }
    if (step <= 1e-7 * w.cwiseAbs().maxCoeff()) break;
  }
  return w;
}

/// From the user's arrays to the answer, as the bindings do it.
[[gnu::noinline]] FitResult measured_solver(const Case& which, const Data& data, double alpha) {
  Monitor monitor;
  const Vector ones = Vector::Ones(which.rows);
  const std::unique_ptr<Design> design =
      which.density < 1
          ? sparse_design(data.values.data(), data.rows.data(), data.starts.data(),
                          static_cast<Index>(data.values.size()), which.rows, which.cols, ones, false, false, monitor)
          : dense_design(data.X.data(), which.rows, which.cols, false, ones, false, false, monitor);
  FitRequest request;
  request.alpha = which.automatic ? std::numeric_limits<double>::quiet_NaN() : alpha;
  request.fit_intercept = false;
  request.weight_sum = static_cast<double>(which.rows);
  request.feature_weights = Vector::Ones(which.cols);
  return fit(*design, data.y, *make_penalty(which.penalty, {}), request, monitor);
}

int run(const Case& which) {
  const Data data = make_data(which);
  const double alpha = alpha_max(data) / which.ratio;
  const Vector reference = measured_reference(data.X, data.y, alpha);
  const FitResult result = measured_solver(which, data, alpha);
  const double difference = (reference - result.coef).cwiseAbs().maxCoeff() / reference.cwiseAbs().maxCoeff();
  const bool same = std::strcmp(which.penalty, "l1") != 0 || difference < 1e-3;
  std::printf("%s: %d nonzeros, relative difference %.1e\n", which.name,
              static_cast<int>((result.coef.array() != 0).count()), difference);
  return result.converged && same ? 0 : 1;
}

}  // namespace
}  // namespace pyreweight

int main(int argc, char** argv) {
  for (const auto& which : pyreweight::kCases)
    if (argc == 2 && which.name == std::string(argv[1])) return pyreweight::run(which);
  for (const auto& which : pyreweight::kCases) std::puts(which.name);
  return argc == 1 ? 0 : 2;
}
