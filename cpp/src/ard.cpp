#include "pyreweight/ard.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <sstream>

#include "pyreweight/columns.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr double kLeastNoise = 1e-8;  // variance of the noise over that of y
constexpr double kDependent = 1e-10;  // share of a column that the others must leave for it to come in
constexpr size_t kAdditions = 10;     // columns added between two looks at all of them
constexpr double kWorthwhile = 0.3;   // of the best gain, for a column to be added with it
constexpr Index kColumnBlock = 256;

class Evidence {
 public:
  Evidence(const Problem& problem, const Columns& usable, double freedom)
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

  Index size() const { return static_cast<Index>(active_.size()); }
  const Columns& active() const { return active_; }
  const Vector& ridge() const { return rho_; }
  const Vector& mean() const { return mean_; }
  double fit() const { return fit_; }
  double profiled_fit() const { return std::max(fit_, floor_); }

  /// Covariance, mean and Y from scratch: updates between two of these are of rank one.
  void refresh() {
    const Matrix system = shifted_gram(rho_);
    const Eigen::LLT<Matrix> factor(system);
    covariance_ = factor.solve(Matrix::Identity(size(), size()));
    const Vector c = gather(correlation_, active_);
    mean_ = factor.solve(c);
    fit_ = total_ - c.dot(mean_);
  }

  /// nu log Y + log det(I + rho^-1 G), up to the floor of the noise, at other ridge weights.
  double cost(const Vector& rho) const {
    const Eigen::LLT<Matrix> factor(shifted_gram(rho));
    const Vector c = gather(correlation_, active_);
    double log_det = 0;
    for (Index i = 0; i < size(); ++i) log_det += 2 * std::log(factor.matrixLLT()(i, i)) - std::log(rho[i]);
    return log_fit(total_ - c.dot(factor.solve(c))) + log_det;
  }

  /// What every column outside would bring. Returns the largest violation nu q^2 / (s Y) - 1.
  double look_outside(std::vector<std::pair<double, Index>>& gains) {
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
                   for (Index i = 0; i < size(); ++i)
                     part.row(i) = cross_[static_cast<size_t>(i)].segment(first, width);
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
    std::sort(gains.begin(), gains.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    return violation;
  }

  /// Lets column j in at its best ridge weight if that gains at least `least`.
  bool add(Index j, double least) {
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

  /// Each column inside in turn to its best ridge weight, out if that is infinite.
  void sweep() {
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

  /// Derivative of the cost with respect to -log rho_j.
  Vector gradient() const {
    const Vector shrunk = rho_.cwiseProduct(mean_.cwiseAbs2());
    return Vector::Ones(size()) - rho_.cwiseProduct(covariance_.diagonal()) - freedom_ / profiled_fit() * shrunk;
  }

  /// A damped Newton step on -log rho; returns by how much the cost fell.
  double newton_step() {
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

 private:
  Matrix shifted_gram(const Vector& rho) const {
    Matrix out(size(), size());
    for (Index i = 0; i < size(); ++i) out.row(i) = gather(cross_[static_cast<size_t>(i)], active_);
    out.diagonal() += rho;
    return out;
  }

  double log_fit(double fit) const {
    if (fit > floor_) return freedom_ * std::log(fit);
    return freedom_ * (std::log(floor_) + fit / floor_ - 1);  // the noise stays at its floor
  }

  /// The rho that minimises the cost of a column of which the others leave s, with correlation q, Y = `fit` without it.
  double best_ridge(double s, double q, double fit) const {
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

  double gain_of(double s, double q, double fit, double from, double to) const {
    const auto at = [&](double rho) { return log_fit(fit - q * q / (rho + s)) + std::log1p(s / rho); };
    return at(from) - at(to);
  }

  void remove(Index i) {
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

  const Design& design_;
  Monitor& monitor_;
  const Vector& target_;
  const Columns usable_;
  const double freedom_;  // nu
  const double total_;    // Y without any column
  const double floor_;    // the least Y that the noise follows
  Vector correlation_;    // (p,) with the target
  std::vector<char> inside_;
  Columns active_;
  std::vector<Vector> cross_;  // (p,) Gram row of each column inside
  Vector rho_;                 // (k,)
  Matrix covariance_;          // (k, k) (G + diag rho)^-1
  Vector mean_;                // (k,) coefficients
  double fit_ = 0;             // Y
};

/// Sweeps and Newton steps until a round of them gains less than `enough`.
void settle(Evidence& evidence, double enough, Monitor& monitor) {
  for (int round = 0; round < 100 && evidence.size() > 0; ++round) {
    monitor.poll();
    const double before = evidence.cost(evidence.ridge());
    evidence.sweep();
    for (int i = 0; i < 5 && evidence.size() > 0; ++i) {
      if (!(evidence.newton_step() > 0.1 * enough)) break;
    }
    if (evidence.size() == 0 || !(before - evidence.cost(evidence.ridge()) > enough)) break;
  }
}

}  // namespace

ArdSolution solve_ard(const Problem& problem, const Columns& usable, double weight_sum, bool fit_intercept) {
  const double freedom = std::max(weight_sum - fit_intercept, weight_sum / 2);
  Evidence evidence(problem, freedom > 1 ? usable : Columns(), freedom);
  ArdSolution answer;
  Solution& solution = answer.solution;
  std::vector<std::pair<double, Index>> gains;
  while (solution.n_iter < problem.options.max_iter && !solution.converged) {
    problem.monitor.poll();
    ++solution.n_iter;
    const double violation = evidence.look_outside(gains);
    const double inside = evidence.size() > 0 ? evidence.gradient().cwiseAbs().maxCoeff() : 0.0;
    solution.kkt_residual = std::max(violation, inside);
    if (problem.monitor.verbose()) {
      std::ostringstream line;
      line << "look " << solution.n_iter << ": " << evidence.size() << " columns, stationary within "
           << solution.kkt_residual;
      problem.monitor.report(line.str());
    }
    if (violation <= problem.options.tol) {
      solution.converged = inside <= problem.options.tol && solution.n_iter > 1;
      if (solution.converged || evidence.size() == 0) {
        solution.converged = true;
        break;
      }
      settle(evidence, 1e-14, problem.monitor);
      continue;
    }
    const double best = gains.empty() ? 0.0 : gains.front().first;
    size_t added = 0;
    for (const auto& [gain, j] : gains) {
      if (gain < kWorthwhile * best || added == kAdditions) break;
      if (evidence.add(j, kWorthwhile * gain)) ++added;
    }
    evidence.refresh();
    settle(evidence, added > 0 ? 0.05 * best : 1e-14, problem.monitor);
    if (added == 0 && evidence.size() == 0) break;
  }
  const double fit = evidence.fit(), profiled = evidence.profiled_fit();
  answer.noise_variance = weight_sum * profiled / freedom;
  answer.ridge = Vector::Constant(problem.design.cols(), kInfinity);
  for (Index i = 0; i < evidence.size(); ++i)
    answer.ridge[evidence.active()[static_cast<size_t>(i)]] = evidence.ridge()[i];
  const double cost = evidence.size() > 0 ? evidence.cost(evidence.ridge()) : freedom * std::log(fit);
  solution.objective = 0.5 * (cost + freedom * (1 + std::log(2 * 3.141592653589793 * weight_sum / freedom)));
  solution.v = scatter(evidence.mean(), evidence.active(), problem.design.cols());
  solution.gap = std::nan("");
  return answer;
}

}  // namespace pyreweight
