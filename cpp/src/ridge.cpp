#include "pyreweight/ridge.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

// A dual system loses digits to the decades between the entries of rho^-1 that make up its rank; columns this much
// above the others are eliminated instead.
constexpr double kNearlyFree = 1e4;

/// The rho under which a column counts as nearly free among k > n columns.
double nearly_free_below(const ConstVec& rho, Index rows) {
  Vector sorted = rho;
  std::nth_element(sorted.begin(), sorted.begin() + (rows - 1), sorted.end());
  return std::min(1.0, sorted[rows - 1]) / kNearlyFree;
}

/// A^1/2 and I - A, diagonals, for A = diag(1 / (1 + rho)).
std::pair<Vector, Vector> alpha_form(const ConstVec& rho) {
  Vector root(rho.size()), rest(rho.size());
  for (Index j = 0; j < rho.size(); ++j) {
    root[j] = std::sqrt(1 / (1 + rho[j]));
    rest[j] = std::isinf(rho[j]) ? 1.0 : rho[j] / (1 + rho[j]);
  }
  return {root, rest};
}

/// Solves a symmetric positive semidefinite system; the ridge that makes a singular one definite is the smallest that
/// does, in units of the diagonal. std::invalid_argument when the system holds anything that is not finite.
Vector solve_semidefinite(const Matrix& a, const Vector& b, Monitor& monitor) {
  Vector x;
  const double diagonal = std::max(a.diagonal().maxCoeff(), std::numeric_limits<double>::min());
  for (double ridge = 0; ridge < 1 && a.allFinite() && b.allFinite(); ridge = std::max(1e-15, 100 * ridge)) {
    Matrix shifted = a;
    shifted.diagonal().array() += ridge * diagonal;
    if (solve_positive_definite(shifted, b, x, monitor)) return x;
  }
  throw std::invalid_argument(
      "X, y and alpha are in units so far apart that the problem leaves the range of double precision; rescale them");
}

}  // namespace

Matrix RidgeSolver::gram_of(const Columns& columns) {
  // The columns shrink from one reweighting to the next, so the first Gram matrix holds all later ones.
  if (!std::includes(cached_.begin(), cached_.end(), columns.begin(), columns.end())) {
    cached_ = columns;
    gram_ = design_.gram(columns, columns, monitor_);
  }
  if (cached_.size() == columns.size()) return gram_;
  Columns place(columns.size());
  for (size_t i = 0, at = 0; i < columns.size(); ++i) {
    while (cached_[at] != columns[i]) ++at;
    place[i] = static_cast<Index>(at);
  }
  return submatrix(gram_, place);
}

Vector RidgeSolver::correlations(const Columns& columns, const Vector& y) {
  Vector all(design_.cols());
  design_.correlate(y.cwiseProduct(design_.row_weights()), all, monitor_);
  return gather(all, columns);
}

Vector RidgeSolver::solve(const Columns& columns, const ConstVec& rho, const Vector& y) {
  if (columns.empty()) return Vector();
  const double n = static_cast<double>(design_.rows()), k = static_cast<double>(columns.size());
  const bool known = std::includes(cached_.begin(), cached_.end(), columns.begin(), columns.end());
  const double primal_cost = k * k * k / 3 + (known ? 0.0 : n * k * k);
  const double dual_cost = n * n * n / 3 + n * n * k;
  return k > n && dual_cost < primal_cost ? dual(columns, rho, y) : primal(columns, rho, y);
}

bool RidgeSolver::shifted_solve(const Columns& columns, const ConstVec& diagonal, const ConstVec& right, Vector& x) {
  Matrix system = gram_of(columns);
  system.diagonal() += diagonal;
  return solve_positive_definite(system, right, x, monitor_);
}

Vector RidgeSolver::solve_near(const Columns& columns, const ConstVec& rho, const ConstVec& v,
                               const ConstVec& residual) const {
  const Index n = design_.rows(), k = rho.size();
  const Vector root_weights = design_.row_weights().cwiseSqrt();
  const auto [root, rest] = alpha_form(rho);
  const Vector ridge = rest.cwiseSqrt();
  Matrix rows, system = Matrix::Zero(n + k, k);
  design_.weighted_block(0, n, columns, root_weights, rows);
  system.topRows(n) = rows * root.asDiagonal();
  system.bottomRows(k).diagonal() = ridge;
  Vector right(n + k);
  right.head(n) = root_weights.cwiseProduct(residual);
  for (Index j = 0; j < k; ++j) right[n + j] = root[j] > 0 ? -ridge[j] * v[j] / root[j] : 0.0;
  return v + root.cwiseProduct(Vector(system.colPivHouseholderQr().solve(right)));
}

Vector RidgeSolver::primal(const Columns& columns, const ConstVec& rho, const Vector& y) {
  Matrix system = gram_of(columns);
  const Index k = system.cols();
  const auto [root, rest] = alpha_form(rho);
  for (Index c = 0; c < k; ++c) {
    system.col(c).array() *= root.array() * root[c];
    system(c, c) += rest[c];
  }
  const Vector right = root.cwiseProduct(correlations(columns, y));
  return root.cwiseProduct(solve_semidefinite(system, right, monitor_));
}

Vector RidgeSolver::dual(const Columns& columns, const ConstVec& rho, const Vector& y) {
  Columns ridged, free;
  Columns ridged_at, free_at;  // where they stand in `columns`
  const double threshold = nearly_free_below(rho, design_.rows());
  for (Index i = 0; i < rho.size(); ++i) {
    const bool is_free = rho[i] <= threshold;
    (is_free ? free : ridged).push_back(columns[i]);
    (is_free ? free_at : ridged_at).push_back(i);
  }
  const Vector tau = gather(rho, ridged_at).cwiseInverse();
  Matrix factor = design_.dual_gram(ridged, tau, monitor_);
  factor.diagonal().array() += 1.0;
  // Definite, but not always to working precision: tau may span more decades than a double.
  if (!cholesky(factor, monitor_)) return primal(columns, rho, y);
  const auto upper = std::as_const(factor).triangularView<Eigen::Upper>();
  const auto whiten = [&](Matrix& block) { upper.transpose().solveInPlace(block); };

  const Vector root = design_.row_weights().cwiseSqrt();
  Matrix target = root.cwiseProduct(y);
  whiten(target);
  Vector free_coef(free.size());
  if (!free.empty()) {
    Matrix block = Matrix::Zero(design_.rows(), static_cast<Index>(free.size()));
    for (size_t i = 0; i < free.size(); ++i) {
      Vector column = Vector::Zero(design_.rows());
      design_.combine({free[i]}, Vector::Ones(1), column, monitor_);
      block.col(static_cast<Index>(i)) = root.cwiseProduct(column);
    }
    whiten(block);
    Matrix normal = block.transpose() * block;
    normal.diagonal() += gather(rho, free_at);
    free_coef = solve_semidefinite(normal, block.transpose() * target, monitor_);
    target.noalias() -= block * free_coef;
  }
  Vector dual = target.col(0);
  upper.solveInPlace(dual);
  Vector all(design_.cols());
  design_.correlate(dual.cwiseProduct(root), all, monitor_);
  return scatter(tau.cwiseProduct(gather(all, ridged)), ridged_at, rho.size()) +
         scatter(free_coef, free_at, rho.size());
}

}  // namespace pyreweight
