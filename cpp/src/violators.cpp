#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "pyreweight/columns.hpp"
#include "pyreweight/regularizer.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

// Relative difference of pulls up to which columns are probably copies of each other, one of which will do; should they
// not be, the others come in later. More copies of a column, on average, are none: a design may be that regular.
constexpr double kAlike = 1e-12;
constexpr size_t kMostCopies = 6;
// Among so many times the number wanted copies are looked for.
constexpr size_t kSpare = 2;

}  // namespace

Violators::Violators(const Regularizer& regularizer, const Vector& thresholds, const Vector& gradient,
                     const std::vector<char>& known)
    : groups_(regularizer.groups()) {
  const Vector pull = regularizer.pull(gradient);
  for (Index j = 0; j < thresholds.size(); ++j) {
    if (pull[j] <= thresholds[j] * (1 + 1e-10) + kCorrelationNoise || known[static_cast<size_t>(j)]) continue;
    if (groups_.leads(j)) worst_.emplace_back(-pull[j] / thresholds[j], j);
  }
}

double Violators::keep(size_t most) {
  if (worst_.size() <= most) return 1;
  double next = 1;
  if (worst_.size() > kSpare * most) {
    std::nth_element(worst_.begin(), worst_.begin() + static_cast<std::ptrdiff_t>(kSpare * most), worst_.end());
    next = -worst_[kSpare * most].first;
    worst_.resize(kSpare * most);
  }
  std::sort(worst_.begin(), worst_.end());
  const auto alike = [](const auto& a, const auto& b) { return b.first - a.first <= -kAlike * a.first; };
  std::vector<std::pair<double, Index>> apart;
  std::unique_copy(worst_.begin(), worst_.end(), std::back_inserter(apart), alike);
  if (kMostCopies * apart.size() > worst_.size()) worst_ = std::move(apart);
  if (worst_.size() <= most) return next;
  next = -worst_[most].first;
  worst_.resize(most);
  return next;
}

Columns Violators::unordered() const {
  Columns out;
  for (const auto& violator : worst_) out.push_back(violator.second);
  return out;
}

Columns Violators::columns() {
  std::sort(worst_.begin(), worst_.end());
  return groups_.complete(unordered());
}

}  // namespace pyreweight
