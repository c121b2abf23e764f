#pragma once

#include "pyreweight/dropout_training.hpp"
#include "pyreweight/regularizer.hpp"

namespace pyreweight {

constexpr Index kMaskBlock = 1024;  // columns that are masked by one task; a multiple of four, see draw_masks

/// One block of columns during a step: what the mask left of it.
struct ColumnBlock {
  Columns kept;
  Vector factor;      // (|kept|,) of the mask; with a mask per row it is in `data` instead
  Matrix data;        // (batch, |kept|) z_ij sqrt(pi_i)
  Vector prediction;  // (batch,) this block's share
};

/// The masks of the steps of a training, block by block; every draw has the address of its step and its column.
class BatchMasks {
 public:
  /// `keep` (p,) are keep probabilities; strided masks have the same one throughout, which is checked here. The first
  /// three must outlive it.
  BatchMasks(const Source& source, const TrainingRequest& request, const Regularizer& regularizer, const Vector& keep);

  bool strided() const { return request_.pattern == MaskPattern::kStrided; }
  /// Probabilities of the periods of strided masks, else (0,).
  const Vector& periods() const { return periods_; }
  /// To be called before the masks of a step are asked for.
  void begin(std::int64_t step);
  /// kept and factor of the block that is task number `task`; `keep` (p,), which strided masks do not read.
  void choose_columns(Index task, const Vector& keep, ColumnBlock& block) const;
  /// With a mask per row: puts it into block.data, which holds the columns chosen.
  void mask_rows(Index task, const Vector& keep, ColumnBlock& block) const;

 private:
  void every_period(Index begin, Index end, ColumnBlock& block) const;

  const Source& source_;
  const TrainingRequest& request_;
  const Regularizer& regularizer_;
  const Index cols_;
  Vector periods_;
  double rate_ = 1;
  std::int64_t step_ = 0;
  Index period_ = 1, offset_ = 0;
};

}  // namespace pyreweight
