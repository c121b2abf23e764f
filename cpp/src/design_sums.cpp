#include <algorithm>

#include "pyreweight/block_products.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/design.hpp"
#include "pyreweight/parallel.hpp"
#include "pyreweight/tiles.hpp"

namespace pyreweight {
namespace {

// Rows that are packed together where those of different classes alternate, in blocks for each of that many.
constexpr Index kMixedBlocks = 5;

/// Columns [first, first + count) of (Z, more), times `root`, the roots of the row weights.
void pack(const Design& design, const Matrix& more, const Vector& root, Index row, Index rows, Index first, Index count,
          Matrix& out) {
  const Index p = design.cols(), of_design = std::max<Index>(0, std::min(p - first, count));
  Columns columns = all_columns(of_design);
  for (Index& j : columns) j += first;
  design.weighted_block(row, rows, columns, root, out);
  if (of_design == count) return;
  out.conservativeResize(Eigen::NoChange, count);
  const auto part = root.segment(row, rows);
  for (Index c = of_design; c < count; ++c) {
    out.col(c) = part.cwiseProduct(more.col(first + c - p).segment(row, rows));
  }
}

/// Adds left'right over the rows of each class to its sums; `of_row` are the classes of these rows.
void add_by_classes(const Matrix& left, const Matrix& right, bool symmetric, const Index* of_row,
                    BlockProducts& products, std::vector<Matrix>& sums) {
  std::vector<Columns> rows(sums.size());
  for (Index i = 0; i < right.rows(); ++i) rows[static_cast<size_t>(of_row[i])].push_back(i);
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

ClassSums Design::class_sums(const Matrix& more, const std::vector<Index>& of_row, Index classes,
                             Monitor& monitor) const {
  const Index size = cols_ + more.cols();
  const std::vector<Tile> tiles = make_tiles(size, size, gram_tile(size, size), true);
  const Index parts = static_cast<Index>(tiles.size()) >= kRowParts ? 1 : kRowParts;
  using Sums = std::vector<Matrix>;
  std::vector<Sums> products;
  for (const Tile& t : tiles) {
    for (Index part = 0; part < parts; ++part) {
      products.emplace_back(static_cast<size_t>(classes), Matrix::Zero(t.height, t.width));
    }
  }
  const double area = static_cast<double>(size * size) / static_cast<double>(tiles.size());
  for (Index begin = 0; begin < rows_; begin += kRegionRows) {
    const Index height = std::min(kRegionRows, rows_ - begin), share = (height + parts - 1) / parts;
    parallel_for(static_cast<Index>(products.size()), share * area, monitor, [&](Index task) {
      const Tile& t = tiles[static_cast<size_t>(task / parts)];
      const Index first = begin + (task % parts) * share, last = std::min(begin + height, first + share);
      Matrix left, right;
      BlockProducts of_blocks;
      for (Index i = first, count = 0; i < last; i += count) {
        count = std::min(kRowBlock, last - i);
        const Index* classes_here = of_row.data() + i;
        const bool alternate =
            std::any_of(classes_here, classes_here + count, [&](Index k) { return k != *classes_here; });
        if (alternate) count = std::min(kMixedBlocks * kRowBlock, last - i);
        if ((root_weights_.segment(i, count).array() == 0).all()) continue;
        pack(*this, more, root_weights_, i, count, t.col, t.width, right);
        if (t.row != t.col) pack(*this, more, root_weights_, i, count, t.row, t.height, left);
        add_by_classes(left, right, t.row == t.col, classes_here, of_blocks, products[static_cast<size_t>(task)]);
      }
    });
  }
  ClassSums out;
  out.offset = Vector::Zero(cols_);
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

}  // namespace pyreweight
