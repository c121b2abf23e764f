#include "pyreweight/callable_penalty.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace pyreweight {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kStep = 0x1p-17;  // of the differences, relative to t: rounding and truncation are about even
constexpr size_t kRemembered = 4;  // vectors: the points before and after a step, whole and without zeros
constexpr int kMostRounds = 2200;  // bisections of the widest bracket, all doubles

/// One root in each bracket [low, high] of an `excess` that rises through 0 there, all in one call per round: false
/// position with the Illinois weights, every third round bisection.
template <class F>
Vector roots(const F& excess, Vector low, Vector high) {
  Vector at_low = excess(low), at_high = excess(high);
  for (int round = 0; round < kMostRounds && low.size() > 0; ++round) {
    Vector x(low.size());
    bool open = false;
    for (Index i = 0; i < x.size(); ++i) {
      x[i] = high[i];
      if (!(high[i] - low[i] > 2 * kEps * high[i])) continue;
      open = true;
      const double share = at_low[i] / (at_low[i] - at_high[i]);
      const bool wide = high[i] > 4 * low[i];  // in the middle of the logarithms, then
      x[i] = wide ? std::sqrt(std::max(low[i], std::numeric_limits<double>::min())) * std::sqrt(high[i])
                  : low[i] + (high[i] - low[i]) * (round % 3 == 2 || !(share > 0 && share < 1) ? 0.5 : share);
      x[i] = std::clamp(x[i], low[i] + kEps * low[i], high[i] - kEps / 2 * high[i]);
    }
    if (!open) break;
    const Vector here = excess(x);
    for (Index i = 0; i < x.size(); ++i) {
      if (!(high[i] - low[i] > 2 * kEps * high[i])) continue;
      if (here[i] == 0) {
        low[i] = high[i] = x[i];
      } else if (here[i] > 0) {
        high[i] = x[i];
        at_high[i] = here[i];
        at_low[i] /= 2;
      } else {
        low[i] = x[i];
        at_low[i] = here[i];
        at_high[i] /= 2;
      }
    }
  }
  return high;
}

}  // namespace

CallablePenalty::CallablePenalty(VectorFunction function, CallableRule::Kind kind, VectorFunction value)
    : rule_(std::move(function), kind), value_(std::move(value)) {
  if (value_) compare_value_with_derivative();
}

const char* CallablePenalty::name() const {
  return rule_.kind() == CallableRule::Kind::derivative ? "custom_penalty" : "custom_dropout";
}

Vector CallablePenalty::given_value(const Vector& t) const {
  const Vector answer = value_(t);
  if (answer.size() != t.size()) {
    throw std::invalid_argument("value_func must return as many values as it gets, " + std::to_string(t.size()) +
                                ", not " + std::to_string(answer.size()));
  }
  for (Index i = 0; i < t.size(); ++i) {
    if (std::isnan(answer[i])) {
      std::ostringstream message;
      message << "value_func returned nan at t = " << t[i];
      throw std::invalid_argument(message.str());
    }
  }
  return answer;
}

/// The value must be the integral of the derivative, up to a constant, over the decades around 1.
void CallablePenalty::compare_value_with_derivative() const {
  std::vector<double> decades(25);
  for (size_t i = 0; i < decades.size(); ++i) decades[i] = std::pow(10.0, 0.25 * static_cast<double>(i) - 3);
  Vector t = Vector::Zero(26);
  t.tail(25) = Eigen::Map<const Vector>(decades.data(), 25);
  const Vector given = given_value(t);
  const Vector exact = rule_.integral(t, rule_.slope(rule_.inner_points(t)));
  for (Index i = 1; i < t.size(); ++i) {
    const double rise = given[i] - given[0];
    if (std::abs(rise - exact[i]) <= 1e-6 * exact[i] + 1e-12 * std::abs(given[0])) continue;
    std::ostringstream message;
    message << "value_func must be the integral of derivative_func: from t = 0 to " << t[i] << " it rises by " << rise
            << ", the integral by " << exact[i];
    throw std::invalid_argument(message.str());
  }
}

CallablePenalty::Faces CallablePenalty::at(const Vector& t) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Faces& known : recent_) {
      if (known.t.size() == t.size() && known.t == t) return known;
    }
  }
  const Index k = t.size();
  const Vector inner = rule_.inner_points(t);
  Vector points(3 * k + inner.size()), slope, eta;
  points << t, (1 - kStep) * t, (1 + kStep) * t, inner;
  rule_.slope_and_eta(points, slope, eta);
  Faces faces{t, slope.head(k), eta.head(k), Vector(k), rule_.integral(t, slope.tail(inner.size()))};
  for (Index i = 0; i < k; ++i) {
    faces.curvature[i] = t[i] == 0      ? rule_.curvature_at_zero()
                         : t[i] < 1e300 ? (slope[2 * k + i] - slope[k + i]) / (points[2 * k + i] - points[k + i])
                                        : 0;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  recent_.push_front(faces);
  if (recent_.size() > kRemembered) recent_.pop_back();
  return faces;
}

Vector CallablePenalty::value_at(const Vector& t) const {
  if (!value_) return at(t).integral;
  Vector points(t.size() + 1);
  points << 0, t;
  const Vector given = given_value(points);
  return given.tail(t.size()).array() - given[0];
}

void CallablePenalty::value(const ConstVec& t, double, MutVec out) const { out = value_at(t); }
void CallablePenalty::slope(const ConstVec& t, double, MutVec out) const { out = at(t).slope; }
void CallablePenalty::curvature(const ConstVec& t, double, MutVec out) const { out = at(t).curvature; }
void CallablePenalty::eta(const ConstVec& t, double, MutVec out) const { out = at(t).eta; }

/// f(eta) = 2 Omega(T) - T^2 / eta with eta(T) = eta; at a jump of eta, T is where it jumps.
void CallablePenalty::conjugate(const ConstVec& eta, double, MutVec out) const {
  const Vector &edges = rule_.edges(), &slopes = rule_.slopes();
  const Index last = edges.size() - 1;
  std::vector<Index> inside;
  std::vector<double> low, high, wanted;
  Vector T = Vector::Zero(eta.size());
  for (Index i = 0; i < eta.size(); ++i) {
    const auto reaches = [&](Index k) { return slopes[k] > 0 ? edges[k] / slopes[k] : kInfinity; };
    if (eta[i] <= rule_.eta_at_zero()) continue;
    if (std::isinf(eta[i])) {
      T[i] = kInfinity;
      continue;
    }
    if (eta[i] > reaches(last)) {
      const double power = 1 - rule_.last_exponent();
      T[i] = power > 0 ? edges[last] * std::pow(eta[i] / reaches(last), 1 / power) : kInfinity;
      continue;
    }
    Index below = -1, above = last;
    while (above - below > 1) {
      const Index middle = below + (above - below) / 2;
      (reaches(middle) < eta[i] ? below : above) = middle;
    }
    inside.push_back(i);
    low.push_back(below < 0 ? 0.0 : edges[below]);
    high.push_back(edges[above]);
    wanted.push_back(eta[i]);
  }
  const Index count = static_cast<Index>(inside.size());
  const Vector target = Eigen::Map<const Vector>(wanted.data(), count);
  const Vector found = roots([&](const Vector& t) { return Vector(t - target.cwiseProduct(rule_.slope(t))); },
                             Eigen::Map<const Vector>(low.data(), count), Eigen::Map<const Vector>(high.data(), count));
  for (Index i = 0; i < count; ++i) T[inside[static_cast<size_t>(i)]] = found[i];
  const Vector omega = value_at(T);
  for (Index i = 0; i < eta.size(); ++i) {
    const double paid = T[i] > 0 && std::isfinite(eta[i]) ? T[i] * (T[i] / eta[i]) : 0;
    out[i] = T[i] == 0 ? 0 : std::isinf(omega[i]) ? kInfinity : std::max(0.0, 2 * omega[i] - paid);
  }
}

/// Stationary points where x + step alpha Omega'(x) - z rises through 0 between two edges, refined, and 0.
void CallablePenalty::prox(const ConstVec& z, double alpha, double step, MutVec out) const {
  const double rate = step * alpha;
  const Vector &edges = rule_.edges(), &slopes = rule_.slopes();
  std::vector<Index> owner;
  std::vector<double> low, high, wanted;
  const auto bracket = [&](Index i, double from, double to) {
    owner.push_back(i);
    low.push_back(from);
    high.push_back(to);
    wanted.push_back(z[i]);
  };
  out.setZero();
  for (Index i = 0; i < z.size(); ++i) {
    if (std::isinf(z[i])) {
      out[i] = z[i];
      continue;
    }
    double before = 0;
    bool falls = rate * rule_.slope_at_zero() < z[i];
    for (Index k = 0; k < edges.size() && edges[k] < z[i]; ++k) {
      const bool falls_here = edges[k] + rate * slopes[k] < z[i];
      if (falls && !falls_here) bracket(i, before, edges[k]);
      falls = falls_here;
      before = edges[k];
    }
    if (falls && z[i] > 0) bracket(i, before, z[i]);
  }
  const Index count = static_cast<Index>(owner.size());
  const Vector target = Eigen::Map<const Vector>(wanted.data(), count);
  const Vector found = roots([&](const Vector& x) { return Vector(x + rate * rule_.slope(x) - target); },
                             Eigen::Map<const Vector>(low.data(), count), Eigen::Map<const Vector>(high.data(), count));
  const Vector omega = value_at(found);
  Vector best_value = Vector::Zero(z.size());  // of the objective, relative to that at 0
  for (Index i = 0; i < count; ++i) {
    const Index k = owner[static_cast<size_t>(i)];
    const double x = found[i], change = (x / 2 - z[k]) * x + rate * omega[i];
    if (change < best_value[k]) {
      best_value[k] = change;
      out[k] = x;
    }
  }
}

/// The least x / 2 + step alpha Omega(x) / x over x > 0: the best edge, then ever finer grids around it.
double CallablePenalty::zero_threshold(double alpha, double step) const {
  if (rule_.slope_at_zero() == 0) return 0;
  const double rate = step * alpha;
  const Vector& edges = rule_.edges();
  const Vector chords = edges / 2 + rate * rule_.integrals().cwiseQuotient(edges);
  Index best = 0;
  double least = chords.minCoeff(&best);
  double low = edges[std::max<Index>(best - 1, 0)], high = edges[std::min(best + 1, edges.size() - 1)];
  constexpr int points = 33;
  while (high - low > 1e-9 * high) {
    const Vector x = Vector::LinSpaced(points, low, high);
    const Vector chord = x / 2 + rate * value_at(x).cwiseQuotient(x);
    least = std::min(least, chord.minCoeff(&best));
    low = x[std::max<Index>(best - 1, 0)];
    high = x[std::min<Index>(best + 1, points - 1)];
  }
  return std::min(least, rate * rule_.slope_at_zero());
}

}  // namespace pyreweight
