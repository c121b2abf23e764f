#include <algorithm>

#include "pyreweight/columns.hpp"
#include "pyreweight/regularizer.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {

Violators::Violators(const Regularizer& regularizer, const Vector& thresholds, const Vector& gradient,
                     const std::vector<char>& known)
    : groups_(regularizer.groups()) {
  const Vector pull = regularizer.pull(all_columns(thresholds.size()), gradient);
  for (Index j = 0; j < thresholds.size(); ++j) {
    if (known[static_cast<size_t>(j)] || pull[j] <= thresholds[j] * (1 + 1e-10) + kCorrelationNoise) continue;
    if (groups_.leads(j)) worst_.emplace_back(-pull[j] / thresholds[j], j);
  }
}

double Violators::keep(size_t most) {
  if (worst_.size() <= most) return 1;
  std::nth_element(worst_.begin(), worst_.begin() + static_cast<std::ptrdiff_t>(most), worst_.end());
  const double next = -worst_[most].first;
  worst_.resize(most);
  return next;
}

Columns Violators::columns() {
  std::sort(worst_.begin(), worst_.end());
  Columns out;
  for (const auto& violator : worst_) out.push_back(violator.second);
  return groups_.complete(out);
}

}  // namespace pyreweight
