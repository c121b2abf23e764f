#pragma once

#include <algorithm>

#include "pyreweight/types.hpp"

namespace pyreweight {
namespace detail {

#if EIGEN_MAX_STATIC_ALIGN_BYTES >= 16
constexpr Index kLanes = EIGEN_MAX_STATIC_ALIGN_BYTES / static_cast<Index>(sizeof(double));
#else
constexpr Index kLanes = 2;
#endif

/// out(r, c) += a_r' b_c for Height columns of a and Width columns of b that follow each other, `stride` apart. The
/// sums stay in registers, one for every lane, so each entry that is loaded serves several of them.
template <int Height, int Width>
void add_tile(const double* a, const double* b, Index stride, Index rows, double* out, Index out_stride) {
  using Lane = Eigen::Array<double, kLanes, 1>;
  Lane sums[Height][Width];
  for (int r = 0; r < Height; ++r) {
    for (int c = 0; c < Width; ++c) sums[r][c].setZero();
  }
  const Index whole = rows - rows % kLanes;
  for (Index i = 0; i < whole; i += kLanes) {
    Lane x[Height];
    for (int r = 0; r < Height; ++r) x[r] = Eigen::Map<const Lane>(a + r * stride + i);
    for (int c = 0; c < Width; ++c) {
      const Lane y = Eigen::Map<const Lane>(b + c * stride + i);
      for (int r = 0; r < Height; ++r) sums[r][c] += x[r] * y;
    }
  }
  for (int c = 0; c < Width; ++c) {
    for (int r = 0; r < Height; ++r) {
      double sum = sums[r][c].sum();
      for (Index i = whole; i < rows; ++i) sum += a[r * stride + i] * b[c * stride + i];
      out[c * out_stride + r] += sum;
    }
  }
}

/// The first `height` rows of out, for Width columns of b.
template <int Width>
void add_strip(const Matrix& a, const double* b, Index height, double* out, Index out_stride) {
  constexpr int kHeight = 3;  // with four columns of b: twelve sums, which fit into sixteen registers
  const Index stride = a.rows();
  Index r = 0;
  for (; r + kHeight <= height; r += kHeight) {
    add_tile<kHeight, Width>(a.data() + r * stride, b, stride, stride, out + r, out_stride);
  }
  for (; r < height; ++r) add_tile<1, Width>(a.data() + r * stride, b, stride, stride, out + r, out_stride);
}

}  // namespace detail

/// out += a' b, or its upper triangle, for a block of rows that fits into the second-level cache: entries of a and b
/// are read where they lie, where a general product would pack them once more.
inline void add_block_products(const Matrix& a, const Matrix& b, bool upper, Matrix& out) {
  constexpr Index kWidth = 4, kFewRows = 8 * detail::kLanes;  // too few for sums by lanes
  const Index height = a.cols(), width = b.cols(), stride = b.rows();
  if (stride < kFewRows) {
    if (upper) {
      out.selfadjointView<Eigen::Upper>().rankUpdate(a.transpose());
    } else {
      out.noalias() += a.transpose() * b;
    }
    return;
  }
  Index c = 0;
  for (; c + kWidth <= width; c += kWidth) {
    const Index most = upper ? std::min(height, c + kWidth) : height;
    detail::add_strip<kWidth>(a, b.data() + c * stride, most, out.data() + c * height, height);
  }
  for (; c < width; ++c) {
    const Index most = upper ? c + 1 : height;
    detail::add_strip<1>(a, b.data() + c * stride, most, out.data() + c * height, height);
  }
}

}  // namespace pyreweight
