#include "pyreweight/cholesky.hpp"

#include <Eigen/Cholesky>
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
  size_ = 0;
  Matrix R = a;
  if (!cholesky(R, monitor)) return false;
  reserve(a.cols());
  size_ = a.cols();
  L_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>() = R.transpose();
  return true;
}

void UpdatableCholesky::reserve(Index size) {
  if (L_.cols() >= size) return;
  const Index capacity = std::max<Index>(16, size + size / 2);
  Matrix larger(capacity, capacity);
  larger.topLeftCorner(size_, size_) = L_.topLeftCorner(size_, size_);
  L_.swap(larger);
}

bool UpdatableCholesky::append(const ConstVec& cross, double diagonal) {
  Vector row = cross;
  if (size_ > 0) L_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>().solveInPlace(row);
  const double pivot = diagonal - row.squaredNorm();
  if (!(pivot > smallest_pivot(size_ + 1) * diagonal)) return false;
  reserve(size_ + 1);
  L_.row(size_).head(size_) = row.transpose();
  L_(size_, size_) = std::sqrt(pivot);
  ++size_;
  return true;
}

bool UpdatableCholesky::append(const Matrix& cross, const Matrix& own, Monitor& monitor) {
  const Index m = own.cols();
  Matrix half = cross, rest = own;  // L^-1 cross, and what the present columns leave of own
  if (size_ > 0) {
    L_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>().solveInPlace(half);
    rest.selfadjointView<Eigen::Upper>().rankUpdate(half.transpose(), -1.0);
  }
  if (!cholesky(rest, monitor)) return false;
  for (Index i = 0; i < m; ++i) {
    if (!(rest(i, i) * rest(i, i) > smallest_pivot(size_ + m) * own(i, i))) return false;
  }
  reserve(size_ + m);
  L_.block(size_, 0, m, size_) = half.transpose();
  L_.block(size_, size_, m, m).triangularView<Eigen::Lower>() = rest.transpose();
  size_ += m;
  return true;
}

std::vector<char> UpdatableCholesky::append_independent(const Matrix& cross, const Matrix& own, double least) {
  const Index m = own.cols();
  Matrix half = cross, rest = own;
  if (size_ > 0) {
    L_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>().solveInPlace(half);
    rest.selfadjointView<Eigen::Upper>().rankUpdate(half.transpose(), -1.0);
  }
  reserve(size_ + m);
  std::vector<char> taken(static_cast<size_t>(m), 0);
  Columns places;
  for (Index i = 0; i < m; ++i) {
    const Index last = size_ + static_cast<Index>(places.size());
    if (!(rest(i, i) > std::max(least, smallest_pivot(last + 1)) * own(i, i))) continue;
    taken[static_cast<size_t>(i)] = 1;
    L_.row(last).head(size_) = half.col(i).transpose();
    for (size_t b = 0; b < places.size(); ++b) L_(last, size_ + static_cast<Index>(b)) = rest(places[b], i);
    L_(last, last) = std::sqrt(rest(i, i));
    places.push_back(i);
    rest.row(i).tail(m - i - 1) /= L_(last, last);
    for (Index c = i + 1; c < m; ++c) {
      rest.col(c).segment(i + 1, c - i) -= rest(i, c) * rest.row(i).segment(i + 1, c - i).transpose();
    }
  }
  size_ += static_cast<Index>(places.size());
  return taken;
}

/// Without row and column `position` the later columns L_3 must satisfy L_3 L_3' = (old L_3 old L_3') + l l', l the
/// removed column below its diagonal: a rank-one update by rotations, column by column.
void UpdatableCholesky::remove(Index position) {
  const Index rest = size_ - position - 1;
  Vector l = L_.col(position).segment(position + 1, rest);
  const auto move_up = [&](Index from, Index to, Index first, Index count) {  // rows of a column, one place up
    double* const source = &L_(first, from);
    std::copy(source, source + count, &L_(first - 1, to));
  };
  if (rest > 0) {
    for (Index c = 0; c < position; ++c) move_up(c, c, position + 1, rest);
  }
  for (Index c = 0; c < rest; ++c) {
    const Index tail = rest - c;
    move_up(position + 1 + c, position + c, position + 1 + c, tail);
    auto column = L_.col(position + c).segment(position + c, tail).array();
    auto update = l.tail(tail).array();
    const double diagonal = column[0], root = std::hypot(diagonal, update[0]);
    const double cosine = diagonal / root, sine = update[0] / root;
    for (Index i = 0; i < tail; ++i) {
      const double x = column[i], y = update[i];
      column[i] = cosine * x + sine * y;
      update[i] = cosine * y - sine * x;
    }
  }
  --size_;
}

Vector UpdatableCholesky::solve(const ConstVec& b) const {
  Vector x = b;
  const auto lower = L_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>();
  lower.solveInPlace(x);
  lower.transpose().solveInPlace(x);
  return x;
}

}  // namespace pyreweight
