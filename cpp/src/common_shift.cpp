#include "pyreweight/common_shift.hpp"

#include <algorithm>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

// Of the larger norm: as good as equal, so that rounding does not decide.
constexpr double kTie = 1e-9;

}  // namespace

bool settle_common_shifts(const ClassDesign& design, const Regularizer& regularizer, Vector& v) {
  const Index K = design.classes(), p = design.base().cols();
  const Penalty& penalty = regularizer.penalty();
  if (K % 2 == 1 || !regularizer.groups().singletons()) return false;
  if (!penalty.linear_quadratic() || !(penalty.slope_at_zero() > 0)) return false;
  Vector l1, l2;
  regularizer.own_terms(l1, l2);
  bool changed = false;
  for (Index j = 0; j < p; ++j) {
    Vector of_classes(K), sorted(K);
    bool free = true;
    for (Index k = 0; k < K; ++k) {
      of_classes[k] = v[k * p + j];
      free = free && regularizer.penalised(k * p + j) && l2[k * p + j] == 0 && l1[k * p + j] == l1[j];
    }
    sorted = of_classes;
    std::sort(sorted.begin(), sorted.end());
    const double low = sorted[K / 2 - 1], high = sorted[K / 2];
    if (!free || !(low < high) || low > 0 || high < 0) continue;
    const double at_low = (of_classes.array() - low).matrix().norm(),
                 at_high = (of_classes.array() - high).matrix().norm();
    const double shift = at_high < (1 - kTie) * at_low ? high : low;
    if (shift == 0) continue;
    for (Index k = 0; k < K; ++k) v[k * p + j] -= shift;
    changed = true;
  }
  return changed;
}

}  // namespace pyreweight
