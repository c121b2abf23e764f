#include "pyreweight/regularizer.hpp"

#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

/// level * x where a level of 0 (unpenalised) or inf (excluded) wins over any x.
double scaled(double level, double x) { return level == 0 ? 0.0 : std::isinf(level) ? kInfinity : level * x; }

}  // namespace

Regularizer::Regularizer(const Penalty& penalty, double alpha, Vector weights, const Design& design, double y_scale,
                         const Groups& groups)
    : penalty_(penalty), y_scale_(y_scale), weights_(std::move(weights)), units_(design.penalty_unit()) {
  set_alpha(alpha);
  for (Index j = 0; j < weights_.size(); ++j) {
    if (design.scale()[j] == 0) weights_[j] = kInfinity;
  }
  if (groups.singletons()) return;
  std::vector<char> alone;
  for (Index j = 0; j < weights_.size(); ++j) alone.push_back(!penalised(j));
  groups_ = groups.apart(alone);
  if (groups_.singletons()) return;
  relative_ = Vector::Ones(weights_.size());
  for (Index g = 0; g < groups_.count(); ++g) {
    if (groups_.members(g).size() == 1) continue;
    double largest = 0;
    for (const Index j : groups_.members(g)) largest = std::max(largest, units_[j]);
    for (const Index j : groups_.members(g)) relative_[j] = units_[j] / largest;
  }
}

void Regularizer::set_alpha(double alpha) {
  alpha_ = alpha;
  // alpha = 0 is where alpha="auto" ends when there is nothing to penalise: any unit will do then.
  unit_level_ = (alpha > 0 ? alpha : 1.0) / y_scale_;
}

double Regularizer::factor(Index j) const { return excluded(j) ? kInfinity : weights_[j] == 0 ? 0.0 : level(j); }

Vector Regularizer::factors(double slope) const {
  Vector out = unit_level_ * units_.array() * weights_.array() * slope;
  if (out.allFinite()) return out;
  for (Index j = 0; j < out.size(); ++j) out[j] = scaled(factor(j), slope);
  return out;
}

Vector Regularizer::radius(const Columns& columns, const ConstVec& v) const {
  if (groups_.singletons()) return v.cwiseAbs();
  const Vector unit = gather(relative_, columns);
  return groups_.norms(columns, v.cwiseProduct(unit)).cwiseQuotient(unit);
}

Vector Regularizer::pull(const Columns& columns, const ConstVec& gradient) const {
  if (groups_.singletons()) return gradient.cwiseAbs();
  const Vector unit = gather(relative_, columns);
  return groups_.norms(columns, gradient.cwiseQuotient(unit)).cwiseProduct(unit);
}

Vector Regularizer::pull(const ConstVec& gradient) const {
  if (groups_.singletons()) return gradient.cwiseAbs();
  return pull(all_columns(gradient.size()), gradient);
}

Vector Regularizer::magnitudes(const Columns& columns, const ConstVec& v) const {
  Vector t = radius(columns, v);
  for (Index i = 0; i < t.size(); ++i) {
    const Index j = columns[i];
    t[i] = penalised(j) ? units_[j] * y_scale_ * t[i] : 0.0;
  }
  return t;
}

double Regularizer::value(const Columns& columns, const ConstVec& v) const {
  const Vector t = magnitudes(columns, v);
  Vector omega(t.size());
  penalty_.value(t, alpha_, omega);
  std::vector<char> counted(static_cast<size_t>(groups_.count()), 0);
  double sum = 0;
  for (Index i = 0; i < t.size(); ++i) {
    const Index j = columns[i];
    if (!penalised(j)) continue;
    if (!groups_.singletons() && std::exchange(counted[static_cast<size_t>(groups_.of(j))], 1)) continue;
    sum += (alpha_ / y_scale_) * weights_[j] * (omega[i] / y_scale_);
  }
  return sum;
}

double Regularizer::value(Index j, double v) const {
  if (!penalised(j)) return 0;
  Eigen::Matrix<double, 1, 1> t, omega;
  t[0] = units_[j] * y_scale_ * std::abs(v);
  penalty_.value(t, alpha_, omega);
  return (alpha_ / y_scale_) * weights_[j] * (omega[0] / y_scale_);
}

Vector Regularizer::radial_slope(const Columns& columns, const ConstVec& v) const {
  Vector out(v.size());
  penalty_.slope(magnitudes(columns, v), alpha_, out);
  for (Index i = 0; i < out.size(); ++i) {
    const Index j = columns[i];
    out[i] = scaled(factor(j), out[i]);
  }
  return out;
}

Vector Regularizer::slope(const Columns& columns, const ConstVec& v) const {
  Vector out = radial_slope(columns, v);
  if (groups_.singletons()) return out;
  const Vector radius = this->radius(columns, v);
  for (Index i = 0; i < out.size(); ++i) {
    if (radius[i] > 0) out[i] *= std::abs(v[i]) / radius[i];
  }
  return out;
}

Matrix Regularizer::hessian(const Columns& columns, const ConstVec& v) const {
  const Vector radial = curvature(columns, v);
  Matrix out = radial.asDiagonal();
  const Groups part = groups_.part(columns);
  if (part.singletons()) return out;
  const Vector unit = gather(relative_, columns), radius = this->radius(columns, v), slope = radial_slope(columns, v);
  for (Index g = 0; g < part.count(); ++g) {
    const Index first = part.members(g).front();
    if (part.members(g).size() == 1 || radius[first] == 0) continue;
    const double square = unit[first] * unit[first], tangential = slope[first] / radius[first] / square;
    for (const Index i : part.members(g)) out(i, i) = 0;
    add_norm_hessian(part.members(g), unit, v, tangential, radial[first] / square, out);
  }
  return out;
}

Vector Regularizer::curvature(const Columns& columns, const ConstVec& v) const {
  Vector out(v.size());
  penalty_.curvature(magnitudes(columns, v), alpha_, out);
  for (Index i = 0; i < out.size(); ++i) {
    const Index j = columns[i];
    out[i] = penalised(j) ? level(j) * (units_[j] * y_scale_ * out[i]) : 0.0;
  }
  return out;
}

void Regularizer::majorise(const Columns& columns, const ConstVec& v, Vector& l1, Vector& l2) const {
  l1.resize(v.size());
  l2.resize(v.size());
  penalty_.majorise(magnitudes(columns, v), alpha_, l1, l2);
  for (Index i = 0; i < v.size(); ++i) {
    const Index j = columns[i];
    l1[i] = scaled(factor(j), l1[i]);
    l2[i] = excluded(j) ? 0.0 : scaled(factor(j), units_[j] * y_scale_ * l2[i]);
  }
}

void Regularizer::own_terms(Vector& l1, Vector& l2) const {
  Eigen::Matrix<double, 1, 1> linear, quadratic;
  penalty_.majorise(Vector::Ones(1), alpha_, linear, quadratic);
  l1 = factors(linear[0]);
  l2 = Vector::Zero(weights_.size());
  if (quadratic[0] == 0) return;
  for (Index j = 0; j < weights_.size(); ++j) {
    if (!excluded(j)) l2[j] = scaled(factor(j), units_[j] * y_scale_ * quadratic[0]);
  }
}

Vector Regularizer::ridge_weights(const Columns& columns, const ConstVec& v) const {
  Vector out(v.size());
  penalty_.eta(magnitudes(columns, v), alpha_, out);
  for (Index i = 0; i < out.size(); ++i) {
    const Index j = columns[i];
    out[i] = scaled(factor(j), units_[j] * y_scale_ / out[i]);
  }
  return out;
}

Vector Regularizer::zero_thresholds() const { return factors(penalty_.slope_at_zero()); }

Vector Regularizer::prox_thresholds(const Columns& columns, const Vector& second_moment) const {
  // Many columns have the same step: all standardised ones, or words of as many documents. A threshold may take a
  // search.
  constexpr size_t kRemembered = 1024;
  std::vector<std::pair<double, double>> known(kRemembered, {std::numeric_limits<double>::quiet_NaN(), 0.0});
  const auto threshold_of = [&](double step) {
    auto& [at, threshold] = known[std::hash<double>{}(step) % kRemembered];
    if (at != step) {
      threshold = penalty_.zero_threshold(alpha_, step);
      at = step;
    }
    return threshold;
  };
  Vector out(static_cast<Index>(columns.size()));
  for (Index i = 0; i < out.size(); ++i) {
    const Index j = columns[static_cast<size_t>(i)];
    const double g = second_moment[j];
    // In t = unit Y |v| the coordinate's problem is (t - z)^2 / 2 + step alpha Omega(t) with step = c unit^2 / g.
    const double to_t = units_[j] * y_scale_;
    const double step = weights_[j] * units_[j] * units_[j] / g;
    out[i] = excluded(j) ? kInfinity : weights_[j] == 0 ? 0.0 : g * threshold_of(step) / to_t;
  }
  return out;
}

double Regularizer::prox(Index j, double z, double g) const {
  if (!penalised(j)) return excluded(j) ? 0.0 : z;
  const double to_t = units_[j] * y_scale_;
  Eigen::Matrix<double, 1, 1> t, out;
  t[0] = std::abs(z) * to_t;
  penalty_.prox(t, alpha_, weights_[j] * units_[j] * units_[j] / g, out);
  return std::copysign(out[0] / to_t, z);
}

}  // namespace pyreweight
