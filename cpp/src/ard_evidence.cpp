#include "pyreweight/ard_evidence.hpp"

#include <Eigen/Cholesky>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr double kLeastNoise = 1e-8;  // variance of the noise over that of y
constexpr double kDependent = 1e-10;  // share of a column that the others must leave for it to come in
constexpr Index kColumnBlock = 256;

}  // namespace

Evidence::Evidence(const Problem& problem, const Columns& usable, double freedom)
    : design_(problem.design),
      monitor_(problem.monitor),
      target_(problem.target),
      usable_(usable),
      freedom_(freedom),
      total_(2 * problem.half_target_square()),
      floor_(kLeastNoise * total_),
      correlation_(problem.design.cols()),
      inside_(static_cast<size_t>(problem.design.cols()), 0) {
  design_.correlate(target_.cwiseProduct(design_.row_weights()), correlation_, monitor_);
  refresh();
}

void Evidence::refresh() {
  const Matrix system = shifted_gram(rho_);
  const Eigen::LLT<Matrix> factor(system);
  covariance_ = factor.solve(Matrix::Identity(size(), size()));
  const Vector c = gather(correlation_, active_);
  mean_ = factor.solve(c);
  fit_ = total_ - c.dot(mean_);
}

double Evidence::cost(const Vector& rho) const {
  const Eigen::LLT<Matrix> factor(shifted_gram(rho));
  const Vector c = gather(correlation_, active_);
  double log_det = 0;
  for (Index i = 0; i < size(); ++i) log_det += 2 * std::log(factor.matrixLLT()(i, i)) - std::log(rho[i]);
  return log_fit(total_ - c.dot(factor.solve(c))) + log_det;
}

double Evidence::look_outside(std::vector<std::pair<double, Index>>& gains) {
  const Index p = design_.cols();
  Vector fraction = design_.second_moment(), q(p);
  Vector residual = target_;
  design_.combine(active_, -mean_, residual, monitor_);
  design_.correlate(residual.cwiseProduct(design_.row_weights()), q, monitor_);
  const Eigen::LLT<Matrix> factor(shifted_gram(rho_));
  const Index blocks = (p + kColumnBlock - 1) / kColumnBlock;
  parallel_for(size() > 0 ? blocks : 0, static_cast<double>(size() * size() * std::min(kColumnBlock, p)), monitor_,
               [&](Index block) {
                 const Index first = block * kColumnBlock, width = std::min(kColumnBlock, p - first);
                 Matrix part(size(), width);
                 for (Index i = 0; i < size(); ++i) part.row(i) = cross_[static_cast<size_t>(i)].segment(first, width);
                 factor.matrixL().solveInPlace(part);
                 fraction.segment(first, width) -= part.colwise().squaredNorm().transpose();
               });
  gains.clear();
  double violation = 0;
  for (const Index j : usable_) {
    if (inside_[static_cast<size_t>(j)] || !(fraction[j] > kDependent * design_.second_moment()[j])) continue;
    violation = std::max(violation, freedom_ * q[j] * q[j] / (fraction[j] * profiled_fit()) - 1);
    const double gain = gain_of(fraction[j], q[j], fit_, kInfinity, best_ridge(fraction[j], q[j], fit_));
    if (gain > 0) gains.emplace_back(gain, j);
  }
  std::sort(gains.begin(), gains.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  return violation;
}

bool Evidence::add(Index j, double least) {
  Vector column = Vector::Zero(design_.rows()), row(design_.cols());
  design_.combine({j}, Vector::Ones(1), column, monitor_);
  design_.correlate(column.cwiseProduct(design_.row_weights()), row, monitor_);
  const Vector c = gather(row, active_);
  const Vector image = covariance_ * c;
  const double s = row[j] - c.dot(image), q = correlation_[j] - c.dot(mean_);
  if (!(s > kDependent * row[j])) return false;
  const double rho = best_ridge(s, q, fit_);
  if (!(gain_of(s, q, fit_, kInfinity, rho) >= least)) return false;
  const Index k = size();
  const double variance = 1 / (rho + s), mean = variance * q;
  Matrix grown(k + 1, k + 1);
  grown.topLeftCorner(k, k) = covariance_ + variance * image * image.transpose();
  grown.col(k).head(k) = -variance * image;
  grown.row(k).head(k) = grown.col(k).head(k).transpose();
  grown(k, k) = variance;
  covariance_ = grown;
  mean_ -= mean * image;
  mean_.conservativeResize(k + 1);
  mean_[k] = mean;
  rho_.conservativeResize(k + 1);
  rho_[k] = rho;
  fit_ -= q * q * variance;
  active_.push_back(j);
  cross_.push_back(std::move(row));
  inside_[static_cast<size_t>(j)] = 1;
  return true;
}

void Evidence::sweep() {
  for (Index i = 0; i < size();) {
    const double variance = covariance_(i, i), q = mean_[i] / variance;
    const double s = 1 / variance - rho_[i], without = fit_ + mean_[i] * q;
    if (!(s > 0)) {
      ++i;  // rounding has eaten what the column has of its own; it stays as it is
      continue;
    }
    const double rho = best_ridge(s, q, without);
    if (std::isinf(rho)) {
      remove(i);
      fit_ = without;
      continue;
    }
    const double change = rho - rho_[i], factor = change / (1 + change * variance);
    const Vector column = covariance_.col(i);
    mean_ -= (factor * mean_[i]) * column;
    covariance_ -= factor * column * column.transpose();
    fit_ = without - q * q / (rho + s);
    rho_[i] = rho;
    ++i;
  }
  refresh();
}

Vector Evidence::gradient() const {
  const Vector shrunk = rho_.cwiseProduct(mean_.cwiseAbs2());
  return Vector::Ones(size()) - rho_.cwiseProduct(covariance_.diagonal()) - freedom_ / profiled_fit() * shrunk;
}

double Evidence::newton_step() {
  const Vector slope = gradient(), weighted = rho_.cwiseProduct(mean_);
  const Vector shrunk = weighted.cwiseProduct(mean_);
  const double over = freedom_ / profiled_fit();
  Matrix hessian = -covariance_.cwiseAbs2().cwiseProduct(rho_ * rho_.transpose());
  hessian -= 2 * over * covariance_.cwiseProduct(weighted * weighted.transpose());
  if (fit_ > floor_) hessian -= (over / fit_) * shrunk * shrunk.transpose();
  hessian.diagonal() += rho_.cwiseProduct(covariance_.diagonal()) + over * shrunk;
  Vector direction;
  for (double shift = 0;; shift = std::max(1e-3, 10 * shift)) {
    Matrix shifted = hessian;
    shifted.diagonal().array() += shift;
    const Eigen::LLT<Matrix> factor(shifted);
    if (factor.info() != Eigen::Success && shift < 1e9) continue;
    direction = -factor.solve(slope);
    break;
  }
  const double longest = direction.cwiseAbs().maxCoeff(), expected = slope.dot(direction);
  if (!std::isfinite(longest) || !(expected < 0)) return 0;
  const double before = cost(rho_);
  for (double length = std::min(1.0, 3 / longest); length > 1e-6; length /= 2) {
    const Vector rho = (rho_.array() * (-length * direction.array()).exp()).matrix();
    const double after = cost(rho);
    if (!(after <= before + 1e-4 * length * expected)) continue;
    rho_ = rho;
    refresh();
    return before - after;
  }
  return 0;
}

Matrix Evidence::shifted_gram(const Vector& rho) const {
  Matrix out(size(), size());
  for (Index i = 0; i < size(); ++i) out.row(i) = gather(cross_[static_cast<size_t>(i)], active_);
  out.diagonal() += rho;
  return out;
}

double Evidence::log_fit(double fit) const {
  if (fit > floor_) return freedom_ * std::log(fit);
  return freedom_ * (std::log(floor_) + fit / floor_ - 1);  // the noise stays at its floor
}

double Evidence::best_ridge(double s, double q, double fit) const {
  const double wanted = freedom_ * q * q - s * fit, left = s * fit - q * q;
  if (wanted > 0 && left > 0) {
    const double rho = s * left / wanted;
    if (fit - q * q / (rho + s) >= floor_) return rho;
  } else if (fit > floor_ && wanted <= 0) {
    return kInfinity;
  }
  const double signal = freedom_ * q * q / floor_;
  return signal > s ? s * s / (signal - s) : kInfinity;
}

double Evidence::gain_of(double s, double q, double fit, double from, double to) const {
  const auto at = [&](double rho) { return log_fit(fit - q * q / (rho + s)) + std::log1p(s / rho); };
  return at(from) - at(to);
}

void Evidence::remove(Index i) {
  const Vector column = covariance_.col(i);
  covariance_ -= column * column.transpose() / column[i];
  mean_ -= (mean_[i] / column[i]) * column;
  const Index k = size();
  Columns kept = all_columns(k);
  kept.erase(kept.begin() + i);
  covariance_ = submatrix(covariance_, kept);
  mean_ = gather(Vector(mean_), kept);
  rho_ = gather(Vector(rho_), kept);
  inside_[static_cast<size_t>(active_[static_cast<size_t>(i)])] = 0;
  active_.erase(active_.begin() + i);
  cross_.erase(cross_.begin() + i);
}

}  // namespace pyreweight
