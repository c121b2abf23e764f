#pragma once

#include <numeric>

#include "pyreweight/types.hpp"

namespace pyreweight {

/// 0, 1, ..., count - 1.
inline Columns all_columns(Index count) {
  Columns columns(static_cast<size_t>(count));
  std::iota(columns.begin(), columns.end(), Index{0});
  return columns;
}

/// Numbers of the nonzero entries of v.
inline Columns support(const ConstVec& v) {
  constexpr int kRun = 64;  // most coefficients are zero: so many at a time, whose sizes add up to nothing
  Columns columns;
  for (Index first = 0; first < v.size(); first += kRun) {
    const bool whole = first + kRun <= v.size();
    if (whole && v.segment<kRun>(first).lpNorm<1>() == 0) continue;
    for (Index j = first; j < (whole ? first + kRun : v.size()); ++j) {
      if (v[j] != 0) columns.push_back(j);
    }
  }
  return columns;
}

/// (v_j for j in columns).
inline Vector gather(const ConstVec& v, const Columns& columns) {
  Vector out(static_cast<Index>(columns.size()));
  for (Index i = 0; i < out.size(); ++i) out[i] = v[columns[static_cast<size_t>(i)]];
  return out;
}

/// The square submatrix of a symmetric G on the given rows and columns.
inline Matrix submatrix(const Matrix& G, const Columns& columns) {
  const Index k = static_cast<Index>(columns.size());
  Matrix out(k, k);
  for (Index c = 0; c < k; ++c) {
    for (Index r = 0; r < k; ++r) out(r, c) = G(columns[static_cast<size_t>(r)], columns[static_cast<size_t>(c)]);
  }
  return out;
}

/// A vector of `size` zeros with `values` at `columns`.
inline Vector scatter(const ConstVec& values, const Columns& columns, Index size) {
  Vector out = Vector::Zero(size);
  for (Index i = 0; i < values.size(); ++i) out[columns[static_cast<size_t>(i)]] = values[i];
  return out;
}

}  // namespace pyreweight
