#pragma once

#include <algorithm>
#include <vector>

#include "pyreweight/types.hpp"

namespace pyreweight {

// Rows of a packed block, which stays in the second-level cache; not a power of two, so that columns that follow each
// other do not compete for the same lines of the first-level cache.
constexpr Index kRowBlock = 248;
constexpr Index kGramTile = 192;      // columns of a tile of the Gram matrix
constexpr Index kRegionRows = 16384;  // rows between two polls of the monitor
constexpr Index kRowParts = 4;        // parts the rows of a region are shared out in where there are few tiles

struct Tile {
  Index row, height, col, width;
};

/// Covers a matrix by tiles; of a symmetric one, the tiles on and above the diagonal.
inline std::vector<Tile> make_tiles(Index rows, Index cols, Index size, bool symmetric) {
  std::vector<Tile> tiles;
  for (Index c = 0; c < cols; c += size) {
    for (Index r = 0; r < (symmetric ? c + 1 : rows); r += size) {
      tiles.push_back({r, std::min(size, rows - r), c, std::min(size, cols - c)});
    }
  }
  return tiles;
}

/// Columns of a tile of a Gram matrix: one that is hardly larger than a tile is one, so that no column is packed twice.
inline Index gram_tile(Index rows, Index cols) {
  const Index size = std::max(rows, cols);
  return size <= 2 * kGramTile ? size : kGramTile;
}

inline void mirror_upper(Matrix& a) { a.triangularView<Eigen::StrictlyLower>() = a.transpose(); }

}  // namespace pyreweight
