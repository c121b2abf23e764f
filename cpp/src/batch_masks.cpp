#include "pyreweight/batch_masks.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace pyreweight {

BatchMasks::BatchMasks(const Source& source, const TrainingRequest& request, const Regularizer& regularizer,
                       const Vector& keep)
    : source_(source), request_(request), regularizer_(regularizer), cols_(keep.size()) {
  if (!strided()) return;
  Vector ends(2), eta(2);
  ends << 0, kInfinity;
  regularizer_.penalty().eta(ends, request_.alpha, eta);
  if (!(eta[0] == eta[1] && eta[0] > 0)) {
    throw std::invalid_argument(
        "strided masks keep every column with the same, constant probability: dropout must "
        "have a constant eta, such as BernoulliDropout");
  }
  rate_ = keep.maxCoeff();
  for (Index j = 0; j < keep.size(); ++j) {
    if (!regularizer_.excluded(j) && std::abs(keep[j] - rate_) > 1e-12) {
      throw std::invalid_argument(
          "strided masks keep every column with the same probability: standardize and leave "
          "feature_weights alone");
    }
  }
  periods_ = strided_periods(rate_ > 0 ? rate_ : 1.0);
}

void BatchMasks::begin(std::int64_t step) {
  step_ = step;
  if (!strided()) return;
  const Words words = source_.words(Stream::kPeriod, static_cast<std::uint64_t>(step_), 0);
  double left = uniform(words[0]);
  for (period_ = 1; period_ < periods_.size() && left >= periods_[period_ - 1]; ++period_) {
    left -= periods_[period_ - 1];
  }
  offset_ = below(words[1], static_cast<std::uint32_t>(period_));
}

void BatchMasks::every_period(Index begin, Index end, ColumnBlock& block) const {
  block.kept.clear();
  for (Index j = begin + ((offset_ - begin) % period_ + period_) % period_; j < end; j += period_) {
    if (!regularizer_.excluded(j)) block.kept.push_back(j);
  }
  block.factor = Vector::Constant(static_cast<Index>(block.kept.size()), 1 / rate_);
}

void BatchMasks::choose_columns(Index task, const Vector& keep, ColumnBlock& block) const {
  const Index begin = task * kMaskBlock, width = std::min(kMaskBlock, cols_ - begin);
  if (strided()) return every_period(begin, begin + width, block);
  Vector mask = Vector::Ones(width);
  if (request_.pattern == MaskPattern::kIndependent) {
    draw_masks(source_, request_.distribution, static_cast<std::uint64_t>(step_), 0, cols_, begin,
               keep.segment(begin, width), mask);
  }
  block.kept.clear();
  for (Index j = 0; j < width; ++j) {
    if (mask[j] != 0 && keep[begin + j] > 0) block.kept.push_back(begin + j);
  }
  block.factor.resize(static_cast<Index>(block.kept.size()));
  for (Index c = 0; c < block.factor.size(); ++c) block.factor[c] = mask[block.kept[static_cast<size_t>(c)] - begin];
}

void BatchMasks::mask_rows(Index task, const Vector& keep, ColumnBlock& block) const {
  const Index begin = task * kMaskBlock, width = std::min(kMaskBlock, cols_ - begin);
  Vector mask(width);
  for (Index i = 0; i < block.data.rows(); ++i) {
    draw_masks(source_, request_.distribution, static_cast<std::uint64_t>(step_), i, cols_, begin,
               keep.segment(begin, width), mask);
    for (Index c = 0; c < block.data.cols(); ++c) {
      block.data(i, c) *= mask[block.kept[static_cast<size_t>(c)] - begin];
    }
  }
}

}  // namespace pyreweight
