#include "pyreweight/design.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "pyreweight/block_products.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

// Rows of a packed block, which stays in the second-level cache; not a power of two, so that columns that follow each
// other do not compete for the same lines of the first-level cache.
constexpr Index kRowBlock = 248;
constexpr Index kGramTile = 192;      // columns of a tile of the Gram matrix
constexpr Index kDualTile = 64;       // rows of a tile of the dual Gram matrix
constexpr Index kRegionRows = 16384;  // rows between two polls of the monitor
constexpr Index kRowParts = 4;        // parts the rows of a region are shared out in
constexpr Index kMomentColumns = 16, kMomentRows = 1024;

Columns slice(const Columns& columns, Index first, Index count) {
  return Columns(columns.begin() + first, columns.begin() + first + count);
}

struct Tile {
  Index row, height, col, width;
};

/// Covers a matrix by tiles; of a symmetric one, the tiles on and above the diagonal.
std::vector<Tile> make_tiles(Index rows, Index cols, Index size, bool symmetric) {
  std::vector<Tile> tiles;
  for (Index c = 0; c < cols; c += size) {
    for (Index r = 0; r < (symmetric ? c + 1 : rows); r += size) {
      tiles.push_back({r, std::min(size, rows - r), c, std::min(size, cols - c)});
    }
  }
  return tiles;
}

void mirror_upper(Matrix& a) { a.triangularView<Eigen::StrictlyLower>() = a.transpose(); }

}  // namespace

Design::Design(Index rows, Index cols, const ConstVec& sample_weight) : rows_(rows), cols_(cols) {
  // Divided by the largest weight first, so that weights of 1e300 do not overflow in the sum.
  weights_ = sample_weight / sample_weight.maxCoeff();
  weights_ /= weights_.sum();
  root_weights_ = weights_.cwiseSqrt();
}

double Design::inverse_power_of_two(double x) {
  if (!(x > 0)) return 1.0;
  return std::ldexp(1.0, std::min(1022, std::max(-1022, -std::ilogb(x))));
}

/// Weighted mean and deviation of the columns, a block at a time. The textbook one-pass formula loses all digits of a
/// column with mean 1e8 and deviation 1; shifted by the mean of the first rows it is safe for almost every column, and
/// where it is not (sorted rows, extreme units, nearly constant columns) the column is visited twice more.
void Design::column_moments(bool fit_intercept, Monitor& monitor) {
  const Index targets = known_vector_.size() / std::max<Index>(rows_, 1);
  const Index tasks = (cols_ + kMomentColumns - 1) / kMomentColumns;
  const Vector totals = Eigen::Map<const Matrix>(known_vector_.data(), rows_, targets).colwise().sum();
  const double work = (4.0 + 2.0 * targets) * rows_ * std::min(kMomentColumns, cols_);
  parallel_for(tasks, work, monitor, [&](Index task) {
    const Index first = task * kMomentColumns, width = std::min(kMomentColumns, cols_ - first);
    Columns columns(static_cast<size_t>(width));
    std::iota(columns.begin(), columns.end(), first);
    Matrix block;
    Vector shift = Vector::Zero(width), sum = Vector::Zero(width), square = Vector::Zero(width);
    Matrix known = Matrix::Zero(width, targets);
    for (Index i = 0; i < rows_; i += kMomentRows) {
      const Index count = std::min(kMomentRows, rows_ - i);
      raw_block(i, count, columns, block);
      const auto weight = weights_.segment(i, count);
      if (i == 0 && fit_intercept) shift = block.colwise().mean();
      for (Index j = 0; j < width; ++j) {
        if (fit_intercept) {
          block.col(j).array() -= shift[j];
          sum[j] += block.col(j).dot(weight);
        }
        square[j] += block.col(j).cwiseAbs2().dot(weight);
        for (Index t = 0; t < targets; ++t) {
          known(j, t) += block.col(j).dot(known_vector_.segment(t * rows_ + i, count));
        }
      }
    }
    for (Index j = 0; j < width; ++j) {
      const double moment = fit_intercept ? square[j] - sum[j] * sum[j] : square[j];
      const bool safe =
          moment > 0.1 * square[j] && moment > 1e-200 && moment < 1e200 && moment > 1e-16 * shift[j] * shift[j];
      if (safe) {
        centre_[first + j] = fit_intercept ? shift[j] + sum[j] : 0.0;
        deviation_[first + j] = std::sqrt(moment);
      } else {
        careful_moments(first + j, fit_intercept);
      }
      for (Index t = 0; t < targets; ++t) {
        known_products_[t * cols_ + first + j] = safe ? known(j, t) - sum[j] * totals[t] : std::nan("");
      }
    }
  });
}

/// The same for one column in two visits, scaled by a power of two so that squares neither overflow nor vanish.
void Design::careful_moments(Index j, bool fit_intercept) {
  Matrix block;
  const auto for_blocks = [&](const auto& visit) {
    for (Index i = 0; i < rows_; i += kRowBlock) {
      const Index count = std::min(kRowBlock, rows_ - i);
      raw_block(i, count, {j}, block);
      visit(block.col(0).array(), weights_.segment(i, count).array());
    }
  };
  double largest = 0, mean = 0, drift = 0, square = 0;
  for_blocks([&](const auto& x, const auto& weight) {
    largest = std::max(largest, (weight > 0).select(x.abs(), 0.0).maxCoeff());
    if (fit_intercept) mean += (x * weight).sum();
  });
  const double unit = inverse_power_of_two(largest);
  for_blocks([&](const auto& x, const auto& weight) {
    const Eigen::ArrayXd centred = x * unit - mean * unit;
    drift += (centred * weight).sum();
    square += (centred.square() * weight).sum();
  });
  set_moments(j, fit_intercept, largest, unit, mean * unit, drift, square);
}

void Design::set_moments(Index j, bool fit_intercept, double largest, double unit, double mean, double drift,
                         double square) {
  // drift is what rounding left of the mean; the second moment is corrected for it.
  if (fit_intercept) {
    square -= drift * drift;
    mean += drift;
  }
  const double deviation = std::sqrt(std::max(square, 0.0)) / unit;
  const bool constant = fit_intercept && deviation <= 10 * std::numeric_limits<double>::epsilon() * largest;
  centre_[j] = mean / unit;
  deviation_[j] = constant ? 0.0 : deviation;
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
  const Index targets = known_vector_.size() / std::max<Index>(rows_, 1);
  for (Index t = 0; t < targets; ++t) {
    auto products = known_products_.segment(t * cols_, cols_);
    Columns unknown;
    for (Index j = 0; j < cols_; ++j) {
      if (deviation_[j] == 0) {
        products[j] = 0;
      } else if (std::isnan(products[j])) {
        unknown.push_back(j);
      } else {
        products[j] = products[j] * unit_[j] * inverse_[j];
      }
    }
    Vector rest(static_cast<Index>(unknown.size()));
    Design::correlate_some(unknown, known_vector_.segment(t * rows_, rows_), rest, monitor);
    for (size_t i = 0; i < unknown.size(); ++i) products[unknown[i]] = rest[static_cast<Index>(i)];
  }
}

bool Design::recall(const ConstVec& u, MutVec out) const {
  for (Index t = 0; t * rows_ < known_vector_.size(); ++t) {
    if (u != known_vector_.segment(t * rows_, rows_)) continue;
    out = known_products_.segment(t * cols_, cols_);
    return true;
  }
  return false;
}

void Design::weighted_block(Index first, Index count, const Columns& columns, const ConstVec& root, Matrix& out) const {
  raw_block(first, count, columns, out);
  for (Index c = 0; c < out.cols(); ++c) {
    const Index j = columns[c];
    out.col(c) = ((out.col(c).array() * unit_[j] - shift_[j]) * inverse_[j]) * root.segment(first, count).array();
  }
}

void Design::correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const {
  const Index k = static_cast<Index>(columns.size()), tasks = (k + kMomentColumns - 1) / kMomentColumns;
  parallel_for(tasks, 3.0 * rows_ * std::min(kMomentColumns, k), monitor, [&](Index task) {
    const Index first = task * kMomentColumns, width = std::min(kMomentColumns, k - first);
    const Columns part = slice(columns, first, width);
    Matrix block;
    Vector sum = Vector::Zero(width);
    for (Index i = 0; i < rows_; i += kRowBlock) {
      const Index count = std::min(kRowBlock, rows_ - i);
      raw_block(i, count, part, block);
      for (Index c = 0; c < width; ++c) {
        const Index j = part[c];
        sum[c] += ((block.col(c).array() * unit_[j] - shift_[j]) * u.segment(i, count).array()).sum();
      }
    }
    for (Index c = 0; c < width; ++c) out[first + c] = sum[c] * inverse_[part[c]];
  });
}

Matrix Design::gram(const Columns& a, const Columns& b, Monitor& monitor) const {
  return weighted_gram(a, b, weights_, monitor);
}

Matrix Design::weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights, Monitor& monitor) const {
  const Vector root = row_weights.cwiseSqrt();
  const bool symmetric = &a == &b;
  const Index rows = static_cast<Index>(a.size()), cols = static_cast<Index>(b.size());
  Matrix out = Matrix::Zero(rows, cols);
  // A matrix that is hardly larger than a tile is one, so that no column is packed twice.
  const Index size = std::max(rows, cols) <= 2 * kGramTile ? std::max(rows, cols) : kGramTile;
  const std::vector<Tile> tiles = make_tiles(rows, cols, size, symmetric);
  // Each task packs the columns of its tile, centred, a block of rows at a time: a small overhead on the products that
  // buys any storage order and no shared accumulators. Few tiles on many rows are shared out by rows instead; how is
  // fixed by the sizes alone, so the sums are the same for any number of threads.
  const Index parts = static_cast<Index>(tiles.size()) >= kRowParts ? 1 : kRowParts;
  std::vector<Matrix> products(tiles.size() * static_cast<size_t>(parts));
  const double area = (symmetric ? 1.0 : 2.0) * static_cast<double>(rows * cols) / static_cast<double>(tiles.size());
  for (Index begin = 0; begin < rows_; begin += kRegionRows) {
    const Index height = std::min(kRegionRows, rows_ - begin), share = (height + parts - 1) / parts;
    parallel_for(static_cast<Index>(products.size()), share * area, monitor, [&](Index task) {
      const Tile& t = tiles[static_cast<size_t>(task / parts)];
      const Index first = begin + (task % parts) * share, last = std::min(begin + height, first + share);
      const Columns left = slice(a, t.row, t.height), right = slice(b, t.col, t.width);
      Matrix packed_left, packed_right, &product = products[static_cast<size_t>(task)];
      product.setZero(t.height, t.width);
      for (Index i = first; i < last; i += kRowBlock) {
        const Index count = std::min(kRowBlock, last - i);
        if ((root.segment(i, count).array() == 0).all()) continue;  // the rows of other folds
        weighted_block(i, count, right, root, packed_right);
        if (symmetric && t.row == t.col) {
          add_block_products(packed_right, packed_right, true, product);
        } else {
          weighted_block(i, count, left, root, packed_left);
          add_block_products(packed_left, packed_right, false, product);
        }
      }
    });
    for (size_t task = 0; task < products.size(); ++task) {
      const Tile& t = tiles[task / static_cast<size_t>(parts)];
      out.block(t.row, t.col, t.height, t.width) += products[task];
    }
  }
  if (symmetric) mirror_upper(out);
  return out;
}

Matrix Design::dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const {
  Matrix out = Matrix::Zero(rows_, rows_);
  const std::vector<Tile> tiles = make_tiles(rows_, rows_, kDualTile, true);
  const double area = static_cast<double>(rows_ * rows_) / static_cast<double>(tiles.size());
  const Index k = static_cast<Index>(columns.size());
  constexpr Index kColumnsPerRegion = 4096;
  for (Index begin = 0; begin < k; begin += kColumnsPerRegion) {
    const Index end = std::min(k, begin + kColumnsPerRegion);
    parallel_for(static_cast<Index>(tiles.size()), (end - begin) * area, monitor, [&](Index task) {
      const Tile& t = tiles[task];
      Matrix left, right, product = Matrix::Zero(t.height, t.width);
      for (Index j = begin; j < end; j += kRowBlock) {
        const Columns part = slice(columns, j, std::min(kRowBlock, end - j));
        weighted_block(t.row, t.height, part, root_weights_, left);
        left.array().rowwise() *= tau.segment(j, left.cols()).transpose().array();
        weighted_block(t.col, t.width, part, root_weights_, right);
        product.noalias() += left * right.transpose();
      }
      out.block(t.row, t.col, t.height, t.width) += product;
    });
  }
  mirror_upper(out);
  return out;
}

}  // namespace pyreweight
