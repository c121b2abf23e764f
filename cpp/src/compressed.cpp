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
  // Indices may fall from one column to the next, and must not inside of one.
  Offset falls = 0;
  for (Index e = 1; e < starts[majors]; ++e) falls += indices[e] <= indices[e - 1];
  for (Index j = 0; j < majors; ++j) {
    const Offset first = starts[j];
    if (first > 0 && first < starts[j + 1]) falls -= indices[first] <= indices[first - 1];
  }
  const bool canonical = falls == 0;
  for (Index j = 0; j < majors; ++j) {
    const Offset* const begin = indices + starts[j];
    const Offset* const end = indices + starts[j + 1];
    if (begin == end) continue;
    // Where the indices rise, the first and the last bound the others.
    const auto [least, most] = canonical ? std::pair(begin, end - 1) : std::minmax_element(begin, end);
    if (*least < 0 || *most >= minors) {
      throw std::invalid_argument("X is a malformed sparse matrix: an index is out of range");
    }
  }
  return canonical;
}

template bool check_compressed(const std::int32_t*, Index, const std::int32_t*, Index, Index);
template bool check_compressed(const std::int64_t*, Index, const std::int64_t*, Index, Index);

}  // namespace pyreweight
