#include "pyreweight/dropout_training.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "pyreweight/batch_masks.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr double kDefaultBound = 0.1;  // of keep probabilities that would fall to 0
constexpr double kRarelyKept = 1e-6;   // keep probability under which training would not end

double sigmoid(double z) { return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }
double log_loss(double y, double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - y * z; }

class Training {
 public:
  Training(const Design& design, const ConstVec& y, const Penalty& penalty, const TrainingRequest& request,
           Monitor& monitor)
      : design_(design),
        request_(request),
        monitor_(monitor),
        regularizer_(penalty, request.alpha, request.feature_weights, design, 1.0),
        source_(request.seed),
        columns_(all_columns(design.cols())),
        root_(design.row_weights().cwiseSqrt()),
        blocks_(static_cast<size_t>((design.cols() + kMaskBlock - 1) / kMaskBlock)),
        batches_((design.rows() + request.batch_size - 1) / request.batch_size),
        order_(all_columns(batches_)) {
    mean_ = request.fit_intercept ? y.dot(design.row_weights()) : 0.0;
    target_ = y;
    if (squared()) target_.array() -= mean_;
    v_ = request.start.size() > 0 ? Vector(request.start.cwiseProduct(design.scale())) : Vector::Zero(design.cols());
    if (!squared() && request.fit_intercept) intercept_ = std::log(mean_ / (1 - mean_));
    bound_ = request.min_keep_prob > 0 ? request.min_keep_prob : default_bound();
    masks_ = std::make_unique<BatchMasks>(source_, request_, regularizer_, keep_probabilities());
  }

  TrainingResult run() {
    TrainingResult result;
    result.periods = masks_->periods();
    result.step = request_.step > 0 ? request_.step : safe_step();
    const Index p = design_.cols(), records = request_.records;
    result.coefs.resize(records + 1, p);
    result.keep_probs.resize(records + 1, p);
    result.intercepts.resize(records + 1);
    result.objectives.resize(records + 1);
    record(result, 0);
    Vector sum = Vector::Zero(p);
    double intercept_sum = 0;
    const std::int64_t half = request_.steps / 2;
    Index written = 0;
    for (step_ = 0; step_ < request_.steps; ++step_) {
      monitor_.poll();
      const double decayed = std::pow(1 + 0.1 * result.step * static_cast<double>(step_), -request_.decay);
      take_step(result.step * decayed);
      if (step_ >= half) {
        sum += v_;
        intercept_sum += intercept_;
      }
      const bool due = (step_ + 1) * records >= (written + 1) * request_.steps;
      if (due) record(result, ++written);
    }
    const double count = static_cast<double>(request_.steps - half);
    v_ = sum / count;
    intercept_ = intercept_sum / count;
    result.coef = coefficients();
    result.intercept = raw_intercept(result.coef);
    result.keep_prob = keep_probabilities();
    return result;
  }

 private:
  bool squared() const { return request_.loss == TrainingLoss::kSquared; }

  /// Keep probabilities are smallest at zero.
  double default_bound() {
    const Vector now = v_;
    v_.setZero();
    const Vector keep = keep_probabilities();
    v_ = now;
    double least = 1;
    for (Index j = 0; j < keep.size(); ++j) {
      if (!regularizer_.excluded(j)) least = std::min(least, keep[j]);
    }
    if (least > 0 && least < kRarelyKept) {
      std::ostringstream message;
      message << "dropout keeps a column with probability " << least
              << " only, too rarely to train: give min_keep_prob, a smaller alpha or a smaller rate";
      throw std::invalid_argument(message.str());
    }
    return least > 0 ? 0 : kDefaultBound;
  }

  /// q_j of the mask: the strategy's own, bounded from below where a column is penalised; 0 for a column that is out.
  Vector keep_probabilities() const {
    const Vector& moment = design_.second_moment();
    Vector keep = regularizer_.ridge_weights(columns_, v_);
    for (Index j = 0; j < keep.size(); ++j) {
      keep[j] = regularizer_.excluded(j) ? 0.0 : std::max(bound_, moment[j] / (moment[j] + keep[j]));
    }
    return keep;
  }

  /// Small enough for stability in mean square: masks multiply the curvature of a batch by up to 1 / q^2.
  double safe_step() {
    const Index p = design_.cols();
    Vector direction(p), image(p);
    for (Index j = 0; j < p; ++j) {
      direction[j] = uniform(source_.words(Stream::kStart, 0, static_cast<std::uint32_t>(j))[0]) - 0.5;
    }
    double largest = 0;
    for (int i = 0; i < 20 && direction.norm() > 0; ++i) {
      direction.normalize();
      Vector rows = Vector::Zero(design_.rows());
      design_.combine(columns_, direction, rows, monitor_);
      design_.correlate(rows.cwiseProduct(design_.row_weights()), image, monitor_);
      largest = image.norm();
      direction = image;
    }
    const double batch = batches_ > 1 ? static_cast<double>(request_.batch_size) : 1e300;
    const double curvature = (largest + design_.second_moment().sum() / batch) * (squared() ? 1.0 : 0.25);
    const Vector now = v_;
    v_.setZero();  // keep probabilities are smallest at zero
    Vector keep = keep_probabilities();
    v_ = now;
    for (Index j = 0; j < p; ++j) {
      if (regularizer_.excluded(j)) keep[j] = 1;
    }
    return curvature > 0 ? 0.5 * keep.cwiseAbs2().minCoeff() / curvature : 1.0;
  }

  /// Visits the batches in a new random order every round, each round a uniform permutation.
  Index next_batch() {
    const std::int64_t round = step_ / batches_, place = step_ % batches_;
    if (place == 0) {
      for (Index i = batches_ - 1; i > 0; --i) {
        const Words words =
            source_.words(Stream::kOrder, static_cast<std::uint64_t>(round), static_cast<std::uint32_t>(i));
        std::swap(order_[static_cast<size_t>(i)], order_[below(words[0], static_cast<std::uint32_t>(i + 1))]);
      }
    }
    return order_[static_cast<size_t>(place)];
  }

  void take_step(double size) {
    const Index batch = next_batch(), rows = design_.rows();
    const Index first = batch * rows / batches_, count = (batch + 1) * rows / batches_ - first;
    const Vector keep = masks_->strided() ? Vector() : keep_probabilities();
    masks_->begin(step_);
    const auto tasks = static_cast<Index>(blocks_.size());
    const double work = 2.0 * static_cast<double>(count * std::min(kMaskBlock, design_.cols()));
    parallel_for(tasks, 2 * work, monitor_, [&](Index task) {
      ColumnBlock& block = blocks_[static_cast<size_t>(task)];
      masks_->choose_columns(task, keep, block);
      design_.weighted_block(first, count, block.kept, root_, block.data);
      if (request_.pattern == MaskPattern::kRow) masks_->mask_rows(task, keep, block);
      block.prediction.noalias() = block.data * gather(v_, block.kept).cwiseProduct(block.factor);
    });
    Vector prediction = Vector::Zero(count);
    for (const ColumnBlock& block : blocks_) prediction += block.prediction;
    const Vector residual = weighted_residual(prediction, first) * static_cast<double>(batches_);
    parallel_for(tasks, work, monitor_, [&](Index task) {
      const ColumnBlock& block = blocks_[static_cast<size_t>(task)];
      const Vector step = size * (block.data.transpose() * residual).cwiseProduct(block.factor);
      for (Index c = 0; c < step.size(); ++c) v_[block.kept[static_cast<size_t>(c)]] += step[c];
    });
    if (!squared() && request_.fit_intercept) intercept_ += size * residual.dot(root_.segment(first, count));
  }

  /// sqrt(pi_i) (y_i - mean response) of the rows of a batch, from sqrt(pi_i) times the linear predictor.
  Vector weighted_residual(const Vector& prediction, Index first) const {
    const auto root = root_.segment(first, prediction.size());
    const auto y = target_.segment(first, prediction.size());
    if (squared()) return root.cwiseProduct(y) - prediction;
    Vector out(prediction.size());
    for (Index i = 0; i < out.size(); ++i) out[i] = root[i] * (y[i] - sigmoid(intercept_ + prediction[i] / root[i]));
    return out;
  }

  Vector coefficients() const {
    Vector coef = Vector::Zero(v_.size());
    for (const Index j : support(v_)) coef[j] = v_[j] / design_.scale()[j];
    return coef;
  }

  double raw_intercept(const Vector& coef) const {
    if (!request_.fit_intercept) return 0.0;
    return (squared() ? mean_ : intercept_) - coef.dot(design_.centre());
  }

  void record(TrainingResult& result, Index row) {
    if (!v_.allFinite()) {
      throw std::invalid_argument("the iterates diverged: give a smaller step, or a larger min_keep_prob");
    }
    const Vector coef = coefficients();
    result.steps.push_back(row == 0 ? 0 : step_ + 1);
    result.coefs.row(row) = coef;
    result.keep_probs.row(row) = keep_probabilities();
    result.intercepts[row] = raw_intercept(coef);
    Vector prediction = Vector::Zero(design_.rows());
    design_.combine(columns_, v_, prediction, monitor_);
    double loss = 0;
    for (Index i = 0; i < prediction.size(); ++i) {
      const double residual = target_[i] - prediction[i];
      loss += design_.row_weights()[i] *
              (squared() ? residual * residual / 2 : log_loss(target_[i], intercept_ + prediction[i]));
    }
    result.objectives[row] = loss + regularizer_.value(columns_, v_);
    if (monitor_.verbose()) {
      std::ostringstream line;
      line << "step " << result.steps.back() << " of " << request_.steps << ": objective " << result.objectives[row];
      monitor_.report(line.str());
    }
  }

  const Design& design_;
  const TrainingRequest& request_;
  Monitor& monitor_;
  const Regularizer regularizer_;
  const Source source_;
  const Columns columns_;
  const Vector root_;  // (n,) square roots of the row weights
  std::vector<ColumnBlock> blocks_;
  const Index batches_;
  Columns order_;  // of the batches, in this round
  Vector target_;
  double mean_ = 0;
  Vector v_;
  double intercept_ = 0;  // of the logistic loss; the squared loss needs none on centred data
  double bound_ = 0;      // of the keep probabilities from below
  std::unique_ptr<BatchMasks> masks_;
  std::int64_t step_ = 0;
};

}  // namespace

TrainingResult train_with_dropout(const Design& design, const ConstVec& y, const Penalty& penalty,
                                  const TrainingRequest& request, Monitor& monitor) {
  return Training(design, y, penalty, request, monitor).run();
}

}  // namespace pyreweight
