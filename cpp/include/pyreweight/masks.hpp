#pragma once

#include "pyreweight/random.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

enum class MaskPattern {
  kIndependent,  // one mask for all rows of a batch, its entries independent
  kRow,          // a mask of its own for every row
  kStrided       // one mask for all rows: every d-th column from a random offset, d random
};
enum class MaskDistribution { kBernoulli, kGaussian };

/// Where a draw stands: the step of the training and what it is for.
enum class Stream : std::uint32_t { kMask = 0, kPeriod = 1, kOrder = 2, kStart = 3 };

/// Random words by address: stream, step and a running number.
class Source {
 public:
  explicit Source(std::uint64_t seed)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)} {}
  Words words(Stream stream, std::uint64_t step, std::uint32_t number) const {
    const auto low = static_cast<std::uint32_t>(step), high = static_cast<std::uint32_t>(step >> 32);
    return philox({number, low, high, static_cast<std::uint32_t>(stream)}, key_);
  }

 private:
  std::array<std::uint32_t, 2> key_;
};

/// Scaled masks with mean 1 and variance (1 - q_j) / q_j for the columns [first, first + |keep|): Bernoulli ones are 1
/// / q_j with probability q_j and else 0, Gaussian ones N(1, (1 - q_j) / q_j). `row` tells rows with own masks apart.
void draw_masks(const Source& source, MaskDistribution distribution, std::uint64_t step, Index row, Index cols,
                Index first, const ConstVec& keep, MutVec out);

/// Probabilities k_d of the periods d = 1, ..., D, D = ceil(2 / rate), with sum_d k_d / d = rate: a column is then kept
/// with probability `rate` when d is drawn and the offset is uniform. Of all such distributions the one of greatest
/// entropy, k_d proportional to exp(theta / d); theta is searched. rate in [0.001, 1].
Vector strided_periods(double rate);

}  // namespace pyreweight
