#include "pyreweight/fold_products.hpp"

#include <cmath>
#include <utility>

#include "pyreweight/columns.hpp"
#include "pyreweight/reduced_rows.hpp"

namespace pyreweight {
namespace {

// Of the variance of all rows, what the training rows have: less would show in the last digits.
constexpr double kLeastVariance = 1e-6;
// Scales whose squares neither overflow nor vanish.
constexpr double kLargestScale = 1e100;
constexpr Index kGuessedRows = 1024;
// Of the centre: a smaller deviation may be rounding.
constexpr double kLeastDeviation = 1e-8;
// So few columns that their Gram matrix takes no longer than visits of X.
constexpr Index kColumnsForOneSolve = 128;
// An X of fewer entries stays in the second-level cache, where one more visit costs next to nothing.
constexpr double kCachedEntries = 250000;

}  // namespace

bool folds_worth_sharing(double stored, Index cols, Index folds, Index solves) {
  const double products = static_cast<double>(folds) * static_cast<double>(cols * (cols + 2));
  return stored >= products && worth_reducing(stored, cols, solves);
}

bool whole_gram_pays(Index rows, Index cols, Index solves) {
  const double stored = static_cast<double>(rows) * static_cast<double>(cols);
  if (stored < kCachedEntries) return false;
  if (solves != 1) return worth_reducing(stored, cols, solves);
  return cols <= kColumnsForOneSolve && worth_reducing(stored, cols, kColumnsForOneSolve);
}

KnownMoments guess_moments(const Design& design, bool fit_intercept) {
  const Index count = std::min(design.rows(), kGuessedRows);
  Matrix block;
  design.raw_block(0, count, all_columns(design.cols()), block);
  KnownMoments guess{Vector::Zero(design.cols()), Vector(design.cols()), {}};
  for (Index j = 0; j < design.cols(); ++j) {
    auto column = block.col(j).array();
    const double mean = column.mean();
    if (fit_intercept) guess.centre[j] = mean;
    guess.deviation[j] = std::sqrt((column - guess.centre[j]).square().mean());
    const double deviation = guess.deviation[j];
    const bool moderate = deviation * kLargestScale > 1 && deviation < kLargestScale;
    if (!moderate || !(deviation > kLeastDeviation * std::abs(mean))) return {};
  }
  return guess;
}

FoldProducts fold_products(const Design& design, const Target& target, const std::vector<Index>& fold, Index folds,
                           Monitor& monitor) {
  Matrix more(design.rows(), 2);
  more << Vector::Ones(design.rows()), target.values;
  ClassSums sums = design.class_sums(more, fold, folds + 1, monitor);
  const Vector centre = design.centre() - sums.offset.cwiseProduct(design.scale());
  return {centre, design.scale(), target.mean, target.scale, sums.least_share, std::move(sums.sums)};
}

TrainingProducts::TrainingProducts(const FoldProducts& products, Index left_out, bool fit_intercept)
    : products_(products), left_out_(left_out) {
  const Index p = products.centre.size();
  means_ = Matrix::Zero(p + 2, p + 2);
  for (size_t k = 0; k < products.sums.size(); ++k) {
    if (static_cast<Index>(k) != left_out) means_ += products.sums[k];
  }
  means_ /= means_(p, p);
  centre_ = Vector::Zero(p + 1);
  if (fit_intercept) {
    centre_.head(p) = means_.col(p).head(p);
    centre_[p] = means_(p, p + 1);
  }
  usable_ = means_.allFinite();
  for (Index j = 0; j <= p && usable_; ++j) {
    const double scale = j < p ? products.scale[j] : products.target_scale;
    if (j < p && scale == 0) continue;
    const double square = j < p ? means_(j, j) : means_(p + 1, p + 1), variance = square - centre_[j] * centre_[j];
    if (j < p && square == 0) continue;  // all zero in these rows, as a rare level of a category may be
    usable_ = variance >= kLeastVariance && variance >= products.least_share * square && scale < kLargestScale &&
              1 / scale < kLargestScale;
  }
}

KnownMoments TrainingProducts::moments() const {
  const Index p = products_.centre.size();
  const Vector& scale = products_.scale;
  KnownMoments known;
  known.centre = products_.centre + centre_.head(p).cwiseProduct(scale);
  const Vector variance = means_.diagonal().head(p) - centre_.head(p).cwiseAbs2();
  known.deviation = variance.cwiseMax(0).cwiseSqrt().cwiseProduct(scale);
  known.products = (means_.col(p + 1).head(p) - centre_[p] * centre_.head(p)).cwiseProduct(scale);
  known.products *= products_.target_scale;
  return known;
}

/// Of (z, t) times `units`, about the centre of the training rows: means of products over any rows.
Matrix TrainingProducts::in_units(const Matrix& means, const Vector& units) const {
  const Index p = products_.centre.size();
  Matrix out(p + 1, p + 1);
  const auto place = [p](Index j) { return j < p ? j : p + 1; };
  for (Index b = 0; b <= p; ++b) {
    for (Index a = 0; a <= p; ++a) {
      const double moved =
          means(place(a), place(b)) - centre_[a] * means(p, place(b)) - centre_[b] * means(place(a), p);
      out(a, b) = (moved + centre_[a] * centre_[b]) * units[a] * units[b];
    }
  }
  return out;
}

Vector TrainingProducts::units(const Design& design, double target_scale) const {
  const Index p = products_.centre.size();
  Vector out(p + 1);
  for (Index j = 0; j < p; ++j) out[j] = design.scale()[j] > 0 ? products_.scale[j] / design.scale()[j] : 0.0;
  out[p] = products_.target_scale / target_scale;
  return out;
}

Matrix TrainingProducts::gram(const Design& design) const {
  const Index p = design.cols();
  return in_units(means_, units(design, 1)).topLeftCorner(p, p);
}

Matrix TrainingProducts::test_products(const Design& design, double target_scale) const {
  const Index p = design.cols();
  if (left_out_ < 0) return {};
  const Matrix& sums = products_.sums[static_cast<size_t>(left_out_)];
  if (!(sums(p, p) > 0)) return {};
  return in_units(sums / sums(p, p), units(design, target_scale));
}

}  // namespace pyreweight
