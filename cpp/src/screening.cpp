#include "pyreweight/screening.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr size_t kMostReferences = 6;
constexpr Index kBlock = 1024;  // entries that stay in the nearest memory while terms are added
// Keeps t small where references are nearly dependent; whatever t, the bound holds.
constexpr double kRidge = 1e-12;
// Beyond this share of the columns a whole pass, which leaves a reference, is the better use of the time.
constexpr double kWorthAPass = 0.4;

}  // namespace

bool Screening::pays(const Design& design) {
  constexpr double kRows = 200, kColumns = 24;
  const double rows = static_cast<double>(design.rows()), columns = static_cast<double>(design.cols());
  return design.stored(all_columns(design.cols())) > kRows * rows + kColumns * columns;
}

void Screening::refresh_all(Solution& solution) {
  refresh_residual(problem_, solution);
  correlate_all(solution);
}

void Screening::correlate_all(Solution& solution) {
  pyreweight::correlate_all(problem_, solution);
  if (references_.size() < kMostReferences) {
    references_.push_back({solution.residual, solution.gradient});
  } else {
    references_[oldest_] = {solution.residual, solution.gradient};
    oldest_ = (oldest_ + 1) % kMostReferences;
  }
}

void Screening::refresh(const Regularizer& regularizer, const Vector& thresholds, const std::vector<char>& wanted,
                        Solution& solution) {
  refresh_residual(problem_, solution);
  correlate(regularizer, thresholds, wanted, solution);
}

void Screening::correlate(const Regularizer& regularizer, const Vector& thresholds, const std::vector<char>& wanted,
                          Solution& solution) {
  const Index m = static_cast<Index>(references_.size());
  if (m == 0) return correlate_all(solution);
  const Vector& weights = problem_.design.row_weights();
  const Vector weighted = solution.residual.cwiseProduct(weights);
  Matrix products(m, m);
  Vector t(m);
  for (Index i = 0; i < m; ++i) {
    const Vector& residual = references_[static_cast<size_t>(i)].residual;
    t[i] = residual.dot(weighted);
    for (Index k = 0; k <= i; ++k) {
      products(i, k) = products(k, i) =
          (residual.array() * references_[static_cast<size_t>(k)].residual.array() * weights.array()).sum();
    }
  }
  products.diagonal().array() += kRidge * products.trace();
  t = products.ldlt().solve(t);
  if (!t.allFinite()) return correlate_all(solution);

  Vector rest = solution.residual, estimate = Vector::Zero(thresholds.size());
  for (Index i = 0; i < m; ++i) rest -= t[i] * references_[static_cast<size_t>(i)].residual;
  for (Index first = 0; first < estimate.size(); first += kBlock) {
    auto part = estimate.segment(first, std::min(kBlock, estimate.size() - first));
    for (Index i = 0; i < m; ++i) {
      part += t[i] * references_[static_cast<size_t>(i)].gradient.segment(first, part.size());
    }
  }
  const double distance = std::sqrt(rest.cwiseAbs2().dot(weights));
  const double noise = kCorrelationNoise * (1 + t.lpNorm<1>());
  const Vector bound =
      regularizer.pull(((estimate.array().abs() + root_moment_.array() * distance) * (1 + 1e-10) + noise).matrix());
  Columns open;
  for (Index j = 0; j < thresholds.size(); ++j) {
    if (wanted[static_cast<size_t>(j)] || !(bound[j] <= thresholds[j])) open.push_back(j);
  }
  if (static_cast<double>(open.size()) > kWorthAPass * static_cast<double>(thresholds.size())) {
    return correlate_all(solution);
  }
  solution.gradient.swap(estimate);
  Vector exact(static_cast<Index>(open.size()));
  problem_.design.correlate_some(open, weighted, exact, problem_.monitor);
  for (Index i = 0; i < exact.size(); ++i) solution.gradient[open[static_cast<size_t>(i)]] = exact[i];
}

}  // namespace pyreweight
