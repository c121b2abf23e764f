#include "pyreweight/fold_products.hpp"

#include <cmath>

#include "pyreweight/block_products.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/reduced_rows.hpp"
#include "pyreweight/tiles.hpp"

namespace pyreweight {
namespace {

// Rows that are packed together where those of different folds alternate, in blocks for each of that many folds.
constexpr Index kMixedBlocks = 5;
// Of the second moment about the centre of all rows, what centring leaves, and of the variance of all rows, what the
// training rows have: less would show in the last digits.
constexpr double kLeastShare = 0.1, kLeastVariance = 1e-6;
// Scales whose squares neither overflow nor vanish.
constexpr double kLargestScale = 1e100;
constexpr Index kGuessedRows = 1024;
// Of the centre: a smaller deviation may be rounding.
constexpr double kLeastDeviation = 1e-8;
// So few columns that their Gram matrix takes no longer than visits of X.
constexpr Index kColumnsForOneSolve = 128;
// An X of fewer entries stays in the second-level cache, where one more visit costs next to nothing.
constexpr Index kCachedEntries = 250000;

/// Columns [first, first + count) of (Z, 1, t), times `root`, the roots of the row weights.
void pack(const Design& design, const Vector& target, const Vector& root, Index row, Index rows, Index first,
          Index count, Matrix& out) {
  const Index p = design.cols(), of_design = std::max<Index>(0, std::min(p - first, count));
  Columns columns = all_columns(of_design);
  for (Index& j : columns) j += first;
  design.weighted_block(row, rows, columns, root, out);
  if (of_design == count) return;
  out.conservativeResize(Eigen::NoChange, count);
  const auto part = root.segment(row, rows);
  for (Index c = of_design; c < count; ++c) {
    out.col(c) = part;
    if (first + c > p) out.col(c).array() *= target.segment(row, rows).array();
  }
}

/// Adds left'right over the rows of each fold to its sums; `fold` are the folds of these rows.
void add_by_folds(const Matrix& left, const Matrix& right, bool symmetric, const Index* fold, BlockProducts& products,
                  std::vector<Matrix>& sums) {
  std::vector<Columns> rows(sums.size());
  for (Index i = 0; i < right.rows(); ++i) rows[static_cast<size_t>(fold[i])].push_back(i);
  for (size_t k = 0; k < sums.size(); ++k) {
    const auto count = static_cast<Index>(rows[k].size());
    if (count == 0) continue;
    if (count == right.rows()) {
      symmetric ? products.add_upper(right, sums[k]) : products.add(left, right, sums[k]);
      continue;
    }
    for (Index i = 0; i < count; i += kRowBlock) {
      const Columns part(rows[k].begin() + i, rows[k].begin() + std::min(count, i + kRowBlock));
      const Matrix own = right(part, Eigen::all);
      if (symmetric) {
        products.add_upper(own, sums[k]);
      } else {
        products.add(left(part, Eigen::all), own, sums[k]);
      }
    }
  }
}

}  // namespace

bool folds_worth_sharing(Index rows, Index cols, Index folds, Index solves) {
  return cols > 0 && rows >= folds * (cols + 2) && worth_reducing(rows, cols, solves);
}

bool whole_gram_pays(Index rows, Index cols, Index solves) {
  if (rows * cols < kCachedEntries) return false;
  if (solves != 1) return worth_reducing(rows, cols, solves);
  return cols <= kColumnsForOneSolve && worth_reducing(rows, cols, kColumnsForOneSolve);
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
  const Index size = design.cols() + 2, classes = folds + 1;
  const std::vector<Tile> tiles = make_tiles(size, size, gram_tile(size, size), true);
  const Index parts = static_cast<Index>(tiles.size()) >= kRowParts ? 1 : kRowParts;
  using Sums = std::vector<Matrix>;
  std::vector<Sums> products;
  for (const Tile& t : tiles) {
    for (Index part = 0; part < parts; ++part) {
      products.emplace_back(static_cast<size_t>(classes), Matrix::Zero(t.height, t.width));
    }
  }
  const Vector root = design.row_weights().cwiseSqrt();
  const double area = static_cast<double>(size * size) / static_cast<double>(tiles.size());
  for (Index begin = 0; begin < design.rows(); begin += kRegionRows) {
    const Index height = std::min(kRegionRows, design.rows() - begin), share = (height + parts - 1) / parts;
    parallel_for(static_cast<Index>(products.size()), share * area, monitor, [&](Index task) {
      const Tile& t = tiles[static_cast<size_t>(task / parts)];
      const Index first = begin + (task % parts) * share, last = std::min(begin + height, first + share);
      Matrix left, right;
      BlockProducts of_blocks;
      for (Index i = first, count = 0; i < last; i += count) {
        count = std::min(kRowBlock, last - i);
        const Index* of_rows = fold.data() + i;
        const bool alternate = std::any_of(of_rows, of_rows + count, [&](Index k) { return k != *of_rows; });
        if (alternate) count = std::min(kMixedBlocks * kRowBlock, last - i);
        if ((root.segment(i, count).array() == 0).all()) continue;
        pack(design, target.values, root, i, count, t.col, t.width, right);
        if (t.row != t.col) pack(design, target.values, root, i, count, t.row, t.height, left);
        add_by_folds(left, right, t.row == t.col, of_rows, of_blocks, products[static_cast<size_t>(task)]);
      }
    });
  }
  FoldProducts out{design.centre(), design.scale(), target.mean, target.scale, {}};
  for (Index k = 0; k < classes; ++k) {
    Matrix sum = Matrix::Zero(size, size);
    for (size_t task = 0; task < products.size(); ++task) {
      const Tile& t = tiles[task / static_cast<size_t>(parts)];
      sum.block(t.row, t.col, t.height, t.width) += products[task][static_cast<size_t>(k)];
    }
    mirror_upper(sum);
    out.sums.push_back(std::move(sum));
  }
  return out;
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
    usable_ = variance >= kLeastVariance && variance >= kLeastShare * square && scale < kLargestScale &&
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
