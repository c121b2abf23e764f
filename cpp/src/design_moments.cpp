#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "pyreweight/design.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

// A block of a task, which stays in the second-level cache while its sums are taken; rows enough for memory to be read
// in long runs.
constexpr Index kMomentColumns = 16, kMomentRows = 512;
constexpr Index kShiftRows = 1024;    // rows whose mean is taken off before the sums
constexpr Index kCarefulRows = 4096;  // rows that a careful visit takes at a time

/// Takes `shift` off x and adds up the weighted sums of x and its squares.
void add_moments(MutVec x, double shift, const ConstVec& weight, double& sum, double& square) {
  using Lane = Eigen::Array<double, kLanes, 1>;
  Lane sums = Lane::Zero(), squares = Lane::Zero();
  const Index count = x.size(), whole = count - count % kLanes;
  for (Index i = 0; i < whole; i += kLanes) {
    Eigen::Map<Lane> entries(x.data() + i);
    entries -= shift;
    const Lane weighted = entries * Eigen::Map<const Lane>(weight.data() + i);
    sums += weighted;
    squares += weighted * entries;
  }
  for (Index i = whole; i < count; ++i) {
    x[i] -= shift;
    sum += x[i] * weight[i];
    square += x[i] * x[i] * weight[i];
  }
  sum += sums.sum();
  square += squares.sum();
}

}  // namespace

/// Weighted mean and deviation of the columns, a block at a time. The textbook one-pass formula loses all digits of a
/// column with mean 1e8 and deviation 1; shifted by the mean of the first rows it is safe for almost every column, and
/// where it is not (sorted rows, extreme units, nearly constant columns) the column is visited twice more.
void Design::column_moments(bool fit_intercept, Monitor& monitor) {
  const Index targets = known_vectors();
  const Index tasks = (cols_ + kMomentColumns - 1) / kMomentColumns;
  const Vector totals = Eigen::Map<const Matrix>(known_vector_.data(), rows_, targets).colwise().sum();
  const double work = (4.0 + 2.0 * targets) * rows_ * std::min(kMomentColumns, cols_);
  parallel_for(tasks, work, monitor, [&](Index task) {
    const Index first = task * kMomentColumns, width = std::min(kMomentColumns, cols_ - first);
    Columns columns(static_cast<size_t>(width));
    std::iota(columns.begin(), columns.end(), first);
    Matrix block;
    Vector shift = Vector::Zero(width), sum = Vector::Zero(width), square = Vector::Zero(width);
    Matrix known = Matrix::Zero(width, targets);
    if (fit_intercept) {
      raw_block(0, std::min(kShiftRows, rows_), columns, block);
      shift = block.colwise().mean();
    }
    for (Index i = 0; i < rows_; i += kMomentRows) {
      const Index count = std::min(kMomentRows, rows_ - i);
      raw_block(i, count, columns, block);
      const auto weight = weights_.segment(i, count);
      for (Index j = 0; j < width; ++j) {
        add_moments(block.col(j), shift[j], weight, sum[j], square[j]);
        for (Index t = 0; t < targets; ++t) {
          known(j, t) += block.col(j).dot(known_vector_.segment(t * rows_ + i, count));
        }
      }
    }
    if (!fit_intercept) sum.setZero();
    for (Index j = 0; j < width; ++j) {
      const double moment = fit_intercept ? square[j] - sum[j] * sum[j] : square[j];
      const bool safe = moment_is_safe(moment, square[j], shift[j]);
      if (safe) {
        centre_[first + j] = fit_intercept ? shift[j] + sum[j] : 0.0;
        deviation_[first + j] = std::sqrt(moment);
      } else {
        careful_moments(first + j, fit_intercept);
      }
      for (Index t = 0; t < targets; ++t) {
        known_products_[t * cols_ + first + j] = safe ? known(j, t) - sum[j] * totals[t] : std::nan("");
      }
    }
  });
}

bool Design::moment_is_safe(double moment, double square, double shift) {
  return moment > 0.1 * square && moment > 1e-200 && moment < 1e200 && moment > 1e-16 * shift * shift;
}

/// The same for one column in two visits, scaled by a power of two so that squares neither overflow nor vanish.
void Design::careful_moments(Index j, bool fit_intercept) {
  Matrix block;
  const auto for_blocks = [&](const auto& visit) {
    for (Index i = 0; i < rows_; i += kCarefulRows) {
      const Index count = std::min(kCarefulRows, rows_ - i);
      raw_block(i, count, {j}, block);
      visit(block.col(0).array(), weights_.segment(i, count).array());
    }
  };
  double largest = 0, mean = 0, drift = 0, square = 0;
  for_blocks([&](const auto& x, const auto& weight) {
    if (!x.isFinite().all()) throw std::invalid_argument("X has an entry that is NaN or infinite");
    largest = std::max(largest, (weight > 0).select(x.abs(), 0.0).maxCoeff());
    if (fit_intercept) mean += (x * weight).sum();
  });
  const double unit = inverse_power_of_two(largest);
  for_blocks([&](const auto& x, const auto& weight) {
    const Eigen::ArrayXd centred = x * unit - mean * unit;
    drift += (centred * weight).sum();
    square += (centred.square() * weight).sum();
  });
  set_moments(j, fit_intercept, largest, unit, mean * unit, drift, square);
}

void Design::set_moments(Index j, bool fit_intercept, double largest, double unit, double mean, double drift,
                         double square) {
  // drift is what rounding left of the mean; the second moment is corrected for it.
  if (fit_intercept) {
    square -= drift * drift;
    mean += drift;
  }
  const double deviation = std::sqrt(std::max(square, 0.0)) / unit;
  const bool constant = fit_intercept && deviation <= 10 * std::numeric_limits<double>::epsilon() * largest;
  centre_[j] = mean / unit;
  deviation_[j] = constant ? 0.0 : deviation;
}

}  // namespace pyreweight
