#include "pyreweight/design.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "pyreweight/block_products.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/target.hpp"
#include "pyreweight/tiles.hpp"

namespace pyreweight {
namespace {

constexpr Index kDualTile = 64;     // rows of a tile of the dual Gram matrix
constexpr Index kPassColumns = 16;  // columns of a task of a pass over X

Columns slice(const Columns& columns, Index first, Index count) {
  return Columns(columns.begin() + first, columns.begin() + first + count);
}

}  // namespace

Design::Design(Index rows, Index cols, const ConstVec& sample_weight) : rows_(rows), cols_(cols) {
  // Divided by the largest weight first, so that weights of 1e300 do not overflow in the sum.
  weights_ = sample_weight / sample_weight.maxCoeff();
  weights_ /= weights_.sum();
  root_weights_ = weights_.cwiseSqrt();
}

double Design::inverse_power_of_two(double x) {
  static_assert(std::numeric_limits<double>::is_iec559, "the exponent is read from the bits of a double");
  constexpr int kMantissa = std::numeric_limits<double>::digits - 1;
  if (!(x > 0)) return 1.0;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  const std::uint64_t exponent = bits >> kMantissa;
  // Of almost every column, where calls of the library would take as long as the rest of its preparation.
  if (exponent >= 1 && exponent <= 2045) {
    bits = (2046 - exponent) << kMantissa;
    std::memcpy(&x, &bits, sizeof bits);
    return x;
  }
  return std::ldexp(1.0, std::min(1022, std::max(-1022, -std::ilogb(x))));
}

void Design::standardise(bool fit_intercept, bool standardize, Monitor& monitor, const KnownMoments* known) {
  centre_ = known ? known->centre : Vector::Zero(cols_);
  deviation_ = known ? known->deviation : Vector::Zero(cols_);
  if (!known) column_moments(fit_intercept, monitor);
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

void Design::finish_known_products(Monitor& monitor) {
  for (Index t = 0; t < known_vectors(); ++t) {
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
    correlate_some(unknown, known_vector_.segment(t * rows_, rows_), rest, monitor);
    for (size_t i = 0; i < unknown.size(); ++i) products[unknown[i]] = rest[static_cast<Index>(i)];
  }
}

void Design::expect(const ConstVec& targets, bool fit_intercept, const KnownMoments* known) {
  const Index count = targets.size() / std::max<Index>(rows_, 1);
  known_vector_.resize(count * rows_);
  known_products_.resize(count * cols_);
  for (Index t = 0; t < count; ++t) {
    const Target target = scale_target(targets.segment(t * rows_, rows_), weights_, fit_intercept);
    known_vector_.segment(t * rows_, rows_) = target.values.cwiseProduct(weights_);
    if (known) known_products_.segment(t * cols_, cols_) = known->products.segment(t * cols_, cols_) / target.scale;
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
  const Index k = static_cast<Index>(columns.size()), tasks = (k + kPassColumns - 1) / kPassColumns;
  parallel_for(tasks, 3.0 * rows_ * std::min(kPassColumns, k), monitor, [&](Index task) {
    const Index first = task * kPassColumns, width = std::min(kPassColumns, k - first);
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
  const std::vector<Tile> tiles = make_tiles(rows, cols, gram_tile(rows, cols), symmetric);
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
      BlockProducts block_products;
      product.setZero(t.height, t.width);
      for (Index i = first; i < last; i += kRowBlock) {
        const Index count = std::min(kRowBlock, last - i);
        if ((root.segment(i, count).array() == 0).all()) continue;  // the rows of other folds
        weighted_block(i, count, right, root, packed_right);
        if (symmetric && t.row == t.col) {
          block_products.add_upper(packed_right, product);
        } else {
          weighted_block(i, count, left, root, packed_left);
          block_products.add(packed_left, packed_right, product);
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
