#include "pyreweight/reduced_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/random.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr double kRowsPerColumn = 5;
// One solve visits X a few times at the speed of memory, 2 n p operations each; the Gram matrix takes n p^2 operations
// at the speed of the processor, which is about ten times higher. Of sparse X it takes half the entries of a row for
// each visit, mostly less, and the factor p^3 / 3, no more than the visits with so many entries for a column.
constexpr Index kColumnsPerSolve = 40;
// Of a pivot to its diagonal entry: below it the errors of the Gram matrix, squares of those of the data, would show.
constexpr double kIndependent = 1e-7;
constexpr Index kFactorColumns = 64;
// Of the root mean square of a sum of columns whose terms are independent: what rounding leaves where it is zero.
constexpr double kRounding = 1e-12;

class ReducedDesign final : public Design {
 public:
  /// `rows` (m, p) holds the centred and scaled rows times sqrt(m).
  ReducedDesign(const Design& original, Matrix rows)
      : Design(rows.rows(), rows.cols(), Vector::Ones(rows.rows())), Z_(std::move(rows)) {
    centre_ = original.centre();
    scale_ = original.scale();
    deviation_ = original.deviation();
    penalty_unit_ = original.penalty_unit();
    second_moment_ = original.second_moment();
    unit_ = inverse_ = Vector::Ones(cols_);
    shift_ = Vector::Zero(cols_);
  }

  void correlate(const ConstVec& u, MutVec out, Monitor&) const override { out.noalias() = Z_.transpose() * u; }

  void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor&) const override {
    for (Index c = 0; c < out.size(); ++c) out[c] = Z_.col(columns[static_cast<size_t>(c)]).dot(u);
  }

  void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor&) const override {
    for (Index c = 0; c < coef.size(); ++c) out += coef[c] * Z_.col(columns[static_cast<size_t>(c)]);
  }

  void append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const override {
    append_all_rows(Z_.col(j).array(), rows, values);
  }

  double stored(const Columns& columns) const override {
    return static_cast<double>(rows_) * static_cast<double>(columns.size());
  }

  void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const override {
    out.resize(count, static_cast<Index>(columns.size()));
    for (Index c = 0; c < out.cols(); ++c) out.col(c) = Z_.col(columns[static_cast<size_t>(c)]).segment(first, count);
  }

 private:
  Matrix Z_;
};

/// Columns with enough of their own beside the earlier ones, and those without.
struct Parts {
  Columns independent, dependent;
};

/// All columns but the constant ones are independent.
Parts all_but_constant(const Design& design) {
  Parts parts;
  for (Index j = 0; j < design.cols(); ++j) (design.scale()[j] > 0 ? parts.independent : parts.dependent).push_back(j);
  return parts;
}

Parts tell_apart(const Design& design, const Matrix& gram, Monitor& monitor) {
  Parts parts;
  UpdatableCholesky factor;
  for (Index first = 0; first < gram.cols(); first += kFactorColumns) {
    monitor.poll();
    Columns block;
    for (Index j = first; j < std::min(gram.cols(), first + kFactorColumns); ++j) {
      (design.scale()[j] > 0 ? block : parts.dependent).push_back(j);
    }
    const Matrix cross = gram(parts.independent, block);
    const std::vector<char> taken = factor.append_independent(cross, submatrix(gram, block), kIndependent);
    for (size_t c = 0; c < block.size(); ++c) (taken[c] ? parts.independent : parts.dependent).push_back(block[c]);
  }
  return parts;
}

/// R of the independent columns; false where they are not.
bool factor_part(const Matrix& gram, const Columns& independent, Matrix& factor, Monitor& monitor) {
  factor = submatrix(gram, independent);
  const Vector diagonal = factor.diagonal();
  return cholesky(factor, monitor) && (factor.diagonal().array().square() > kIndependent * diagonal.array()).all();
}

/// Whether the independent columns make the others up in every row that counts: what the rows leave of a random
/// combination of these, as a Gram matrix has only its square, which drowns in rounding. `others` is
/// R^-T Z_independent' diag(pi) Z_dependent.
bool makes_up(const Design& design, const Parts& parts, const Matrix& factor, const Matrix& others, Monitor& monitor) {
  Vector probe = Vector::Zero(others.cols());
  for (Index c = 0; c < probe.size(); ++c) {
    if (design.scale()[parts.dependent[static_cast<size_t>(c)]] == 0) continue;
    const Words words = philox({static_cast<std::uint32_t>(c), 0, 0, 0}, {0, 0});
    probe[c] = (words[0] % 2 == 0 ? 1 : -1) * (1 + uniform(words[1]));  // none nearly left out
  }
  if (probe.isZero(0)) return true;
  const Vector shares = -factor.triangularView<Eigen::Upper>().solve(others * probe);
  Vector rest = Vector::Zero(design.rows());
  design.combine(parts.dependent, probe, rest, monitor);
  design.combine(parts.independent, shares, rest, monitor);
  const double terms = probe.squaredNorm() + shares.squaredNorm();
  return rest.cwiseAbs2().dot(design.row_weights()) <= kRounding * kRounding * terms;
}

}  // namespace

bool worth_reducing(double stored, Index cols, Index solves) {
  const double p = static_cast<double>(cols);
  return cols > 0 && solves > 1 && stored >= kRowsPerColumn * p * (p + 1) && cols <= kColumnsPerSolve * solves;
}

Matrix factor_rows(const Design& design, Index solves, Monitor& monitor) {
  const Columns columns = all_columns(design.cols());
  if (!worth_reducing(design.stored(columns), design.cols(), solves)) return {};
  return factor_gram(design, design.gram(columns, columns, monitor), monitor);
}

Matrix factor_gram(const Design& design, Matrix gram, Monitor& monitor) {
  Parts parts = all_but_constant(design);
  Matrix factor;
  if (!factor_part(gram, parts.independent, factor, monitor)) {
    parts = tell_apart(design, gram, monitor);
    if (!factor_part(gram, parts.independent, factor, monitor)) return {};
  }
  Matrix others = gram(parts.independent, parts.dependent);
  if (others.size() > 0) factor.triangularView<Eigen::Upper>().transpose().solveInPlace(others);
  if (!makes_up(design, parts, factor, others, monitor)) return {};

  Matrix& R = gram.setZero();
  for (size_t i = 0; i < parts.independent.size(); ++i) {
    const Index row = parts.independent[i], at = static_cast<Index>(i);
    for (size_t c = i; c < parts.independent.size(); ++c) R(row, parts.independent[c]) = factor(at, c);
    for (size_t c = 0; c < parts.dependent.size(); ++c) {
      if (parts.dependent[c] > row) R(row, parts.dependent[c]) = others(at, c);
    }
  }
  return gram;
}

ReducedRows reduce_rows(const Design& design, const Matrix& R, const Vector& target, Monitor& monitor) {
  const Index p = R.cols(), m = p + 1;
  if (p == 0) return {};
  Matrix rows = Matrix::Zero(m, p);
  rows.topRows(p).triangularView<Eigen::Upper>() = R;
  // With 1 for a pivot of 0, whose row is zero: the equations of the other columns stay the same.
  const Eigen::Array<bool, Eigen::Dynamic, 1> zero = R.diagonal().array() == 0;
  rows.diagonal() += zero.cast<double>().matrix();
  const auto triangle = rows.topRows(p).triangularView<Eigen::Upper>();
  const Vector weighted = target.cwiseProduct(design.row_weights());
  Vector projection(p);
  design.correlate(weighted, projection, monitor);
  triangle.transpose().solveInPlace(projection);
  projection = zero.select(0.0, projection);
  // What least squares leave; from the rows where they fit so well that the difference of squares drowns in rounding.
  const double square = target.dot(weighted);
  double rest = square - projection.squaredNorm();
  if (!(rest > kCancellation * square)) {
    Vector residual = target;
    design.combine(all_columns(p), -triangle.solve(projection), residual, monitor);
    rest = residual.cwiseAbs2().dot(design.row_weights());
  }

  const double root = std::sqrt(static_cast<double>(m));
  ReducedRows reduced;
  rows.diagonal() = R.diagonal();
  rows *= root;
  reduced.target.resize(m);
  reduced.target.head(p) = root * projection;
  reduced.target[p] = root * std::sqrt(rest);
  reduced.design = std::make_unique<ReducedDesign>(design, std::move(rows));
  return reduced;
}

}  // namespace pyreweight
