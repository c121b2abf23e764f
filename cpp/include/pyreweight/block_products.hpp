#pragma once

#include <algorithm>

#include "pyreweight/types.hpp"

// Functions for another instruction set than that of the build, in the build for AVX2 by GCC or clang.
#if defined(__GNUC__) && defined(__x86_64__) && defined(__AVX2__)
#define PYREWEIGHT_WIDE_LANES
#include <immintrin.h>
#endif

namespace pyreweight {
namespace detail {

#if EIGEN_MAX_STATIC_ALIGN_BYTES >= 16
constexpr Index kLanes = EIGEN_MAX_STATIC_ALIGN_BYTES / static_cast<Index>(sizeof(double));
#else
constexpr Index kLanes = 2;
#endif

/// Sums over several rows at a time with the instructions of this build.
struct Lanes {
  static constexpr Index kLanes = detail::kLanes;
  static constexpr int kHeight = 3;  // with four columns of b: twelve sums, which fit into sixteen registers

  /// out(r, c) += a_r' b_c for Height columns of a and Width columns of b that follow each other, `stride` apart. The
  /// sums stay in registers, one for every lane, so each entry that is loaded serves several of them.
  template <int Height, int Width>
  static void add_tile(const double* a, const double* b, Index stride, double* out, Index out_stride) {
    using Lane = Eigen::Array<double, kLanes, 1>;
    Lane sums[Height][Width];
    for (int r = 0; r < Height; ++r) {
      for (int c = 0; c < Width; ++c) sums[r][c].setZero();
    }
    const Index whole = stride - stride % kLanes;
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
        for (Index i = whole; i < stride; ++i) sum += a[r * stride + i] * b[c * stride + i];
        out[c * out_stride + r] += sum;
      }
    }
  }
};

#ifdef PYREWEIGHT_WIDE_LANES
/// The same with AVX-512, whatever this build is for: whether the processor has it is asked first. Eigen's types know
/// one instruction set per build, hence the intrinsics.
struct WideLanes {
  static constexpr Index kLanes = 8;
  static constexpr int kHeight = 5;  // twenty sums of thirty-two registers

  static bool available() {
    static const bool known = (__builtin_cpu_init(), __builtin_cpu_supports("avx512f") != 0);
    return known;
  }

  template <int Height, int Width>
  __attribute__((target("avx512f"))) static void add_tile(const double* a, const double* b, Index stride, double* out,
                                                          Index out_stride) {
    __m512d sums[Height][Width];
    for (int r = 0; r < Height; ++r) {
      for (int c = 0; c < Width; ++c) sums[r][c] = _mm512_setzero_pd();
    }
    const Index whole = stride - stride % kLanes;
    for (Index i = 0; i < whole; i += kLanes) {
      __m512d x[Height];
      for (int r = 0; r < Height; ++r) x[r] = _mm512_loadu_pd(a + r * stride + i);
      for (int c = 0; c < Width; ++c) {
        const __m512d y = _mm512_loadu_pd(b + c * stride + i);
        for (int r = 0; r < Height; ++r) sums[r][c] = _mm512_fmadd_pd(x[r], y, sums[r][c]);
      }
    }
    for (int c = 0; c < Width; ++c) {
      for (int r = 0; r < Height; ++r) {
        double parts[kLanes], sum = 0;
        _mm512_storeu_pd(parts, sums[r][c]);
        for (const double part : parts) sum += part;
        for (Index i = whole; i < stride; ++i) sum += a[r * stride + i] * b[c * stride + i];
        out[c * out_stride + r] += sum;
      }
    }
  }
};
#endif

/// The first `height` rows of out, for Width columns of b.
template <class Kernel, int Width>
void add_strip(const Matrix& a, const double* b, Index height, double* out, Index out_stride) {
  constexpr int kHeight = Kernel::kHeight;
  const Index stride = a.rows();
  Index r = 0;
  for (; r + kHeight <= height; r += kHeight) {
    Kernel::template add_tile<kHeight, Width>(a.data() + r * stride, b, stride, out + r, out_stride);
  }
  for (; r < height; ++r) Kernel::template add_tile<1, Width>(a.data() + r * stride, b, stride, out + r, out_stride);
}

template <class Kernel>
void add_products(const Matrix& a, const Matrix& b, bool upper, Matrix& out) {
  constexpr Index kWidth = 4;
  const Index height = a.cols(), width = b.cols(), stride = b.rows();
  Index c = 0;
  for (; c + kWidth <= width; c += kWidth) {
    const Index most = upper ? std::min(height, c + kWidth) : height;
    add_strip<Kernel, kWidth>(a, b.data() + c * stride, most, out.data() + c * height, height);
  }
  for (; c < width; ++c) {
    const Index most = upper ? c + 1 : height;
    add_strip<Kernel, 1>(a, b.data() + c * stride, most, out.data() + c * height, height);
  }
}

}  // namespace detail

/// out += a' b, or its upper triangle, for a block of rows that fits into the second-level cache: entries of a and b
/// are read where they lie, where a general product would pack them once more.
inline void add_block_products(const Matrix& a, const Matrix& b, bool upper, Matrix& out) {
  constexpr Index kFewRows = 8 * detail::kLanes;  // too few for sums by lanes
  if (b.rows() < kFewRows) {
    if (upper) {
      out.selfadjointView<Eigen::Upper>().rankUpdate(a.transpose());
    } else {
      out.noalias() += a.transpose() * b;
    }
    return;
  }
#ifdef PYREWEIGHT_WIDE_LANES
  if (detail::WideLanes::available()) return detail::add_products<detail::WideLanes>(a, b, upper, out);
#endif
  detail::add_products<detail::Lanes>(a, b, upper, out);
}

}  // namespace pyreweight
