#pragma once

// The products of a Design against plain Eigen on an explicitly centred, scaled and weighted copy of the matrix.

#include <doctest/doctest.h>

#include <vector>

#include "problems.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {

using Extended = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using ExtendedVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

/// The columns as the definition has them, in extended precision.
struct Expected {
  ExtendedVector weights, mean, deviation;
  Extended Z;

  /// Z is built with the centre and scale that the design stores, which are doubles.
  Expected(const Matrix& X, const Vector& sample_weight, bool fit_intercept, const Design& design) {
    weights = sample_weight.cast<long double>();
    weights /= weights.maxCoeff();
    weights /= weights.sum();
    const Extended wide = X.cast<long double>();
    mean = ExtendedVector::Zero(X.cols());
    if (fit_intercept) mean = wide.transpose() * weights;
    deviation.resize(X.cols());
    Z = Extended::Zero(X.rows(), X.cols());
    for (Index j = 0; j < X.cols(); ++j) {
      deviation[j] = std::sqrt((wide.col(j).array() - mean[j]).square().matrix().dot(weights));
      if (deviation[j] <= 1e-17L * std::abs(mean[j])) deviation[j] = 0;  // rounding of the mean in extended precision
      if (design.scale()[j] > 0) Z.col(j) = (wide.col(j).array() - design.centre()[j]) / design.scale()[j];
    }
  }
};

/// The largest error in units of what rounding may do: `size` is the sum of the magnitudes of the terms.
inline double relative_error(const Matrix& got, const Extended& expected, const Extended& size) {
  if (!got.allFinite() || got.rows() != expected.rows() || got.cols() != expected.cols()) return HUGE_VAL;
  double worst = 0;
  for (Index j = 0; j < got.cols(); ++j) {
    for (Index i = 0; i < got.rows(); ++i) {
      const long double error = std::abs(got(i, j) - expected(i, j));
      if (error > 0) worst = std::max(worst, static_cast<double>(error / size(i, j)));
    }
  }
  return worst;
}

struct Setting {
  bool fit_intercept, standardize;
};
inline const std::vector<Setting> kSettings = {{true, true}, {true, false}, {false, true}, {false, false}};

/// Compares every quantity and product; `subset` are column numbers in any order.
inline void check_design(const Design& design, const Expected& expected, const Columns& subset, Random& random) {
  constexpr double kTolerance = 1e-12;
  Monitor monitor;
  const Index n = design.rows(), p = design.cols(), k = static_cast<Index>(subset.size());
  CHECK(relative_error(design.row_weights(), expected.weights, expected.weights) <= 1e-14);
  CHECK(relative_error(design.centre(), expected.mean, expected.mean.cwiseAbs() + expected.deviation) <= 1e-15);
  CHECK(relative_error(design.deviation(), expected.deviation, expected.deviation) <= kTolerance);

  const ExtendedVector moment = expected.Z.cwiseAbs2().transpose() * expected.weights;
  // A mean of 1e8 is rounded to 1e-8, which is 1e-5 of a deviation of 1e-3 and 1e-10 of the moment.
  CHECK(relative_error(design.second_moment(), moment, ExtendedVector::Ones(p)) <= 1e-9);

  // What the centre costs where it is subtracted afterwards: up to 1e3 deviations.
  Extended size = expected.Z.cwiseAbs();
  for (Index j = 0; j < p; ++j) {
    const long double ratio = std::abs(design.centre()[j]) / std::max(design.deviation()[j], 1e-300);
    if (design.scale()[j] > 0 && ratio <= 1e3L) size.col(j).array() += ratio * 2;
  }
  const Vector u = random.vector(n);
  const ExtendedVector wide_u = u.cast<long double>();
  Vector correlations = Vector::Constant(p, std::nan(""));
  design.correlate(u, correlations, monitor);
  CHECK(relative_error(correlations, expected.Z.transpose() * wide_u, size.transpose() * wide_u.cwiseAbs()) <=
        kTolerance);

  Vector some = Vector::Constant(k, std::nan(""));
  design.correlate_some(subset, u, some, monitor);
  CHECK(relative_error(some, gather(correlations, subset).cast<long double>(),
                       gather((size.transpose() * wide_u.cwiseAbs()).cast<double>(), subset).cast<long double>()) <=
        kTolerance);

  Extended part(n, k), rooted(n, k);
  for (Index c = 0; c < k; ++c) {
    part.col(c) = expected.Z.col(subset[static_cast<size_t>(c)]);
    rooted.col(c) = part.col(c).cwiseProduct(expected.weights.cwiseSqrt());
  }
  const Vector coef = random.vector(k), start = random.vector(n);
  const ExtendedVector wide_coef = coef.cast<long double>();
  Vector sum = start;
  design.combine(subset, coef, sum, monitor);
  const ExtendedVector terms = start.cwiseAbs().cast<long double>() + part.cwiseAbs() * wide_coef.cwiseAbs();
  CHECK(relative_error(sum, start.cast<long double>() + part * wide_coef, terms) <= kTolerance);

  if (k <= 1000) {
    const Columns half(subset.begin(), subset.begin() + k / 2);
    const Extended gram = rooted.transpose() * rooted;
    const Extended gram_size = rooted.cwiseAbs().transpose() * rooted.cwiseAbs();
    const Matrix symmetric = design.gram(subset, subset, monitor);
    CHECK(relative_error(symmetric, gram, gram_size) <= kTolerance);
    CHECK(identical(symmetric, symmetric.transpose()));
    CHECK(relative_error(design.gram(half, subset, monitor), gram.topRows(k / 2), gram_size.topRows(k / 2)) <=
          kTolerance);
    const Vector others = random.uniform_vector(n, 0, 1);
    const Extended weighted = part.transpose() * others.cast<long double>().asDiagonal() * part;
    const Extended weighted_size =
        part.cwiseAbs().transpose() * others.cast<long double>().asDiagonal() * part.cwiseAbs();
    CHECK(relative_error(design.weighted_gram(subset, subset, others, monitor), weighted, weighted_size) <= kTolerance);
  }

  if (n > 2000) return;  // an n x n matrix
  const Vector tau = random.uniform_vector(k, 0, 2);
  const ExtendedVector wide_tau = tau.cast<long double>();
  const Matrix dual = design.dual_gram(subset, tau, monitor);
  const Extended dual_size = rooted.cwiseAbs() * wide_tau.asDiagonal() * rooted.cwiseAbs().transpose();
  CHECK(relative_error(dual, rooted * wide_tau.asDiagonal() * rooted.transpose(), dual_size) <= kTolerance);
  CHECK(identical(dual, dual.transpose()));
}

}  // namespace pyreweight
