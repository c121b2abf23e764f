#include "pyreweight/callable_rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace pyreweight {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kOctaves = 66;
constexpr int kPanelsPerOctave = 4;
constexpr double kSlack = 1e-9;      // by which monotone functions may seem not to be
constexpr Index kMostPanels = 8192;  // where noise in the function would have panels split for ever
constexpr int kNodes = 6;            // on a panel of ratio 2^(1/4) the rule is exact to rounding for every power of t
constexpr std::array<double, kNodes> kNode = {0.033765242898423987, 0.16939530676686776, 0.38069040695840156,
                                              0.61930959304159849,  0.83060469323313224, 0.96623475710157603};
constexpr std::array<double, kNodes> kWeight = {0.085662246189585178, 0.18038078652406931, 0.23395696728634552,
                                                0.23395696728634552,  0.18038078652406931, 0.085662246189585178};

constexpr int kLobattoNodes = 7;
constexpr std::array<double, kLobattoNodes> kLobattoNode = {
    0, 0.08488805186071696, 0.2655756032646429, 0.5, 0.7344243967353571, 0.915111948139283, 1};
constexpr std::array<double, kLobattoNodes> kLobattoWeight = {
    1.0 / 42, 0.138413023680783, 0.2158726906049313, 128.0 / 525, 0.2158726906049313, 0.138413023680783, 1.0 / 42};

std::string number(double x) {
  std::ostringstream text;
  text.precision(6);
  text << x;
  return text.str();
}

}  // namespace

CallableRule::CallableRule(VectorFunction function, Kind kind) : function_(std::move(function)), kind_(kind) {
  const int half = kOctaves * kPanelsPerOctave;
  edges_.resize(2 * half + 1);
  for (int k = -half; k <= half; ++k) edges_[k + half] = std::exp2(k / static_cast<double>(kPanelsPerOctave));
  examine_zero();
  examine_edges();
  split_panels();
  describe();
}

void CallableRule::reject(const std::string& complaint) const {
  throw std::invalid_argument(std::string(function_name()) + " " + complaint);
}

Vector CallableRule::ask(const Vector& t) const {
  // Beyond the table the function would be at the mercy of overflow; the power law takes over.
  const Vector inside = edges_.size() > 0 ? Vector(t.cwiseMin(edges_[edges_.size() - 1])) : t;
  Vector answer = function_(inside);
  if (answer.size() != t.size()) {
    reject("must return as many values as it gets, " + std::to_string(t.size()) + ", not " +
           std::to_string(answer.size()));
  }
  for (Index i = 0; i < t.size(); ++i) {
    const std::string at = " at t = " + number(inside[i]);
    if (std::isnan(answer[i])) reject("returned nan" + at);
    if (kind_ == Kind::derivative) {
      if (answer[i] < 0) reject("must not be negative, got " + number(answer[i]) + at);
      if (std::isinf(answer[i]) && inside[i] > 0) reject("must be finite for t > 0, got inf" + at);
    } else {
      if (answer[i] < 0 || answer[i] > 1) reject("must stay in [0, 1], got " + number(answer[i]) + at);
      if (answer[i] == 0 && inside[i] > 0) {
        reject("must be positive for t > 0, got 0" + at + ", where the penalty would be infinite");
      }
    }
  }
  return answer;
}

Vector CallableRule::slope_of(const Vector& t, const Vector& answer) const {
  Vector slope(t.size());
  const double top = edges_[edges_.size() - 1];
  for (Index i = 0; i < t.size(); ++i) {
    const double inside = std::min(t[i], top);
    if (inside == 0) {
      slope[i] = slope_at_zero_;
      continue;
    }
    slope[i] = kind_ == Kind::derivative ? answer[i] : inside * ((1 - answer[i]) / answer[i]);
    if (t[i] > top && slope[i] > 0) slope[i] *= std::pow(t[i] / top, last_exponent_);
  }
  return slope;
}

void CallableRule::slope_and_eta(const Vector& t, Vector& slope, Vector& eta) const {
  const Vector answer = ask(t);
  slope = slope_of(t, answer);
  eta.resize(t.size());
  for (Index i = 0; i < t.size(); ++i) {
    eta[i] = t[i] == 0 ? eta_at_zero_ : slope[i] > 0 ? t[i] / slope[i] : kInfinity;
    // The odds themselves are more exact than t over the slope made from them.
    if (kind_ == Kind::keep_probability && t[i] > 0 && t[i] <= edges_[edges_.size() - 1]) {
      eta[i] = answer[i] / (1 - answer[i]);
    }
    if (t[i] == kInfinity && slope[i] > 0)
      eta[i] = last_exponent_ < 1 ? kInfinity : edges_[edges_.size() - 1] / slope[i];
  }
}

/// Slope, eta and curvature at 0 from the function there and its limit.
void CallableRule::examine_zero() {
  Vector t(5);
  t << 0, edges_[0], 2 * edges_[0], 0x1p-26, 0x1p-20;
  const Vector answer = ask(t), slope = slope_of(t, answer);
  const double low = slope[1], rate = low > 0 ? std::log2(slope[2] / low) : 1;
  first_exponent_ = std::abs(rate) < 1e-7 ? 0 : rate;
  if (!(first_exponent_ > -1 + 1e-6)) {
    reject(kind_ == Kind::derivative
               ? "must be integrable at 0, and grows like t^" + number(first_exponent_)
               : "must not fall at 0 as fast as t^2, and behaves like t^" + number(1 - first_exponent_));
  }
  if (kind_ == Kind::derivative) {
    slope_at_zero_ = answer[0];
    const bool jumps = std::isfinite(answer[0]) &&
                       (answer[0] > 0 ? std::abs(low - answer[0]) > 1e-3 * answer[0] : low > 0 && first_exponent_ <= 0);
    if (jumps)
      reject("must return its limit from the right at t = 0, got " + number(answer[0]) + " beside " + number(low));
    if (answer[0] > 0) first_exponent_ = std::isinf(answer[0]) ? first_exponent_ : 0;
    eta_at_zero_ = slope_at_zero_ > 0 || first_exponent_ < 1 - 1e-7 ? 0 : low > 0 ? edges_[0] / low : kInfinity;
  } else {
    slope_at_zero_ = answer[0] > 0 || first_exponent_ > 0 ? 0 : first_exponent_ < 0 ? kInfinity : low;
    eta_at_zero_ = answer[0] / (1 - answer[0]);
  }
  // A quotient of differences that still grows towards 0 has no limit.
  const double near = (slope[3] - slope_at_zero_) / t[3], far = (slope[4] - slope_at_zero_) / t[4];
  curvature_at_zero_ = std::isinf(slope_at_zero_)                                   ? -kInfinity
                       : std::abs(near) > 4 * std::abs(far) + 1e-6 * slope_at_zero_ ? std::copysign(kInfinity, near)
                                                                                    : near;
}

/// eta = t / Omega', or the keep probability, must not decrease; between the edges split_panels() meets the same test.
void CallableRule::examine_edges() const {
  const Vector answer = ask(edges_);
  for (Index k = 1; k < edges_.size(); ++k) {
    const double before = edges_[k - 1], here = edges_[k];
    if (kind_ == Kind::keep_probability) {
      if (answer[k] >= answer[k - 1] * (1 - kSlack)) continue;
      reject("must not decrease, and falls from " + number(answer[k - 1]) + " at t = " + number(before) + " to " +
             number(answer[k]) + " at t = " + number(here));
    }
    if (answer[k] / here <= answer[k - 1] / before * (1 + kSlack)) continue;
    reject("must not grow faster than t, and goes from " + number(answer[k - 1]) + " at t = " + number(before) +
           " to " + number(answer[k]) + " at t = " + number(here));
  }
}

/// Halves the panels on which the rules of Gauss and Lobatto differ, all of them in one call of the function per round.
/// Both integrate polynomials of degree 11; the latter has nodes at the ends, so no kink hides between panels.
void CallableRule::split_panels() {
  struct Panel {
    double low, high, integral;
    double before;  // twice a lower bound on the integral from 0 to `low`
  };
  constexpr Index per_panel = kNodes + kLobattoNodes;
  std::vector<Panel> open, done;
  for (Index k = 0; k + 1 < edges_.size(); ++k) open.push_back({edges_[k], edges_[k + 1], 0, 0});
  while (!open.empty()) {
    Vector t(per_panel * static_cast<Index>(open.size()));
    double* point = t.data();
    for (const Panel& p : open) {
      for (const double x : kNode) *point++ = p.low + (p.high - p.low) * x;
      for (const double x : kLobattoNode) *point++ = p.low + (p.high - p.low) * x;
    }
    const Vector s = slope(t);
    const double* at = s.data();
    std::vector<Panel> next;
    const bool enough = static_cast<Index>(done.size() + open.size()) > kMostPanels;
    double before = 0;
    for (Panel& p : open) {
      const double width = p.high - p.low;
      double gauss = 0, lobatto = 0;
      for (const double weight : kWeight) gauss += weight * *at++;
      for (const double weight : kLobattoWeight) lobatto += weight * *at++;
      p.integral = width * gauss;
      // The integral from 0 never falls and is at least t Omega'(t) / 2 at every t, so this is rounding, also where
      // Omega' has fallen to nothing.
      p.before = before = std::max({p.before, before, p.low * gauss});
      const double allowed = 8 * kEps * before / width + noise(p.high);
      if (std::abs(gauss - lobatto) <= allowed || width <= 4 * kEps * p.high || enough) {
        done.push_back(p);
      } else {
        next.push_back({p.low, p.low + width / 2, 0, p.before});
        next.push_back({p.low + width / 2, p.high, 0, p.before});
      }
    }
    open = next;
  }
  std::sort(done.begin(), done.end(), [](const Panel& a, const Panel& b) { return a.low < b.low; });
  const Index count = static_cast<Index>(done.size());
  edges_.resize(count + 1);
  for (Index k = 0; k < count; ++k) edges_[k] = done[static_cast<size_t>(k)].low;
  edges_[count] = done.back().high;
  examine_edges();
  slopes_ = slope(edges_);
  integrals_.resize(count + 1);
  integrals_[0] = edges_[0] * slopes_[0] / (1 + first_exponent_);
  for (Index k = 0; k < count; ++k) integrals_[k + 1] = integrals_[k] + done[static_cast<size_t>(k)].integral;
}

void CallableRule::describe() {
  const Index last = edges_.size() - 1;
  const double ratio = slopes_[last - 1] > 0 ? slopes_[last] / slopes_[last - 1] : 0;
  last_exponent_ = ratio > 0 ? std::log(ratio) / std::log(edges_[last] / edges_[last - 1]) : 0;
  const double whole = std::round(last_exponent_);
  if (std::abs(last_exponent_ - whole) < 1e-9) last_exponent_ = whole;
  convex_ = true;
  double steepest = slope_at_zero_, before = slope_at_zero_;
  for (Index k = 0; k <= last; ++k) {
    convex_ = convex_ && slopes_[k] >= before * (1 - kSlack) - noise(edges_[k]);
    before = slopes_[k];
    steepest = std::max(steepest, slopes_[k] - noise(edges_[k]));
  }
  const bool unbounded = slopes_[last] == steepest && last_exponent_ > 1e-9;
  steepest_slope_ = unbounded ? kInfinity : steepest > slope_at_zero_ * (1 + kSlack) ? steepest : slope_at_zero_;
}

/// What rounding of 1 - q leaves undecided of the slope.
double CallableRule::noise(double t) const { return kind_ == Kind::keep_probability ? 8 * kEps * t : 0; }

Index CallableRule::panel_below(double t) const {
  const double* begin = edges_.data();
  return static_cast<Index>(std::upper_bound(begin, begin + edges_.size(), t) - begin) - 1;
}

Vector CallableRule::inner_points(const Vector& t) const {
  const Index last = edges_.size() - 1;
  Vector points(kNodes * t.size());
  for (Index i = 0; i < t.size(); ++i) {
    const Index k = panel_below(t[i]);
    const double low = k < 0 ? 0 : edges_[std::min(k, last)], high = k >= last ? low : t[i];
    for (int m = 0; m < kNodes; ++m) points[kNodes * i + m] = k < 0 ? t[i] : low + (high - low) * kNode[m];
  }
  return points;
}

Vector CallableRule::integral(const Vector& t, const Vector& inner) const {
  const Index last = edges_.size() - 1;
  Vector out(t.size());
  for (Index i = 0; i < t.size(); ++i) {
    const Index k = panel_below(t[i]);
    if (k < 0) {
      out[i] = t[i] > 0 ? t[i] * inner[kNodes * i] / (1 + first_exponent_) : 0;
    } else if (k >= last) {
      // int x^a from the last edge on, relative to edge * slope there.
      const double power = 1 + last_exponent_, x = t[i] / edges_[last];
      const double rest = power == 0 ? std::log(x) : (std::pow(x, power) - 1) / power;
      out[i] = integrals_[last] + (slopes_[last] > 0 ? edges_[last] * slopes_[last] * rest : 0);
    } else {
      double sum = 0;
      for (int m = 0; m < kNodes; ++m) sum += kWeight[m] * inner[kNodes * i + m];
      out[i] = integrals_[k] + (t[i] - edges_[k]) * sum;
    }
  }
  return out;
}

}  // namespace pyreweight
