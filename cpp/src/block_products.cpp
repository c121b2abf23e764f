#include "pyreweight/block_products.hpp"

#include <algorithm>

// Functions for another instruction set than that of the build, in the build for AVX2 by GCC or clang.
#if defined(__GNUC__) && defined(__x86_64__) && defined(__AVX2__)
#define PYREWEIGHT_WIDE_LANES
#include <immintrin.h>
#endif

namespace pyreweight {
namespace {

constexpr Index kFewColumns = 3;   // to interleave the other columns for them takes longer than the products
constexpr Index kPanelRows = 124;  // a panel stays in the first-level cache

/// Sums with the instructions of this build. The registers hold kHeight times kWidth of them, kHeight entries of a and
/// one of b.
struct Lanes {
  static constexpr int kLanes = pyreweight::kLanes, kHeight = kLanes > 2 ? 3 : 6, kWidth = kLanes > 2 ? 4 : 2;
  static constexpr int kPanel = kHeight * kLanes;

  /// out(r, c) += sum_i a_ir b_ic for Height lanes of columns of a panel of a and Width columns of one of b.
  template <int Height, int Width>
  static void add_tile(const double* a, const double* b, Index rows, double* out, Index stride) {
    using Lane = Eigen::Array<double, kLanes, 1>;
    Lane sums[Height][Width];
    for (int r = 0; r < Height; ++r) {
      for (int c = 0; c < Width; ++c) sums[r][c].setZero();
    }
    for (Index i = 0; i < rows; ++i, a += kPanel, b += kPanel) {
      Lane x[Height];
      for (int r = 0; r < Height; ++r) x[r] = Eigen::Map<const Lane>(a + r * kLanes);
      for (int c = 0; c < Width; ++c) {
        for (int r = 0; r < Height; ++r) sums[r][c] += x[r] * b[c];
      }
    }
    for (int c = 0; c < Width; ++c) {
      for (int r = 0; r < Height; ++r) Eigen::Map<Lane>(out + c * stride + r * kLanes) += sums[r][c];
    }
  }
};

#ifdef PYREWEIGHT_WIDE_LANES
/// The same with AVX-512, whatever this build is for: whether the processor has it is asked first. Eigen's types know
/// one instruction set per build, hence the intrinsics.
struct WideLanes {
  static constexpr int kLanes = 8, kHeight = 3, kWidth = 8, kPanel = kHeight * kLanes;

  static bool available() {
    static const bool known = (__builtin_cpu_init(), __builtin_cpu_supports("avx512f") != 0);
    return known;
  }

  template <int Height, int Width>
  __attribute__((target("avx512f"))) static void add_tile(const double* a, const double* b, Index rows, double* out,
                                                          Index stride) {
    __m512d sums[Height][Width];
    for (int r = 0; r < Height; ++r) {
      for (int c = 0; c < Width; ++c) sums[r][c] = _mm512_setzero_pd();
    }
    for (Index i = 0; i < rows; ++i, a += kPanel, b += kPanel) {
      __m512d x[Height];
      for (int r = 0; r < Height; ++r) x[r] = _mm512_loadu_pd(a + r * kLanes);
      for (int c = 0; c < Width; ++c) {
        const __m512d y = _mm512_set1_pd(b[c]);
        for (int r = 0; r < Height; ++r) sums[r][c] = _mm512_fmadd_pd(x[r], y, sums[r][c]);
      }
    }
    for (int c = 0; c < Width; ++c) {
      for (int r = 0; r < Height; ++r) {
        double* sum = out + c * stride + r * kLanes;
        _mm512_storeu_pd(sum, _mm512_add_pd(_mm512_loadu_pd(sum), sums[r][c]));
      }
    }
  }
};
#endif

/// Entry i of four columns, from[i], from[stride + i], ..., side by side at to[i * step].
inline void interleave_four(const double* from, Index rows, Index stride, Index step, double* to) {
  const double *const a = from, *const b = a + stride, *const c = b + stride, *const d = c + stride;
  Index i = 0;
#ifdef PYREWEIGHT_WIDE_LANES
  for (; i + 4 <= rows; i += 4, to += 4 * step) {
    const __m256d of_a = _mm256_loadu_pd(a + i), of_b = _mm256_loadu_pd(b + i);
    const __m256d of_c = _mm256_loadu_pd(c + i), of_d = _mm256_loadu_pd(d + i);
    const __m256d even_ab = _mm256_unpacklo_pd(of_a, of_b), odd_ab = _mm256_unpackhi_pd(of_a, of_b);
    const __m256d even_cd = _mm256_unpacklo_pd(of_c, of_d), odd_cd = _mm256_unpackhi_pd(of_c, of_d);
    _mm256_storeu_pd(to, _mm256_permute2f128_pd(even_ab, even_cd, 0x20));
    _mm256_storeu_pd(to + step, _mm256_permute2f128_pd(odd_ab, odd_cd, 0x20));
    _mm256_storeu_pd(to + 2 * step, _mm256_permute2f128_pd(even_ab, even_cd, 0x31));
    _mm256_storeu_pd(to + 3 * step, _mm256_permute2f128_pd(odd_ab, odd_cd, 0x31));
  }
#endif
  for (; i < rows; ++i, to += step) {
    to[0] = a[i];
    to[1] = b[i];
    to[2] = c[i];
    to[3] = d[i];
  }
}

/// Panel after panel of `rows` rows of the columns of a. Lanes that are missing of the last panel hold anything: what
/// they are multiplied with is not used.
template <class Kernel>
void interleave(const Matrix& a, Index first, Index rows, Vector& out) {
  constexpr Index kPanel = Kernel::kPanel;
  const Index cols = a.cols(), size = (cols + kPanel - 1) / kPanel * kPanel * rows;
  if (out.size() < size) out = Vector::Zero(size);
  const double* from = a.data() + first;
  const auto place = [&](Index c) { return out.data() + (c / kPanel) * kPanel * rows + c % kPanel; };
  Index c = 0;
  for (; c + 4 <= cols; c += 4) interleave_four(from + c * a.rows(), rows, a.rows(), kPanel, place(c));
  for (; c < cols; ++c) {
    for (Index i = 0; i < rows; ++i) place(c)[i * kPanel] = from[c * a.rows() + i];
  }
}

/// Of a tile of Height lanes and Width columns, `height` times `width` entries; a smaller one where that is enough.
template <class Kernel, int Height, int Width>
void add_part(const double* a, const double* b, Index rows, Index height, Index width, double* out, Index stride) {
  constexpr Index kRows = Height * Kernel::kLanes;
  if constexpr (Height > 1) {
    if (height <= kRows - Kernel::kLanes) {
      return add_part<Kernel, Height - 1, Width>(a, b, rows, height, width, out, stride);
    }
  }
  if constexpr (Width > 1) {
    if (width <= Width / 2) return add_part<Kernel, Height, Width / 2>(a, b, rows, height, width, out, stride);
  }
  if (height >= kRows && width >= Width) return Kernel::template add_tile<Height, Width>(a, b, rows, out, stride);
  double whole[kRows * Width] = {};
  Kernel::template add_tile<Height, Width>(a, b, rows, whole, kRows);
  for (Index c = 0; c < std::min<Index>(width, Width); ++c) {
    for (Index r = 0; r < std::min(height, kRows); ++r) out[c * stride + r] += whole[c * kRows + r];
  }
}

template <class Kernel>
void add_products(const Matrix& a, const Matrix& b, bool upper, Vector& left, Vector& right, Matrix& out) {
  constexpr Index kPanel = Kernel::kPanel, kWidth = Kernel::kWidth;
  const Index height = a.cols(), width = b.cols();
  for (Index first = 0; first < b.rows(); first += kPanelRows) {
    const Index rows = std::min(kPanelRows, b.rows() - first);
    interleave<Kernel>(b, first, rows, right);
    if (!upper) interleave<Kernel>(a, first, rows, left);
    const Vector& panels = upper ? right : left;
    for (Index c = 0; c < width; c += kWidth) {
      const double* columns = right.data() + (c / kPanel) * kPanel * rows + c % kPanel;
      const Index most = upper ? std::min(height, c + kWidth) : height;
      for (Index r = 0; r < most; r += kPanel) {
        add_part<Kernel, Kernel::kHeight, kWidth>(panels.data() + r * rows, columns, rows, most - r, width - c,
                                                  out.data() + c * height + r, height);
      }
    }
  }
}

void add_to(const Matrix& a, const Matrix& b, bool upper, Vector& left, Vector& right, Matrix& out) {
  if (b.cols() <= kFewColumns) {
    for (Index c = 0; c < b.cols(); ++c) out.col(c).noalias() += a.transpose() * b.col(c);
    return;
  }
#ifdef PYREWEIGHT_WIDE_LANES
  if (WideLanes::available()) return add_products<WideLanes>(a, b, upper, left, right, out);
#endif
  add_products<Lanes>(a, b, upper, left, right, out);
}

}  // namespace

void BlockProducts::add(const Matrix& a, const Matrix& b, Matrix& out) { add_to(a, b, false, left_, right_, out); }

void BlockProducts::add_upper(const Matrix& a, Matrix& out) { add_to(a, a, true, left_, right_, out); }

}  // namespace pyreweight
