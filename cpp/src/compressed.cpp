#include "pyreweight/compressed.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace pyreweight {

template <class Offset>
bool check_compressed(const Offset* starts, Index majors, const Offset* indices, Index stored, Index minors) {
  if (starts[0] != 0) throw std::invalid_argument("X is a malformed sparse matrix: its indptr does not begin at 0");
  for (Index j = 0; j < majors; ++j) {
    if (starts[j + 1] < starts[j]) throw std::invalid_argument("X is a malformed sparse matrix: its indptr decreases");
  }
  if (starts[majors] > stored) {
    throw std::invalid_argument("X is a malformed sparse matrix: its indptr ends beyond the stored entries");
  }
  bool canonical = true;
  for (Index j = 0; j < majors; ++j) {
    const Offset* const begin = indices + starts[j];
    const Offset* const end = indices + starts[j + 1];
    if (begin == end) continue;
    Offset falls = 0;
    for (const Offset* i = begin + 1; i < end; ++i) falls |= i[0] <= i[-1];
    // Where the indices rise, the first and the last bound the others.
    const auto [least, most] = falls == 0 ? std::pair(begin, end - 1) : std::minmax_element(begin, end);
    if (*least < 0 || *most >= minors) {
      throw std::invalid_argument("X is a malformed sparse matrix: an index is out of range");
    }
    canonical &= falls == 0;
  }
  return canonical;
}

template bool check_compressed(const std::int32_t*, Index, const std::int32_t*, Index, Index);
template bool check_compressed(const std::int64_t*, Index, const std::int64_t*, Index, Index);

}  // namespace pyreweight
