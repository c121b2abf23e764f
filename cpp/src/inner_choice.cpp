#include "pyreweight/inner_choice.hpp"

namespace pyreweight {
namespace {

// Sweeps over the columns that a fit without Gram matrix is expected to take, conjugate gradients among them, and how
// much faster operations on blocks are.
constexpr double kSweepsExpected = 500, kBlockSpeed = 8;

constexpr double kUsualRows = 1e4;

// What a row of a Newton step costs, exponentials and logarithms among it, in the time of a product.
constexpr double kRowOfStep = 20;

/// Blocks of dense columns are multiplied at a much higher speed than columns one by one. The columns of a class have
/// a share of the rows to themselves, and are dense where they fill it.
double block_speed(const Design& design, double stored, double columns) {
  const double share = static_cast<double>(design.rows()) / static_cast<double>(design.commons());
  return stored < 0.5 * share * columns ? 1.0 : kBlockSpeed;
}

}  // namespace

bool are_sparse(const Design& design, const Columns& columns) {
  return block_speed(design, design.stored(columns), static_cast<double>(columns.size())) == 1;
}

bool gram_is_cheaper(const Design& design, const Columns& columns, double steps) {
  const double k = static_cast<double>(columns.size()), n = static_cast<double>(design.rows());
  const double stored = design.stored(columns);
  const double gram = stored + 0.5 * stored * (stored / n) / block_speed(design, stored, k) + k * k * k / 6;
  return gram < steps * work_of_step(design, columns);
}

double work_of_step(const Design& design, const Columns& columns) {
  return kRowOfStep * static_cast<double>(design.rows()) + 2 * design.stored(columns);
}

bool columns_are_cheaper(const Design& design, const Columns& working, const Columns& fresh, Index active_now,
                         bool count_rows) {
  const double k = static_cast<double>(working.size()), m = static_cast<double>(fresh.size());
  const double active = m + static_cast<double>(active_now);
  Columns all = working;
  all.insert(all.end(), fresh.begin(), fresh.end());
  const double in_rows = design.stored(all), speed = block_speed(design, in_rows, k + m);
  const double stored = count_rows ? in_rows : in_rows / static_cast<double>(design.rows()) * kUsualRows;
  const double a_column = stored / (k + m);
  const double gram = m * (k + 0.5 * m) * a_column / speed + active * active * active / (3 * kBlockSpeed);
  // What sweeps go through lies side by side: an index and a value for each entry.
  return gram > kSweepsExpected * 2 * stored && 1.5 * stored < (k + m) * (k + m);
}

}  // namespace pyreweight
