#include "pyreweight/inner_choice.hpp"

namespace pyreweight {
namespace {

// Sweeps over the columns that a fit without Gram matrix is expected to take, conjugate gradients among them, and how
// much faster operations on blocks are.
constexpr double kSweepsExpected = 500, kBlockSpeed = 8;

}  // namespace

bool columns_are_cheaper(const Design& design, const Columns& working, const Columns& fresh, Index active_now) {
  const double k = static_cast<double>(working.size()), m = static_cast<double>(fresh.size());
  const double active = m + static_cast<double>(active_now);
  Columns all = working;
  all.insert(all.end(), fresh.begin(), fresh.end());
  const double stored = design.stored(all), a_column = stored / (k + m);
  // Blocks of dense columns are multiplied at a much higher speed than columns one by one; so are those of a factor.
  // The columns of a class have a share of the rows to themselves, and are dense where they fill it.
  const double share = static_cast<double>(design.rows()) / static_cast<double>(design.commons());
  const double speed = a_column < 0.5 * share ? 1.0 : kBlockSpeed;
  const double gram = m * (k + 0.5 * m) * a_column / speed + active * active * active / (3 * kBlockSpeed);
  // What sweeps go through lies side by side: an index and a value for each entry.
  return gram > kSweepsExpected * 2 * stored && 1.5 * stored < (k + m) * (k + m);
}

}  // namespace pyreweight
