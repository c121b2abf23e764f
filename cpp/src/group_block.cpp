#include "pyreweight/group_block.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

namespace pyreweight {
namespace {

constexpr Index kLargest = 250;    // side whose eigenvectors are computed, which takes 10 k^3 operations at a stretch
constexpr int kMostSecular = 100;  // Newton's steps for the norm of a group
constexpr double kNull = 4 * std::numeric_limits<double>::epsilon();  // eigenvalues of a block that count as 0
// The power method: iterations, the relative change that ends it, and what its result, a little low, is raised by.
constexpr int kMostPowers = 100;
constexpr double kSettled = 1e-3, kMargin = 1.1;

/// A bound on the largest eigenvalue of a positive semidefinite matrix.
double largest_eigenvalue(const Matrix& a, Monitor& monitor) {
  const double never_exceeded = a.cwiseAbs().rowwise().sum().maxCoeff();
  Vector x(a.cols());  // any vector that is not orthogonal to the one looked for
  for (Index i = 0; i < x.size(); ++i) x[i] = std::fmod(0.618034 * static_cast<double>(i + 1), 1.0) - 0.45;
  double largest = 0;
  for (int i = 0; i < kMostPowers; ++i) {
    monitor.poll();
    x = (a * x.normalized()).eval();
    const double before = largest;
    largest = x.norm();
    if (!(largest > 0) || largest - before <= kSettled * largest) break;
  }
  return std::min(never_exceeded, kMargin * largest);
}

}  // namespace

GroupBlock make_block(const Design& design, const Columns& columns, Index begin, const Matrix& own, const Vector& unit,
                      Monitor& monitor) {
  GroupBlock block{begin, own.cols(), {}, {}, {}};
  if (block.size == 1) {
    block.values = own.col(0);
    return block;
  }
  const Vector inverse = unit.cwiseInverse();
  const bool by_rows = design.rows() < block.size;
  if (std::min(design.rows(), block.size) > kLargest) {
    const double bound = largest_eigenvalue(inverse.asDiagonal() * own * inverse.asDiagonal(), monitor);
    block.values = Vector::Constant(block.size, bound);
    return block;
  }
  if (by_rows) block.kernel = design.dual_gram(columns, inverse.cwiseAbs2(), monitor);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(
      by_rows ? block.kernel : Matrix(inverse.asDiagonal() * own * inverse.asDiagonal()));
  block.values = solver.eigenvalues();
  const double noise = kNull * static_cast<double>(block.size) * block.values.maxCoeff();
  if (!by_rows) {
    block.vectors = solver.eigenvectors();
    for (double& value : block.values) value = value > noise ? value : 0.0;
    return block;
  }
  // Z = U diag(sqrt values) vectors' in these units; what is not in the span of the rows is a null direction.
  const Index null = std::min((block.values.array() <= noise).count(), block.values.size() - 1);
  const Vector root = design.row_weights().cwiseSqrt();
  block.values = block.values.tail(block.values.size() - null).cwiseMax(0.0).eval();
  block.vectors.resize(block.size, block.values.size());
  Vector axis(block.size);
  for (Index i = 0; i < block.values.size(); ++i) {
    design.correlate_some(columns, root.cwiseProduct(solver.eigenvectors().col(null + i)), axis, monitor);
    block.vectors.col(i) = axis.cwiseProduct(inverse) / std::sqrt(std::max(block.values[i], noise));
  }
  return block;
}

/// With t = ||y|| it is y = (diag(d) + l1 / t)^-1 b, and 1 / ||(t diag(d) + l1)^-1 b||, which should be 1, is concave
/// in t: Newton's steps from the left never pass the root.
bool shrink(const Vector& d, const Vector& b, double l1, Vector& y) {
  y = Vector::Zero(b.size());
  const double size = b.stableNorm();
  if (!(size > l1)) return true;
  double t = std::max(0.0, (size - l1) / std::max(d.maxCoeff(), std::numeric_limits<double>::min()));
  if (d.minCoeff() < 0 || !std::isfinite(t)) t = 0;
  // Entries without b are 0 whatever d, which may be 0 there with an l1 of 0.
  const auto divided_by_slack = [&](const Vector& x) -> Vector {
    return (b.array() != 0).select(x.array() / (t * d.array() + l1), 0.0);
  };
  for (int i = 0; i < kMostSecular; ++i) {
    if (((t * d.array() + l1) <= 0 && b.array() != 0).any()) return false;
    const Vector scaled = divided_by_slack(b);
    const double chord = 1 / scaled.stableNorm();
    const double rise = chord * chord * chord * scaled.dot(divided_by_slack(scaled.cwiseProduct(d)));
    const double step = (1 - chord) / rise;
    if (!(rise > 0) || !std::isfinite(step)) return false;
    t += std::max(0.0, step);
    if (step <= 2 * std::numeric_limits<double>::epsilon() * t) break;
  }
  y = t * divided_by_slack(b);
  return y.allFinite();
}

}  // namespace pyreweight
