// Fuzz target for the intake of sparse matrices: whatever the three arrays of a CSC or CSR matrix hold, either
// std::invalid_argument is thrown or every read stays inside them. The arrays are heap blocks of exactly the length
// that the bindings check, so that the address sanitizer sees a read beyond.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "pyreweight/design_sparse.hpp"

namespace pyreweight {
namespace {

/// Takes values off the front of the fuzzer's bytes; zeros when they are used up.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, size_t size) : data_(data), left_(size) {}

  template <class T>
  T take() {
    T value{};
    const size_t count = std::min(sizeof(T), left_);
    std::memcpy(&value, data_, count);
    data_ += count;
    left_ -= count;
    return value;
  }

  /// Small and valid more often than not: pure noise would seldom get past the first check.
  template <class Offset>
  Offset offset(Index limit) {
    const auto choice = take<std::uint8_t>();
    if (choice == 255) return take<Offset>();
    return static_cast<Offset>(choice % (limit + 1));
  }

 private:
  const std::uint8_t* data_;
  size_t left_;
};

template <class T>
std::unique_ptr<T[]> block(size_t size) {
  return std::make_unique<T[]>(size);
}

template <class Scalar, class Offset>
void use(Bytes& bytes, Index rows, Index cols, Index stored) {
  const auto starts = block<Offset>(static_cast<size_t>(cols) + 1),
             indices = block<Offset>(static_cast<size_t>(stored));
  const auto values = block<Scalar>(static_cast<size_t>(stored));
  const bool rising = bytes.take<std::uint8_t>() % 4 != 0;
  for (Index j = 0; j <= cols; ++j) starts[j] = bytes.offset<Offset>(stored);
  if (rising) {
    starts[0] = 0;
    std::sort(starts.get(), starts.get() + cols + 1);
  }
  for (Index e = 0; e < stored; ++e) indices[e] = bytes.offset<Offset>(rows);
  for (Index e = 0; e < stored; ++e) values[e] = bytes.take<Scalar>();

  try {
    check_compressed(starts.get(), cols, indices.get(), stored, rows);
  } catch (const std::invalid_argument&) {
    // sparse_design() must refuse it as well.
  }
  try {
    Monitor monitor;
    const Vector weights = Vector::Ones(rows);
    const auto design = sparse_design(values.get(), indices.get(), starts.get(), stored, rows, cols, weights, true,
                                      bytes.take<std::uint8_t>() % 2 != 0, monitor);
    Columns columns;
    for (Index j = 0; j < cols; ++j) columns.push_back(j);
    Vector correlations(cols), combination = Vector::Zero(rows);
    design->correlate(weights, correlations, monitor);
    design->combine(columns, correlations, combination, monitor);
    design->gram(columns, columns, monitor);
    design->dual_gram(columns, Vector::Ones(cols), monitor);
    Matrix raw(rows, cols);
    design->raw_block(0, rows, columns, raw);
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace
}  // namespace pyreweight

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using pyreweight::Index;
  pyreweight::Bytes bytes(data, size);
  const auto kind = bytes.take<std::uint8_t>();
  const Index rows = 1 + bytes.take<std::uint8_t>() % 12, cols = bytes.take<std::uint8_t>() % 8,
              stored = bytes.take<std::uint8_t>() % 40;
  switch (kind % 4) {
    case 0:
      pyreweight::use<double, std::int32_t>(bytes, rows, cols, stored);
      break;
    case 1:
      pyreweight::use<double, std::int64_t>(bytes, rows, cols, stored);
      break;
    case 2:
      pyreweight::use<float, std::int32_t>(bytes, rows, cols, stored);
      break;
    default:
      pyreweight::use<float, std::int64_t>(bytes, rows, cols, stored);
  }
  return 0;
}
