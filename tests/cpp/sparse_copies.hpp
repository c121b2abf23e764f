#pragma once

#include <memory>
#include <vector>

#include "problems.hpp"
#include "pyreweight/design_sparse.hpp"

namespace pyreweight {

/// A sparse copy of a matrix: the nonzero entries, and now and then an explicit zero.
template <class Scalar, class Offset>
struct Stored {
  std::vector<Scalar> values;
  std::vector<Offset> indices, starts = {0};
  Index rows, cols;
  Matrix dense;  // with the entries rounded to Scalar

  explicit Stored(const Matrix& X, Index zero_every = 7) : rows(X.rows()), cols(X.cols()), dense(X) {
    Index seen = 0;
    for (Index j = 0; j < cols; ++j) {
      for (Index i = 0; i < rows; ++i) {
        const Scalar value = static_cast<Scalar>(X(i, j));
        dense(i, j) = static_cast<double>(value);
        if (value == 0 && ++seen % zero_every != 0) continue;
        values.push_back(value);
        indices.push_back(static_cast<Offset>(i));
      }
      starts.push_back(static_cast<Offset>(values.size()));
    }
  }

  std::unique_ptr<Design> design(const Vector& weights, bool fit_intercept, bool standardize,
                                 const Vector& target = Vector()) const {
    Monitor monitor;
    return sparse_design(values.data(), indices.data(), starts.data(), static_cast<Index>(values.size()), rows, cols,
                         weights, fit_intercept, standardize, monitor, target);
  }
};

/// Each entry kept with the given probability, columns with means of their own.
inline Matrix thinned(Index rows, Index cols, double density, Random& random) {
  Matrix X = random.matrix(rows, cols);
  X.rowwise() += random.vector(cols).transpose() * 2;
  return X.unaryExpr([&](double x) { return random.uniform(0, 1) < density ? x : 0.0; });
}

}  // namespace pyreweight
