#include "pyreweight/design.hpp"

#include <cmath>
#include <limits>

#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kRowBlock = 256;  // rows of a packed block: 256 x 64 doubles stay in the second-level cache
constexpr Index kTile = 64;       // columns of a tile of the Gram matrix
constexpr Index kMomentColumns = 32;

Columns slice(const Columns& columns, Index first, Index count) {
  return Columns(columns.begin() + first, columns.begin() + first + count);
}

/// The power of two 2^-e with x 2^-e in [1, 2), kept inside the range of double.
double inverse_power_of_two(double x) {
  if (!(x > 0)) return 1.0;
  return std::ldexp(1.0, std::min(1022, std::max(-1022, -std::ilogb(x))));
}

void mirror_upper(Matrix& a) { a.triangularView<Eigen::StrictlyLower>() = a.transpose(); }

}  // namespace

Design::Design(Index rows, Index cols, const ConstVec& sample_weight) : rows_(rows), cols_(cols) {
  // Divided by the largest weight first, so that weights of 1e300 do not overflow in the sum.
  weights_ = sample_weight / sample_weight.maxCoeff();
  weights_ /= weights_.sum();
  root_weights_ = weights_.cwiseSqrt();
}

/// Weighted mean and second moment about it (about 0 without intercept), two passes per block of columns: the textbook
/// one-pass formula loses all digits of a column with mean 1e8 and deviation 1. Columns are scaled by a power of two on
/// the way, so squares neither overflow nor vanish.
void Design::column_moments(bool fit_intercept, Monitor& monitor) {
  const Index tasks = (cols_ + kMomentColumns - 1) / kMomentColumns;
  parallel_for(tasks, 6.0 * rows_ * kMomentColumns, monitor, [&](Index task) {
    const Index first = task * kMomentColumns, width = std::min(kMomentColumns, cols_ - first);
    Columns columns(width);
    for (Index j = 0; j < width; ++j) columns[j] = first + j;
    Matrix block;
    Vector mean = Vector::Zero(width), largest = Vector::Zero(width), square = Vector::Zero(width);
    Vector drift = Vector::Zero(width);
    const auto for_blocks = [&](const auto& visit) {
      for (Index i = 0; i < rows_; i += kRowBlock) {
        const Index count = std::min(kRowBlock, rows_ - i);
        raw_block(i, count, columns, block);
        visit(weights_.segment(i, count));
      }
    };
    for_blocks([&](const auto& weight) {
      for (Index j = 0; j < width; ++j) {
        largest[j] = std::max(largest[j], (weight.array() > 0).select(block.col(j).array().abs(), 0.0).maxCoeff());
        if (fit_intercept) mean[j] += block.col(j).dot(weight);
      }
    });
    Vector to_unit(width);
    for (Index j = 0; j < width; ++j) to_unit[j] = inverse_power_of_two(largest[j]);
    for_blocks([&](const auto& weight) {
      for (Index j = 0; j < width; ++j) {
        const Eigen::ArrayXd centred = block.col(j).array() * to_unit[j] - mean[j] * to_unit[j];
        drift[j] += (centred * weight.array()).sum();
        square[j] += (centred.square() * weight.array()).sum();
      }
    });
    for (Index j = 0; j < width; ++j) {
      // drift is what rounding left of the mean; the second moment is corrected for it.
      if (fit_intercept) square[j] -= drift[j] * drift[j];
      double deviation = std::sqrt(std::max(square[j], 0.0)) / to_unit[j];
      if (fit_intercept) mean[j] += drift[j] / to_unit[j];
      const double rounding = 10 * std::numeric_limits<double>::epsilon() * largest[j];
      if (fit_intercept && deviation <= rounding) deviation = 0;
      centre_[first + j] = mean[j];
      deviation_[first + j] = deviation;
    }
  });
}

void Design::standardise(bool fit_intercept, bool standardize, Monitor& monitor) {
  centre_ = Vector::Zero(cols_);
  deviation_ = Vector::Zero(cols_);
  column_moments(fit_intercept, monitor);
  scale_ = penalty_unit_ = second_moment_ = unit_ = shift_ = inverse_ = Vector::Zero(cols_);
  for (Index j = 0; j < cols_; ++j) {
    const double d = deviation_[j];
    unit_[j] = inverse_power_of_two(d);
    if (d == 0) continue;
    scale_[j] = standardize ? d : 1 / unit_[j];
    penalty_unit_[j] = standardize ? 1.0 : 1 / scale_[j];
    second_moment_[j] = standardize ? 1.0 : (d * unit_[j]) * (d * unit_[j]);
    shift_[j] = centre_[j] * unit_[j];
    inverse_[j] = 1 / (scale_[j] * unit_[j]);
  }
}

void Design::weighted_block(Index first, Index count, const Columns& columns, Matrix& out) const {
  raw_block(first, count, columns, out);
  for (Index c = 0; c < out.cols(); ++c) {
    const Index j = columns[c];
    out.col(c) =
        ((out.col(c).array() * unit_[j] - shift_[j]) * inverse_[j]) * root_weights_.segment(first, count).array();
  }
}

Matrix Design::gram(const Columns& a, const Columns& b, Monitor& monitor) const {
  const bool symmetric = &a == &b;
  const Index rows = static_cast<Index>(a.size()), cols = static_cast<Index>(b.size());
  Matrix out = Matrix::Zero(rows, cols);
  struct Tile {
    Index row, height, col, width;
  };
  std::vector<Tile> tiles;
  for (Index c = 0; c < cols; c += kTile) {
    for (Index r = 0; r < (symmetric ? c + 1 : rows); r += kTile) {
      tiles.push_back({r, std::min(kTile, rows - r), c, std::min(kTile, cols - c)});
    }
  }
  // Each tile packs its own columns, a block of rows at a time: a 1/32 overhead on the products that buys centred data,
  // any storage order and no shared accumulators. Long columns are cut so that the monitor is polled.
  constexpr Index kRowsPerRegion = 64 * kRowBlock;
  for (Index begin = 0; begin < rows_; begin += kRowsPerRegion) {
    const Index end = std::min(rows_, begin + kRowsPerRegion);
    parallel_for(static_cast<Index>(tiles.size()), 2.0 * (end - begin) * kTile * kTile, monitor, [&](Index task) {
      const Tile& t = tiles[task];
      const Columns left = slice(a, t.row, t.height), right = slice(b, t.col, t.width);
      const bool diagonal = symmetric && t.row == t.col;
      Matrix packed_left, packed_right, product = Matrix::Zero(t.height, t.width);
      for (Index i = begin; i < end; i += kRowBlock) {
        const Index count = std::min(kRowBlock, end - i);
        weighted_block(i, count, right, packed_right);
        if (!diagonal) weighted_block(i, count, left, packed_left);
        product.noalias() += (diagonal ? packed_right : packed_left).transpose() * packed_right;
      }
      out.block(t.row, t.col, t.height, t.width) += product;
    });
  }
  if (symmetric) mirror_upper(out);
  return out;
}

Matrix Design::dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const {
  Matrix out = Matrix::Zero(rows_, rows_);
  struct Tile {
    Index row, height, col, width;
  };
  std::vector<Tile> tiles;
  for (Index c = 0; c < rows_; c += kTile) {
    for (Index r = 0; r <= c; r += kTile)
      tiles.push_back({r, std::min(kTile, rows_ - r), c, std::min(kTile, rows_ - c)});
  }
  const Index k = static_cast<Index>(columns.size());
  constexpr Index kColumnsPerRegion = 4096;
  for (Index begin = 0; begin < k; begin += kColumnsPerRegion) {
    const Index end = std::min(k, begin + kColumnsPerRegion);
    parallel_for(static_cast<Index>(tiles.size()), 2.0 * (end - begin) * kTile * kTile, monitor, [&](Index task) {
      const Tile& t = tiles[task];
      Matrix left, right, product = Matrix::Zero(t.height, t.width);
      for (Index j = begin; j < end; j += kRowBlock) {
        const Columns part = slice(columns, j, std::min(kRowBlock, end - j));
        weighted_block(t.row, t.height, part, left);
        left.array().rowwise() *= tau.segment(j, left.cols()).transpose().array();
        weighted_block(t.col, t.width, part, right);
        product.noalias() += left * right.transpose();
      }
      out.block(t.row, t.col, t.height, t.width) += product;
    });
  }
  mirror_upper(out);
  return out;
}

}  // namespace pyreweight
