#include "pyreweight/reduced_rows.hpp"

#include <cmath>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/rounding.hpp"

namespace pyreweight {
namespace {

constexpr Index kRowsPerColumn = 5;
// One solve visits X a few times at the speed of memory, 2 n p operations each; the Gram matrix takes n p^2 operations
// at the speed of the processor, which is about ten times higher.
constexpr Index kColumnsPerSolve = 40;
// Of a pivot to its diagonal entry: below it the errors of the Gram matrix, squares of those of the data, would show.
constexpr double kIndependent = 1e-7;

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

}  // namespace

bool worth_reducing(Index rows, Index cols, Index solves) {
  return cols > 0 && solves > 1 && rows >= kRowsPerColumn * (cols + 1) && cols <= kColumnsPerSolve * solves;
}

Matrix factor_rows(const Design& design, Index solves, Monitor& monitor) {
  const Index p = design.cols();
  if (!worth_reducing(design.rows(), p, solves)) return {};
  const Columns columns = all_columns(p);
  return factor_gram(design, design.gram(columns, columns, monitor), monitor);
}

Matrix factor_gram(const Design& design, Matrix gram, Monitor& monitor) {
  const Index p = gram.cols();
  Matrix& R = gram;
  for (Index j = 0; j < p; ++j) {
    if (design.scale()[j] == 0) R(j, j) = 1;  // constant: out of every model, and here not to be a zero pivot
  }
  const Vector diagonal = R.diagonal();
  if (!cholesky(R, monitor)) return {};
  for (Index j = 0; j < p; ++j) {
    if (!(R(j, j) * R(j, j) > kIndependent * diagonal[j])) return {};
  }
  return R;
}

ReducedRows reduce_rows(const Design& design, const Matrix& R, const Vector& target, Monitor& monitor) {
  const Index p = R.cols(), m = p + 1;
  if (p == 0) return {};
  const Vector weighted = target.cwiseProduct(design.row_weights());
  Vector projection(p);
  design.correlate(weighted, projection, monitor);
  R.triangularView<Eigen::Upper>().transpose().solveInPlace(projection);
  // What least squares leave; from the rows where they fit so well that the difference of squares drowns in rounding.
  const double square = target.dot(weighted);
  double rest = square - projection.squaredNorm();
  if (!(rest > kCancellation * square)) {
    Vector residual = target;
    design.combine(all_columns(p), -R.triangularView<Eigen::Upper>().solve(projection), residual, monitor);
    rest = residual.cwiseAbs2().dot(design.row_weights());
  }

  const double root = std::sqrt(static_cast<double>(m));
  ReducedRows reduced;
  Matrix rows = Matrix::Zero(m, p);
  rows.topRows(p).triangularView<Eigen::Upper>() = root * R;
  for (Index j = 0; j < p; ++j) {
    if (design.scale()[j] == 0) rows.col(j).setZero();
  }
  reduced.target.resize(m);
  reduced.target.head(p) = root * projection;
  reduced.target[p] = root * std::sqrt(rest);
  reduced.design = std::make_unique<ReducedDesign>(design, std::move(rows));
  return reduced;
}

}  // namespace pyreweight
