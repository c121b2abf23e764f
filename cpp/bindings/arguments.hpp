#pragma once

#include <pybind11/eigen.h>
#include <pybind11/numpy.h>

#include <memory>

#include "pyreweight/design.hpp"
#include "pyreweight/groups.hpp"
#include "pyreweight/loss.hpp"

namespace pyreweight {

/// Labels of the groups of the columns, (p,) or (0,) for none.
using Labels = Eigen::Ref<const Eigen::Matrix<Index, Eigen::Dynamic, 1>>;

/// Those groups.
inline Groups make_groups(const Labels& labels) { return Groups(Columns(labels.begin(), labels.end())); }

/// Python's signals and, unless None, its callables: `report` for lines of progress, `check` to be asked now and then
/// whether to stop (it raises). Both must outlive the result.
Monitor make_monitor(const pybind11::object& report, const pybind11::object& check = pybind11::none());

/// The data matrix as the caller holds it, never copied: a dense array in C or Fortran order, or an object with the
/// attributes of a CSC matrix (`format`, `shape`, `data`, `indices`, `indptr`), rows sorted without duplicates in each
/// column. X must outlive the result and keep its arrays. Releases the GIL while it computes the column moments.
/// `targets` (n k,) and `known` as for dense_design.
std::unique_ptr<Design> make_design(const pybind11::object& X, const ConstVec& sample_weight, bool fit_intercept,
                                    bool standardize, Monitor& monitor, const ConstVec& targets = Vector(),
                                    const KnownMoments* known = nullptr);

/// The loss of that name for targets y, nullptr for "squared"; the number of classes of "softmax" is that of y, which
/// holds class numbers 0, 1, ...
std::unique_ptr<Loss> make_loss_for(const std::string& name, Params params, const Eigen::Ref<const Matrix>& y);

/// Whether the indices of a compressed sparse matrix are sorted without duplicates; std::invalid_argument when it is
/// malformed. `majors` x `minors` is its shape, columns by rows for CSC and rows by columns for CSR.
bool check_sparse(const pybind11::array& indptr, const pybind11::array& indices, Index stored, Index majors,
                  Index minors);

}  // namespace pyreweight
