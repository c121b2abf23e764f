#include <algorithm>
#include <cstdint>
#include <utility>

#include "pyreweight/columns.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kProductColumns = 16;   // columns of a product that one task computes
constexpr double kDenseAdvantage = 12;  // multiplications of a blocked product in the time of one sparse one
constexpr double kNearProducts = 131072, kWorthKeeping = 4;
constexpr Index kParts = 8;  // of their columns, for threads

}  // namespace

/// Whether a product of these columns goes through the rows of the whole matrix, which are kept: it has few enough
/// entries for the nearest memory, and most entries of the matrix take part.
template <class Scalar, class Offset>
bool SparseDesign<Scalar, Offset>::rows_serve(const Columns& a, const Columns& b) const {
  const double height = static_cast<double>(a.size()), width = static_cast<double>(b.size());
  const double of_a = entries(a), of_b = entries(b), n = static_cast<double>(rows_);
  return height * width <= kNearProducts && entries(all_columns(cols_)) <= kWorthKeeping * std::max(of_a, of_b) &&
         of_a / n * of_b <= n * height * width / kDenseAdvantage;
}

/// Products of the columns as they are stored, scaled. Each is summed in the order of the rows, so the parts do not
/// show.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::raw_gram_by_rows(const Columns& a, const Columns& b, const Vector& row_weights,
                                                      Monitor& monitor) const {
  std::call_once(rows_once_, [&] {
    const Columns all = all_columns(cols_);
    by_rows_ = std::make_unique<RowForm>(X_, all, rows_);
    by_rows_->fill(X_, all, [&](Index j, Index e) { return scaled(j, e); });
  });
  const bool symmetric = &a == &b;
  const Index height = static_cast<Index>(a.size()), width = static_cast<Index>(b.size());
  std::vector<Index> in_a(static_cast<size_t>(cols_), -1), in_b = in_a;
  for (Index r = 0; r < height; ++r) in_a[static_cast<size_t>(a[static_cast<size_t>(r)])] = r;
  for (Index c = 0; c < width; ++c) in_b[static_cast<size_t>(b[static_cast<size_t>(c)])] = c;
  Matrix out = Matrix::Zero(height, width);
  const Index tasks = available_threads() > 1 ? kParts : 1, share = (width + tasks - 1) / tasks;
  const double work = entries(a) / static_cast<double>(rows_) * entries(b) / static_cast<double>(tasks);
  parallel_for(tasks, 2 * work, monitor, [&](Index task) {
    const Index first = task * share, last = std::min(width, first + share);
    std::vector<std::pair<Index, double>> of_a(static_cast<size_t>(cols_)), of_b = of_a;
    // Whether a column takes part is hard to foresee, so every entry is written and counts if it does.
    const auto gather_row = [&](Index i, const std::vector<Index>& places, std::vector<std::pair<Index, double>>& row) {
      size_t count = 0;
      for (Index f = by_rows_->begin(i); f < by_rows_->end(i); ++f) {
        const Index place = places[static_cast<size_t>(by_rows_->place(f))];
        row[count] = {place, by_rows_->value(f)};
        count += place >= 0;
      }
      return count;
    };
    for (Index i = 0; i < rows_; ++i) {
      const size_t count_a = gather_row(i, in_a, of_a), count_b = symmetric ? count_a : gather_row(i, in_b, of_b);
      const auto& right = symmetric ? of_a : of_b;
      for (size_t f = 0; f < count_b; ++f) {
        const auto [c, value] = right[f];
        if (c < first || c >= last) continue;
        double* const products = out.data() + c * height;
        const double x = value * row_weights[i];
        const size_t end = symmetric ? f + 1 : count_a;  // of a symmetric one each pair in one of its two places
        for (size_t g = 0; g < end; ++g) products[of_a[g].first] += x * of_a[g].second;
      }
    }
  });
  if (symmetric) {
    const Vector diagonal = out.diagonal();
    out += out.transpose().eval();
    out.diagonal() = diagonal;
  }
  return out;
}

/// The same column by column of b, each entry meeting those of a in its row; of a symmetric one the upper half.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::raw_gram(const RowForm& left, const Columns& a, const Columns& b,
                                              const Vector& root, double work, Monitor& monitor) const {
  const bool symmetric = &a == &b;
  const Index height = static_cast<Index>(a.size()), width = static_cast<Index>(b.size());
  Matrix out = Matrix::Zero(height, width);
  const Index tasks = (width + kProductColumns - 1) / kProductColumns;
  parallel_for(tasks, 2 * work / static_cast<double>(std::max<Index>(tasks, 1)), monitor, [&](Index task) {
    for (Index c = task * kProductColumns; c < std::min(width, (task + 1) * kProductColumns); ++c) {
      const Index j = b[static_cast<size_t>(c)], most = symmetric ? c + 1 : height;
      double* const products = out.data() + c * height;
      for (Index e = X_.begin(j); e < X_.end(j); ++e) {
        const Index i = X_.row(e), end = left.end(i);
        const double x = scaled(j, e) * root[i];
        for (Index f = left.begin(i); f < end && left.place(f) < most; ++f) {
          products[left.place(f)] += x * left.value(f);
        }
      }
    }
  });
  if (symmetric) out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

/// Products of stored entries, corrected for the means; by blocks made dense where that is less work.
template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::weighted_gram(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                                   Monitor& monitor) const {
  Matrix out;
  if (rows_serve(a, b)) {
    out = raw_gram_by_rows(a, b, row_weights, monitor);
  } else {
    RowForm left(X_, a, rows_);
    double work = static_cast<double>(a.size() * b.size());
    for (const Index j : b) {
      for (Index e = X_.begin(j); e < X_.end(j); ++e) work += static_cast<double>(left.size(X_.row(e)));
    }
    if (work > static_cast<double>(rows_) * static_cast<double>(a.size() * b.size()) / kDenseAdvantage) {
      return Design::weighted_gram(a, b, row_weights, monitor);
    }
    const Vector root = row_weights.cwiseSqrt();
    left.fill(X_, a, [&](Index j, Index e) { return scaled(j, e) * root[X_.row(e)]; });
    out = raw_gram(left, a, b, root, work, monitor);
  }
  const auto sums = [&](const Columns& columns) {
    Vector sum = Vector::Zero(static_cast<Index>(columns.size()));
    for (Index c = 0; c < sum.size(); ++c) {
      const Index j = columns[static_cast<size_t>(c)];
      for (Index e = X_.begin(j); e < X_.end(j); ++e) sum[c] += scaled(j, e) * row_weights[X_.row(e)];
    }
    return sum;
  };
  const Vector mean_a = gather(shift_, a).cwiseProduct(gather(inverse_, a));
  const Vector mean_b = gather(shift_, b).cwiseProduct(gather(inverse_, b));
  if (!mean_a.isZero(0) || !mean_b.isZero(0)) {
    const bool symmetric = &a == &b;
    const Vector sum_a = sums(a), sum_b = symmetric ? sum_a : sums(b);
    const double total = row_weights.sum();
    for (Index c = 0; c < out.cols(); ++c) {
      for (Index r = 0; r < (symmetric ? c + 1 : out.rows()); ++r) {
        out(r, c) -= mean_a[r] * (sum_b[c] - total * mean_b[c]) + sum_a[r] * mean_b[c];
      }
    }
    if (symmetric) out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  }
  if (any_far_) correct_far(a, b, row_weights, out, monitor);
  return out;
}

template <class Scalar, class Offset>
Matrix SparseDesign<Scalar, Offset>::dual_gram(const Columns& columns, const ConstVec& tau, Monitor& monitor) const {
  double work = 0;
  Columns near, distant, near_at, distant_at;
  for (size_t c = 0; c < columns.size(); ++c) {
    const Index j = columns[c];
    (far(j) ? distant : near).push_back(j);
    (far(j) ? distant_at : near_at).push_back(static_cast<Index>(c));
    work += static_cast<double>(X_.size(j)) * static_cast<double>(X_.size(j));
  }
  const double square = static_cast<double>(rows_) * static_cast<double>(rows_);
  if (work > square * static_cast<double>(columns.size()) / kDenseAdvantage) {
    return Design::dual_gram(columns, tau, monitor);
  }
  RowForm rows(X_, near, rows_);
  const auto rooted = [&](Index j, Index e) { return scaled(j, e) * root_weights_[X_.row(e)]; };
  rows.fill(X_, near, rooted);
  // With means m: sum tau (x - m 1)(x - m 1)' = sum tau x x' - 1 h' - h 1' + (sum tau m^2) 1 1', h = sum tau m x, and
  // every row times the root of its weight.
  const Vector strength = gather(tau, near_at);
  const Vector means = gather(shift_, near).cwiseProduct(gather(inverse_, near));
  const double constant = strength.dot(means.cwiseAbs2());
  Vector h = Vector::Zero(rows_);
  for (Index i = 0; i < rows_; ++i) {
    for (Index f = rows.begin(i); f < rows.end(i); ++f) {
      h[i] += rows.value(f) * strength[rows.place(f)] * means[rows.place(f)];
    }
  }
  Matrix out =
      distant.empty() ? Matrix::Zero(rows_, rows_) : Design::dual_gram(distant, gather(tau, distant_at), monitor);
  const Index tasks = (rows_ + kProductColumns - 1) / kProductColumns;
  parallel_for(tasks, 3 * (work + square) / static_cast<double>(tasks), monitor, [&](Index task) {
    for (Index i = task * kProductColumns; i < std::min(rows_, (task + 1) * kProductColumns); ++i) {
      double* const products = out.data() + i * rows_;
      for (Index f = rows.begin(i); f < rows.end(i); ++f) {
        const Index j = near[static_cast<size_t>(rows.place(f))];
        const double x = rows.value(f) * strength[rows.place(f)];
        for (Index e = X_.begin(j); e < X_.end(j) && X_.row(e) <= i; ++e) products[X_.row(e)] += x * rooted(j, e);
      }
      const double root = root_weights_[i];
      for (Index k = 0; k <= i; ++k) products[k] -= root_weights_[k] * (h[i] - constant * root) + h[k] * root;
    }
  });
  out.template triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

/// Replaces the products with columns far from zero.
template <class Scalar, class Offset>
void SparseDesign<Scalar, Offset>::correct_far(const Columns& a, const Columns& b, const ConstVec& row_weights,
                                               Matrix& out, Monitor& monitor) const {
  const auto products_of = [&](Index j, const Columns& others) {
    Vector u = Vector::Zero(rows_), products(static_cast<Index>(others.size()));
    combine({j}, Vector::Ones(1), u, monitor);
    correlate_some(others, u.cwiseProduct(row_weights), products, monitor);
    return products;
  };
  for (Index r = 0; r < out.rows(); ++r) {
    const Index j = a[static_cast<size_t>(r)];
    if (!far(j)) continue;
    out.row(r) = products_of(j, b).transpose();
    if (&a == &b) out.col(r) = out.row(r).transpose();
  }
  for (Index c = 0; c < out.cols() && &a != &b; ++c) {
    const Index j = b[static_cast<size_t>(c)];
    if (far(j)) out.col(c) = products_of(j, a);
  }
}

#define PYREWEIGHT_SPARSE(Scalar, Offset)                                                                      \
  template Matrix SparseDesign<Scalar, Offset>::weighted_gram(const Columns&, const Columns&, const ConstVec&, \
                                                              Monitor&) const;                                 \
  template Matrix SparseDesign<Scalar, Offset>::dual_gram(const Columns&, const ConstVec&, Monitor&) const;
PYREWEIGHT_SPARSE(double, std::int32_t)
PYREWEIGHT_SPARSE(double, std::int64_t)
PYREWEIGHT_SPARSE(float, std::int32_t)
PYREWEIGHT_SPARSE(float, std::int64_t)
#undef PYREWEIGHT_SPARSE

}  // namespace pyreweight
