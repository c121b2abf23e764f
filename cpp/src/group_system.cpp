#include "pyreweight/group_system.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <utility>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/groups.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr double kFlat = 1e-10;      // of the largest curvature, one that counts as none
constexpr double kLeastBend = 1e-9;  // of the largest curvature, a tangential one that may be divided by
constexpr Index kRowBlock = 128;     // rows of a product that one task does
constexpr Index kEigenvectors = 250;
constexpr int kPowers = 500;

/// The eigenvector of the largest eigenvalue of a positive semidefinite matrix, or something next to it.
Vector steepest(const Matrix& a) {
  if (a.cols() <= kEigenvectors) return Eigen::SelfAdjointEigenSolver<Matrix>(a).eigenvectors().rightCols(1);
  Vector x = Vector::LinSpaced(a.cols(), 1, 2);
  for (int i = 0; i < kPowers; ++i) x = (a * x).eval().normalized();
  return x;
}

/// F diag(d) F'.
Matrix row_products(const Matrix& F, const Vector& d, Monitor& monitor) {
  const Index n = F.rows(), tasks = (n + kRowBlock - 1) / kRowBlock;
  Matrix out = Matrix::Zero(n, n);
  parallel_for(tasks, static_cast<double>(n * F.cols()) * kRowBlock, monitor, [&](Index task) {
    const Index first = task * kRowBlock, width = std::min(kRowBlock, n - first);
    const Matrix scaled = d.asDiagonal() * F.middleRows(first, width).transpose();
    out.block(0, first, first + width, width).noalias() = F.topRows(first + width) * scaled;
  });
  out.triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

}  // namespace

GroupSystem::GroupSystem(const Design& design, const Columns& working, const Matrix& gram, const Vector& unit,
                         Matrix& rows, std::vector<GroupBend> bends, Monitor& monitor)
    : design_(design), gram_(gram), monitor_(monitor), bends_(std::move(bends)), size_(0) {
  for (const GroupBend& bend : bends_) {
    for (Index i = 0; i < bend.block->size; ++i) coordinates_.push_back(bend.block->begin + i);
    size_ += bend.block->values.maxCoeff() + std::max(0.0, bend.tangential);
  }
  unit_ = gather(unit, coordinates_);
  by_rows_ = choose_rows();
  if (by_rows_) know_rows(working, rows);
}

bool GroupSystem::choose_rows() const {
  const double n = static_cast<double>(design_.rows()), k = static_cast<double>(coordinates_.size());
  for (const GroupBend& bend : bends_) {
    if (!(bend.tangential > kLeastBend * size_)) return false;
  }
  return n * n * (k + n / 3) + 4 * n * k * static_cast<double>(bends_.size() + 1) < k * k * k / 3;
}

void GroupSystem::know_rows(const Columns& working, Matrix& rows) {
  const Index known = rows.cols(), count = static_cast<Index>(working.size());
  const Vector root = design_.row_weights().cwiseSqrt(), one = Vector::Ones(1);
  rows.conservativeResize(design_.rows(), count);
  for (Index i = known; i < count; ++i) {
    Vector column = Vector::Zero(root.size());
    design_.combine({working[static_cast<size_t>(i)]}, one, column, monitor_);
    rows.col(i) = column.cwiseProduct(root);
  }
  rows_.resize(rows.rows(), unit_.size());
  for (Index i = 0; i < unit_.size(); ++i) rows_.col(i) = rows.col(coordinates_[static_cast<size_t>(i)]);
}

Matrix GroupSystem::dense(double ridge, bool tangential_only) const {
  Matrix out = submatrix(gram_, coordinates_);
  Vector along(unit_.size());
  Index first = 0;
  for (const GroupBend& bend : bends_) {
    Columns places;
    for (Index k = 0; k < bend.block->size; ++k) places.push_back(first + k);
    along.segment(first, bend.block->size) = bend.direction.cwiseQuotient(unit_.segment(first, bend.block->size));
    const double radial = tangential_only ? bend.tangential : bend.radial;
    add_norm_hessian(places, unit_, along, bend.tangential, radial, out);
    first += bend.block->size;
  }
  if (ridge > 0) out.diagonal().array() += ridge * out.diagonal().maxCoeff();
  return out;
}

Matrix GroupSystem::outward() const {
  Matrix out = Matrix::Zero(unit_.size(), static_cast<Index>(bends_.size()));
  Index first = 0, g = 0;
  for (const GroupBend& bend : bends_) {
    const Index size = bend.block->size;
    out.col(g++).segment(first, size) = std::sqrt(std::max(0.0, bend.tangential - bend.radial)) *
                                        bend.direction.cwiseProduct(unit_.segment(first, size));
    first += size;
  }
  return out;
}

bool GroupSystem::factorise_rows(double ridge, Matrix& factor, Vector& inverse_diagonal) const {
  const Index n = design_.rows();
  inverse_diagonal.resize(unit_.size());
  factor = Matrix::Identity(n, n);
  Columns rest;
  Index first = 0;
  for (const GroupBend& bend : bends_) {
    GroupBlock& block = *bend.block;
    const double tangential = bend.tangential + ridge * size_;
    const Vector weights = unit_.segment(first, block.size).cwiseAbs2().cwiseInverse();
    inverse_diagonal.segment(first, block.size) = weights / tangential;
    if (block.size >= n) {
      if (block.kernel.size() == 0) {
        block.kernel = row_products(rows_.middleCols(first, block.size), weights, monitor_);
      }
      factor += block.kernel / tangential;
    } else {
      for (Index i = first; i < first + block.size; ++i) rest.push_back(i);
    }
    first += block.size;
  }
  if (!rest.empty()) {
    Matrix some(n, static_cast<Index>(rest.size()));
    for (Index i = 0; i < some.cols(); ++i) some.col(i) = rows_.col(rest[static_cast<size_t>(i)]);
    factor += row_products(some, gather(inverse_diagonal, rest), monitor_);
  }
  return cholesky(factor, monitor_);
}

Matrix GroupSystem::apply_inverse(const Matrix& factor, const Vector& inverse_diagonal, const Matrix& b) const {
  const auto upper = factor.triangularView<Eigen::Upper>();
  if (!by_rows_) return upper.solve(upper.transpose().solve(b));
  const Matrix scaled = inverse_diagonal.asDiagonal() * b;
  Matrix image = rows_ * scaled;
  upper.transpose().solveInPlace(image);
  upper.solveInPlace(image);
  return scaled - inverse_diagonal.asDiagonal() * (rows_.transpose() * image);
}

bool GroupSystem::solve(double ridge, const Vector& b, Vector& x) const {
  if (!by_rows_) {
    Matrix form = dense(ridge, false);
    return solve_positive_definite(form, b, x, monitor_);
  }
  Matrix factor;
  Vector inverse_diagonal, share;
  if (!factorise_rows(ridge, factor, inverse_diagonal)) return false;
  const Matrix W = outward(), image = apply_inverse(factor, inverse_diagonal, W);
  Matrix left = Matrix::Identity(W.cols(), W.cols()) - W.transpose() * image;
  x = apply_inverse(factor, inverse_diagonal, b);
  if (!solve_positive_definite(left, W.transpose() * x, share, monitor_)) return false;
  x += image * share;
  return x.allFinite();
}

/// tr F (G + H)^-1 F': with K = F T^-1 F' that of F B^-1 F' is n - tr (1 + K)^-1, and W adds what it does to B^-1.
double GroupSystem::trace() const {
  Matrix factor;
  Vector inverse_diagonal;
  if (!factorise_rows(0, factor, inverse_diagonal)) return std::nan("");
  const Matrix W = outward(), image = apply_inverse(factor, inverse_diagonal, W), fits = rows_ * image;
  Matrix left = Matrix::Identity(W.cols(), W.cols()) - W.transpose() * image;
  if (!cholesky(left, monitor_)) return std::nan("");
  const auto corner = std::as_const(left).triangularView<Eigen::Upper>();
  const auto upper = std::as_const(factor).triangularView<Eigen::Upper>();
  const Index n = factor.cols();
  double sum = static_cast<double>(n);
  for (Index first = 0; first < n; first += kRowBlock) {
    const Index width = std::min(kRowBlock, n - first);
    monitor_.poll();
    sum -= upper.transpose().solve(Matrix::Identity(n, n).middleCols(first, width)).squaredNorm();
  }
  return sum + corner.transpose().solve(fits.transpose()).squaredNorm();
}

double GroupSystem::curvature_along(const Vector& d) const {
  double sum = by_rows_ ? (rows_ * d).squaredNorm() : d.dot(submatrix(gram_, coordinates_) * d);
  Index first = 0;
  for (const GroupBend& bend : bends_) {
    const Vector x = d.segment(first, bend.block->size).cwiseProduct(unit_.segment(first, bend.block->size));
    const double along = x.dot(bend.direction);
    sum += bend.tangential * (x.squaredNorm() - along * along) + bend.radial * along * along;
    first += bend.block->size;
  }
  return sum;
}

bool GroupSystem::concave_direction(Vector& d) const {
  Matrix factor;
  Vector inverse_diagonal;
  const Matrix W = outward();
  double flat = kFlat * size_;
  if (by_rows_) {
    if (!factorise_rows(kFlat, factor, inverse_diagonal)) return false;
  } else {
    Matrix form = dense(0, false);
    flat = kFlat * form.cwiseAbs().rowwise().sum().maxCoeff();
    form.diagonal().array() += flat;
    if (cholesky(form, monitor_)) return false;
    factor = dense(0, true);
    factor.diagonal().array() += flat;
    if (!cholesky(factor, monitor_)) return false;
  }
  const Matrix image = apply_inverse(factor, inverse_diagonal, W);
  const Matrix share = W.transpose() * image;
  Matrix left = Matrix::Identity(W.cols(), W.cols()) - share;
  if (cholesky(left, monitor_)) return false;
  d = (image * steepest(share)).normalized();
  return curvature_along(d) < -flat;
}

}  // namespace pyreweight
