#pragma once

#include "pyreweight/types.hpp"

namespace pyreweight {

/// Products of blocks of rows that fit into the second-level cache. The columns are first interleaved in panels, entry
/// i of all columns of a panel side by side, so that a lane of the sums belongs to one column and none is added up
/// across lanes; the panels are kept from one block to the next.
class BlockProducts {
 public:
  /// out += a' b.
  void add(const Matrix& a, const Matrix& b, Matrix& out);
  /// The upper triangle of out += a' a; what is below it is undefined.
  void add_upper(const Matrix& a, Matrix& out);

 private:
  Vector left_, right_;
};

}  // namespace pyreweight
