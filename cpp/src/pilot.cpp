#include "pyreweight/pilot.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/block_products.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/gram_solver.hpp"

namespace pyreweight {
namespace {

constexpr Index kBlock = 248;  // rows that are taken together
constexpr Index kLeastColumns = 20, kRowsPerColumn = 20;
// So few columns come in all at once where the part says little: the products among them take no longer than the rounds
// that would otherwise follow.
constexpr Index kNotManyColumns = 128;
// Products in the time of an entry of a round over all rows, which comes from memory.
constexpr double kEntryOfRound = 18;
// Share of its level from which a column at zero may leave it on all rows.
constexpr double kMayLeave = 0.9;

/// What a part of the rows, blocks of them since the rows may be sorted, says of Z' diag(pi) Z and Z' diag(pi) y.
struct Part {
  Part(const Problem& problem, const Columns& everyone, Index step)
      : gram(Matrix::Zero(problem.design.cols(), problem.design.cols())),
        correlations(Vector::Zero(problem.design.cols())) {
    const Vector root = problem.design.row_weights().cwiseSqrt();
    Matrix block;
    BlockProducts products;
    double weight = 0;
    for (Index first = 0; first + kBlock <= problem.design.rows(); first += step * kBlock) {
      problem.monitor.poll();
      problem.design.weighted_block(first, kBlock, everyone, root, block);
      products.add_upper(block, gram);
      const auto part = root.segment(first, kBlock);
      correlations += block.transpose() * part.cwiseProduct(problem.target.segment(first, kBlock));
      weight += part.squaredNorm();
    }
    gram.triangularView<Eigen::StrictlyLower>() = gram.transpose();
    gram /= weight;
    correlations /= weight;
  }

  Matrix gram;
  Vector correlations;
};

}  // namespace

Columns pilot_columns(const Problem& problem, const Regularizer& regularizer) {
  const Design& design = problem.design;
  const Index n = design.rows(), p = design.cols(), rows = kRowsPerColumn * p;
  // The Gram matrix of the part takes about as long as a round, and the part is not most of the rows.
  if (p < kLeastColumns || n < p * p || n < 4 * rows) return {};
  const Columns everyone = all_columns(p);
  if (design.stored(everyone) < static_cast<double>(n) * static_cast<double>(p)) return {};  // sparse rounds are cheap
  const Part part(problem, everyone, n / rows);
  if (!part.gram.allFinite()) return {};  // its rows do not count
  GramSolver solver(problem.monitor);
  Vector l1, l2;
  regularizer.own_terms(l1, l2);
  solver.append(Matrix(0, p), part.gram, part.correlations);
  solver.solve(l1, l2);
  Columns found;
  for (Index j = 0; j < p; ++j) {
    if (solver.v()[j] != 0 || std::abs(solver.correlations()[j]) > kMayLeave * l1[j]) found.push_back(j);
  }
  // More of them are due to chance, as the noise of the part is not small beside the level.
  const auto most = static_cast<size_t>(std::sqrt(2 * kEntryOfRound * static_cast<double>(p)));
  if (found.size() <= most) return found;
  if (p <= kNotManyColumns) return everyone;
  const auto weight = [&](Index j) {
    return solver.v()[j] != 0 ? 1 + std::abs(solver.v()[j]) : std::abs(solver.correlations()[j]) / l1[j];
  };
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(most);
  std::nth_element(found.begin(), end, found.end(), [&](Index i, Index j) { return weight(i) > weight(j); });
  found.erase(end, found.end());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace pyreweight
