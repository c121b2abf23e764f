#include "pyreweight/compressed.hpp"

#include <cstdint>
#include <stdexcept>

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
    Index last = -1;
    for (Index e = starts[j]; e < starts[j + 1]; ++e) {
      const Index i = indices[e];
      if (i < 0 || i >= minors) throw std::invalid_argument("X is a malformed sparse matrix: an index is out of range");
      canonical &= i > last;
      last = i;
    }
  }
  return canonical;
}

template bool check_compressed(const std::int32_t*, Index, const std::int32_t*, Index, Index);
template bool check_compressed(const std::int64_t*, Index, const std::int64_t*, Index, Index);

}  // namespace pyreweight
