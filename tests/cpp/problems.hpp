#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <thread>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "pyreweight/design_dense.hpp"

namespace pyreweight {

/// Seeded random numbers in the shapes the tests need.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  double normal() { return normal_(engine_); }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  /// An integer in [0, count).
  Index below(Index count) { return std::uniform_int_distribution<Index>(0, count - 1)(engine_); }
  Vector vector(Index size) {
    return Vector::NullaryExpr(size, [this] { return normal(); });
  }
  Vector uniform_vector(Index size, double low, double high) {
    return Vector::NullaryExpr(size, [&] { return uniform(low, high); });
  }
  Matrix matrix(Index rows, Index cols) {
    return Matrix::NullaryExpr(rows, cols, [this] { return normal(); });
  }
  /// Rows whose neighbouring entries have correlation rho.
  Matrix correlated(Index rows, Index cols, double rho) {
    Matrix X = matrix(rows, cols);
    for (Index j = 1; j < cols; ++j) X.col(j) = rho * X.col(j - 1) + std::sqrt(1 - rho * rho) * X.col(j);
    return X;
  }
  Columns permutation(Index size) {
    Columns columns(static_cast<size_t>(size));
    for (Index j = 0; j < size; ++j) columns[static_cast<size_t>(j)] = j;
    std::shuffle(columns.begin(), columns.end(), engine_);
    return columns;
  }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_;
};

/// Positive definite with a condition number of about ten.
inline Matrix definite(Index k, Random& random) {
  const Matrix M = random.matrix(2 * k, k);
  Matrix a = M.transpose() * M / static_cast<double>(2 * k);
  a.diagonal().array() += 0.1;
  return a;
}

/// X w + noise with `nonzeros` coefficients of size about 1 to 3, evenly spread over the columns.
inline Vector sparse_response(const Matrix& X, Index nonzeros, double noise, Random& random) {
  Vector y = noise * random.vector(X.rows());
  for (Index k = 0; k < nonzeros; ++k) {
    const double size = random.uniform(1, 3);
    y += (k % 2 == 0 ? size : -size) * X.col(k * X.cols() / nonzeros);
  }
  return y;
}

/// The design of a matrix that the caller keeps alive.
inline std::unique_ptr<Design> design_of(const Matrix& X, const Vector& weights, bool fit_intercept, bool standardize) {
  Monitor monitor;
  return dense_design(X.data(), X.rows(), X.cols(), false, weights, fit_intercept, standardize, monitor);
}

inline double largest_difference(const Matrix& a, const Matrix& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::infinity();
  if (!a.allFinite() || !b.allFinite()) return std::numeric_limits<double>::infinity();
  return a.size() == 0 ? 0.0 : (a - b).cwiseAbs().maxCoeff();
}

/// Bit by bit; a bool, so that a failing check does not print the matrices.
inline bool identical(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a.array() == b.array()).all();
}

/// What the monitors of the tests throw.
struct Interrupted {};

/// A monitor whose callback throws at the next poll.
inline Monitor interrupting_monitor() {
  Monitor monitor([] { throw Interrupted(); }, nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // polls are at most one per 50 ms
  return monitor;
}

/// Runs compute() on one thread and on two; without OpenMP twice on one.
template <class Compute>
auto with_one_and_two_threads(const Compute& compute) {
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  auto one = compute();
  omp_set_num_threads(2);
  auto two = compute();
  omp_set_num_threads(before);
#else
  auto one = compute(), two = compute();
#endif
  return std::make_pair(one, two);
}

}  // namespace pyreweight
