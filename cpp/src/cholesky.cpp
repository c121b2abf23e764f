#include "pyreweight/cholesky.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Jacobi>
#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

double smallest_pivot(Index k) { return 4 * static_cast<double>(k) * std::numeric_limits<double>::epsilon(); }

}  // namespace

bool cholesky(Matrix& a, Monitor& monitor) {
  const Index k = a.cols();
  constexpr Index kBlock = 96;
  const Vector diagonal = a.diagonal();
  for (Index begin = 0; begin < k; begin += kBlock) {
    const Index width = std::min(kBlock, k - begin), rest = k - begin - width, next = begin + width;
    auto corner = a.block(begin, begin, width, width);
    const Eigen::LLT<Matrix, Eigen::Upper> factor(corner);
    if (factor.info() != Eigen::Success) return false;
    corner.triangularView<Eigen::Upper>() = factor.matrixU();
    for (Index i = 0; i < width; ++i) {
      const double pivot = corner(i, i) * corner(i, i);
      if (!(pivot > smallest_pivot(k) * diagonal[begin + i])) return false;
    }
    if (rest == 0) break;
    const Index tasks = (rest + kBlock - 1) / kBlock;
    const auto columns = [&](Index task) { return std::min(kBlock, rest - task * kBlock); };
    parallel_for(tasks, 1.0 * width * width * std::min(kBlock, rest), monitor, [&](Index task) {
      auto panel = a.block(begin, next + task * kBlock, width, columns(task));
      corner.triangularView<Eigen::Upper>().transpose().solveInPlace(panel);
    });
    parallel_for(tasks, 1.0 * width * rest * std::min(kBlock, rest), monitor, [&](Index task) {
      const Index first = next + task * kBlock, count = columns(task);
      const Index height = first + count - next;  // rows of the trailing upper triangle in these columns
      a.block(next, first, height, count).noalias() -=
          a.block(begin, next, width, height).transpose() * a.block(begin, first, width, count);
    });
  }
  return true;
}

bool solve_positive_definite(Matrix& a, const ConstVec& b, Vector& x, Monitor& monitor) {
  if (!cholesky(a, monitor)) return false;
  x = b;
  a.triangularView<Eigen::Upper>().transpose().solveInPlace(x);
  a.triangularView<Eigen::Upper>().solveInPlace(x);
  return x.allFinite();
}

bool UpdatableCholesky::assign(const Matrix& a, Monitor& monitor) {
  R_ = a;
  size_ = 0;
  if (!cholesky(R_, monitor)) return false;
  size_ = a.cols();
  return true;
}

bool UpdatableCholesky::append(const ConstVec& cross, double diagonal) {
  if (R_.cols() == size_) R_.conservativeResize(std::max<Index>(16, 2 * size_), std::max<Index>(16, 2 * size_));
  Vector column = cross;
  if (size_ > 0) R_.topLeftCorner(size_, size_).triangularView<Eigen::Upper>().transpose().solveInPlace(column);
  const double pivot = diagonal - column.squaredNorm();
  if (!(pivot > smallest_pivot(size_ + 1) * diagonal)) return false;
  R_.col(size_).head(size_) = column;
  R_(size_, size_) = std::sqrt(pivot);
  ++size_;
  return true;
}

void UpdatableCholesky::remove(Index position) {
  for (Index c = position; c + 1 < size_; ++c) R_.col(c).head(c + 2) = R_.col(c + 1).head(c + 2);
  --size_;
  // The removed column leaves one entry under the diagonal in each later one; rotations take them out.
  for (Index c = position; c < size_; ++c) {
    Eigen::JacobiRotation<double> rotation;
    rotation.makeGivens(R_(c, c), R_(c + 1, c));
    R_.block(0, c, size_ + 1, size_ - c).applyOnTheLeft(c, c + 1, rotation.adjoint());
    if (R_(c, c) < 0) R_.row(c).segment(c, size_ - c) *= -1;
  }
}

Vector UpdatableCholesky::solve(const ConstVec& b) const {
  Vector x = b;
  const auto upper = R_.topLeftCorner(size_, size_).triangularView<Eigen::Upper>();
  upper.transpose().solveInPlace(x);
  upper.solveInPlace(x);
  return x;
}

}  // namespace pyreweight
