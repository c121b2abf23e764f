#pragma once

#include "arguments.hpp"
#include "pyreweight/fold_products.hpp"

namespace pyreweight {

/// The design of the rows of positive weight with what would else take visits of them.
struct TrainingRows {
  std::unique_ptr<Design> design;
  std::unique_ptr<Matrix> row_factor;  // nullptr: not known
  Matrix test_products;                // empty: not known
};

/// `shared` is what share_folds returned, for the same X, y and options, of which this is the training set that leaves
/// out fold number `left_out` (-1: none); or None, where about `solves` alphas decide whether one visit of X is to do
/// (0: no).
TrainingRows make_training_rows(const pybind11::object& X, const ConstVec& y, const ConstVec& sample_weight,
                                bool fit_intercept, bool standardize, bool squared, Index solves,
                                const pybind11::object& shared, Index left_out, Monitor& monitor);

/// FoldProducts for make_training_rows, opaque; None where they do not pay.
pybind11::object share_folds(const pybind11::object& X, const ConstVec& y, const ConstVec& sample_weight,
                             const Labels& fold, Index folds, Index solves, bool fit_intercept, bool standardize);

}  // namespace pyreweight
