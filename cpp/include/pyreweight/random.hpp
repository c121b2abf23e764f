#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace pyreweight {

using Words = std::array<std::uint32_t, 4>;

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): four random words as a function of a counter and a key alone. Every
/// draw has an address of its own, so it does not matter which thread makes it, or in which order.
inline Words philox(Words counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// In [0, 1), a multiple of 2^-32.
inline double uniform(std::uint32_t word) { return word * 0x1p-32; }

/// Uniform on 0, ..., count - 1.
inline std::uint32_t below(std::uint32_t word, std::uint32_t count) {
  return static_cast<std::uint32_t>((std::uint64_t{word} * count) >> 32);
}

/// Four standard normal numbers from four words (Box and Muller).
inline std::array<double, 4> normal(const Words& words) {
  std::array<double, 4> out{};
  for (size_t i = 0; i < 4; i += 2) {
    const double radius = std::sqrt(-2 * std::log((words[i] + 1.0) * 0x1p-32));
    const double angle = 6.283185307179586 * uniform(words[i + 1]);
    out[i] = radius * std::cos(angle);
    out[i + 1] = radius * std::sin(angle);
  }
  return out;
}

}  // namespace pyreweight
