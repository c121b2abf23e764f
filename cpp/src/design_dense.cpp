#include "pyreweight/design_dense.hpp"

#include <cmath>
#include <type_traits>

#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kColumnBlock = 64;
constexpr Index kRowBlock = 1024;

/// Lets memory bring these entries while others are at work: each column of a block begins somewhere else, which
/// processors do not foresee.
template <class Scalar>
void prefetch([[maybe_unused]] const Scalar* entries, [[maybe_unused]] Index count) {
#ifdef __GNUC__
  constexpr Index kLine = 64 / sizeof(Scalar);
  for (Index i = 0; i < count; i += kLine) __builtin_prefetch(entries + i);
#endif
}

template <class Scalar, int Order>
class DenseDesign final : public Design {
 public:
  DenseDesign(const Scalar* data, Index rows, Index cols, const ConstVec& sample_weight, bool fit_intercept,
              bool standardize, Monitor& monitor, const ConstVec& targets, const KnownMoments* known)
      : Design(rows, cols, sample_weight), X_(data, rows, cols) {
    expect(targets, fit_intercept, known);
    standardise(fit_intercept, standardize, monitor, known);
    // Subtracting m_j sum(u) afterwards loses the digits that m_j / d_j takes; such columns, and those whose units
    // could overflow in a product, are centred and scaled entry by entry instead.
    for (Index j = 0; j < cols_; ++j) {
      if (is_careful(j)) careful_.push_back(j);
    }
    finish_known_products(monitor);
  }

  void correlate(const ConstVec& u, MutVec out, Monitor& monitor) const override {
    if (recall(u, out)) return;
    const double total = u.sum();
    const Index tasks = (cols_ + kColumnBlock - 1) / kColumnBlock;
    parallel_for(tasks, 2.0 * rows_ * std::min(kColumnBlock, cols_), monitor, [&](Index task) {
      const Index first = task * kColumnBlock, width = std::min(kColumnBlock, cols_ - first);
      auto part = out.segment(first, width);
      if constexpr (std::is_same_v<Scalar, double>) {
        part.noalias() = X_.middleCols(first, width).transpose() * u;
      } else {
        part.setZero();
        for (Index i = 0; i < rows_; i += kRowBlock) {
          const Index count = std::min(kRowBlock, rows_ - i);
          const Matrix block = X_.block(i, first, count, width).template cast<double>();
          part.noalias() += block.transpose() * u.segment(i, count);
        }
      }
      for (Index j = first; j < first + width; ++j) {
        out[j] = scale_[j] > 0 ? (out[j] - centre_[j] * total) * unit_[j] * inverse_[j] : 0.0;
      }
    });
    parallel_for(static_cast<Index>(careful_.size()), 4.0 * rows_, monitor, [&](Index task) {
      const Index j = careful_[task];
      double sum = 0;
      for (Index i = 0; i < rows_; ++i) sum += (static_cast<double>(X_(i, j)) * unit_[j] - shift_[j]) * u[i];
      out[j] = sum * inverse_[j];
    });
  }

  void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const override {
    if constexpr (Order == Eigen::RowMajor || !std::is_same_v<Scalar, double>) {
      Design::correlate_some(columns, u, out, monitor);
    } else {
      const double total = u.sum();
      parallel_for(static_cast<Index>(columns.size()), 2.0 * rows_, monitor, [&](Index c) {
        const Index j = columns[c];
        if (is_careful(j)) {
          out[c] = ((X_.col(j).array() * unit_[j] - shift_[j]) * u.array()).sum() * inverse_[j];
        } else {
          out[c] = (X_.col(j).dot(u) - centre_[j] * total) * unit_[j] * inverse_[j];
        }
      });
    }
  }

  void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const override {
    const Index k = static_cast<Index>(columns.size());
    const Index tasks = (rows_ + kRowBlock - 1) / kRowBlock;
    parallel_for(tasks, 3.0 * std::min(kRowBlock, rows_) * k, monitor, [&](Index task) {
      const Index first = task * kRowBlock, count = std::min(kRowBlock, rows_ - first);
      auto part = out.segment(first, count).array();
      for (Index c = 0; c < k; ++c) {
        const Index j = columns[c];
        const double factor = coef[c] * inverse_[j];
        if (factor == 0) continue;
        part += (X_.col(j).segment(first, count).template cast<double>().array() * unit_[j] - shift_[j]) * factor;
      }
    });
  }

  void append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const override {
    append_all_rows(centred(j), rows, values);
  }

  double stored(const Columns& columns) const override {
    return static_cast<double>(rows_) * static_cast<double>(columns.size());
  }

  void weighted_block(Index first, Index count, const Columns& columns, const ConstVec& root,
                      Matrix& out) const override {
    if constexpr (Order == Eigen::RowMajor) {
      Design::weighted_block(first, count, columns, root, out);
    } else {
      out.resize(count, static_cast<Index>(columns.size()));
      for (Index c = 0; c < out.cols(); ++c) {
        const Index j = columns[c];
        if (c + 1 < out.cols()) prefetch(X_.col(columns[c + 1]).data() + first, count);
        const auto entries = X_.col(j).segment(first, count).template cast<double>().array();
        out.col(c) = ((entries * unit_[j] - shift_[j]) * inverse_[j]) * root.segment(first, count).array();
      }
    }
  }

  void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const override {
    const Index k = static_cast<Index>(columns.size());
    out.resize(count, k);
    if constexpr (Order == Eigen::RowMajor) {
      for (Index i = 0; i < count; ++i) {
        for (Index c = 0; c < k; ++c) out(i, c) = static_cast<double>(X_(first + i, columns[c]));
      }
    } else {
      for (Index c = 0; c < k; ++c) out.col(c) = X_.col(columns[c]).segment(first, count).template cast<double>();
    }
  }

 private:
  auto centred(Index j) const {
    return (X_.col(j).template cast<double>().array() * unit_[j] - shift_[j]) * inverse_[j];
  }

  bool is_careful(Index j) const {
    const double d = deviation_[j];
    return d > 0 && (std::abs(centre_[j]) > 1e3 * d || d < 1e-100 || d > 1e100);
  }

  Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Order>> X_;
  Columns careful_;
};

}  // namespace

template <class Scalar>
std::unique_ptr<Design> dense_design(const Scalar* data, Index rows, Index cols, bool by_rows,
                                     const ConstVec& sample_weight, bool fit_intercept, bool standardize,
                                     Monitor& monitor, const ConstVec& targets, const KnownMoments* known) {
  if (by_rows) {
    return std::make_unique<DenseDesign<Scalar, Eigen::RowMajor>>(data, rows, cols, sample_weight, fit_intercept,
                                                                  standardize, monitor, targets, known);
  }
  return std::make_unique<DenseDesign<Scalar, Eigen::ColMajor>>(data, rows, cols, sample_weight, fit_intercept,
                                                                standardize, monitor, targets, known);
}

template std::unique_ptr<Design> dense_design(const double*, Index, Index, bool, const ConstVec&, bool, bool, Monitor&,
                                              const ConstVec&, const KnownMoments*);
template std::unique_ptr<Design> dense_design(const float*, Index, Index, bool, const ConstVec&, bool, bool, Monitor&,
                                              const ConstVec&, const KnownMoments*);

}  // namespace pyreweight
