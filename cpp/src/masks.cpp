#include "pyreweight/masks.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace pyreweight {

void draw_masks(const Source& source, MaskDistribution distribution, std::uint64_t step, Index row, Index cols,
                Index first, const ConstVec& keep, MutVec out) {
  // Four columns share a call of the generator; blocks of columns begin at multiples of four.
  const auto base = static_cast<std::uint32_t>(row * ((cols + 3) / 4) + first / 4);
  for (Index j = 0; j < keep.size(); j += 4) {
    const Words words = source.words(Stream::kMask, step, base + static_cast<std::uint32_t>(j / 4));
    const Index count = std::min<Index>(4, keep.size() - j);
    if (distribution == MaskDistribution::kBernoulli) {
      for (Index i = 0; i < count; ++i) {
        const double q = keep[j + i];
        out[j + i] = uniform(words[static_cast<size_t>(i)]) < q ? 1 / q : 0.0;
      }
    } else {
      const std::array<double, 4> noise = normal(words);
      for (Index i = 0; i < count; ++i) {
        const double q = keep[j + i];
        out[j + i] = q > 0 ? 1 + std::sqrt((1 - q) / q) * noise[static_cast<size_t>(i)] : 0.0;
      }
    }
  }
}

Vector strided_periods(double rate) {
  if (!(rate >= 1e-3 && rate <= 1)) {
    throw std::invalid_argument("strided masks need a keep probability between 0.001 and 1");
  }
  if (rate == 1) return Vector::Ones(1);
  const auto periods = static_cast<Index>(std::ceil(2 / rate));
  const Eigen::ArrayXd inverse = Eigen::ArrayXd::LinSpaced(periods, 1, static_cast<double>(periods)).inverse();
  const auto weights = [&](double theta) -> Eigen::ArrayXd {
    // Shifted by the largest exponent, so that nothing overflows.
    const Eigen::ArrayXd w = (theta * (inverse - (theta > 0 ? 1.0 : inverse[periods - 1]))).exp();
    return w / w.sum();
  };
  const auto excess = [&](double theta) { return (weights(theta) * inverse).sum() - rate; };
  double low = -1, high = 1;  // the mean of 1 / d increases with theta
  while (excess(low) > 0) low *= 2;
  while (excess(high) < 0 && high < 1e18) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (excess(middle) < 0 ? low : high) = middle;
  }
  return weights(high);
}

}  // namespace pyreweight
