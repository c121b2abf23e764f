#include "pyreweight/exchange.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

constexpr Index kBlock = 32;
// Keeps H regular where columns on a plateau of Omega are alike.
constexpr double kRidge = 1e-8;
// Share of its threshold from which on a zero counts.
constexpr double kNear = 0.3;
// What those that enter must promise of the cost: little, since they settle together and others with them.
constexpr double kLeastPromise = 1e-3;
// Departures that cost more have never paid; in units of what a column at its threshold takes off the loss.
constexpr double kMostCost = 20;

}  // namespace

bool Exchange::prepare() {
  const Matrix& gram = inner_.gram();
  active_ = support(inner_.v());
  const Index m = static_cast<Index>(active_.size());
  for (const Index i : active_) columns_.push_back(working_[static_cast<size_t>(i)]);
  Matrix root = submatrix(gram, active_);
  terms_ = kRidge * root.diagonal() + regularizer_.curvature(columns_, gather(inner_.v(), active_));
  root.diagonal() += terms_;
  if (m == 0 || !cholesky(root, problem_.monitor)) return false;
  inverse_ = Matrix::Identity(m, m);
  for (Index first = 0; first < m; first += kBlock) {
    problem_.monitor.poll();
    auto block = inverse_.middleCols(first, std::min(kBlock, m - first));
    root.triangularView<Eigen::Upper>().transpose().solveInPlace(block);
    root.triangularView<Eigen::Upper>().solveInPlace(block);
  }
  for (Index j = 0; j < inner_.size(); ++j) {
    if (inner_.v()[j] == 0 && std::abs(inner_.correlations()[j]) > kNear * search_.threshold(j)) idle_.push_back(j);
  }
  const Index count = static_cast<Index>(idle_.size());
  response_.resize(m, count);
  for (Index first = 0; first < count; first += kBlock) {
    problem_.monitor.poll();
    const Index width = std::min(kBlock, count - first);
    Matrix cross(m, width);
    for (Index b = 0; b < width; ++b) cross.col(b) = gather(gram.col(idle_[static_cast<size_t>(first + b)]), active_);
    response_.middleCols(first, width).noalias() = inverse_ * cross;
  }
  return true;
}

/// What the objective rises by when the coordinate leaves and no other enters; `v` and `c` on the support.
double Exchange::cost(Index place, const Vector& v, const Vector& c) const {
  const auto h = inverse_.col(place);
  const double length = -v[place] / h[place];
  const double bend = h[place] - h.cwiseAbs2().dot(terms_);  // h'G h
  Vector reached = v + length * h;
  reached[place] = 0;
  return length * (0.5 * length * bend - c.dot(h)) + regularizer_.value(columns_, reached) -
         regularizer_.value(columns_, v);
}

std::vector<Exchange::Departure> Exchange::judge() const {
  const Matrix& gram = inner_.gram();
  const Vector v = gather(inner_.v(), active_), c = gather(inner_.correlations(), active_);
  const Vector outside = gather(inner_.correlations(), idle_);
  std::vector<Departure> departures;
  for (Index a = 0; a < v.size(); ++a) {
    problem_.monitor.poll();
    const Index i = active_[static_cast<size_t>(a)];
    const double threshold = search_.threshold(i);
    if (std::isinf(threshold)) continue;
    const double cost = this->cost(a, v, c), share = v[a] / inverse_(a, a);
    if (cost > kMostCost * threshold * threshold / (2 * gram(i, i))) continue;
    double gained = 0;
    for (Index e = 0; e < outside.size(); ++e) {
      const Index j = idle_[static_cast<size_t>(e)];
      const double pull = outside[e] + share * response_(a, e), g = gram(j, j);
      if (std::abs(pull) > search_.threshold(j)) gained += search_.gain(j, 0, pull / g, g).first;
    }
    if (gained > kLeastPromise * cost) departures.push_back({gained, a});
  }
  std::sort(departures.begin(), departures.end(), [](const auto& a, const auto& b) { return a.gained > b.gained; });
  return departures;
}

bool Exchange::attempt(Index place) {
  problem_.monitor.poll();
  const Vector& v = inner_.v();
  const Index leaving = active_[static_cast<size_t>(place)];
  const double length = -v[leaving] / inverse_(place, place);
  if (length == 0) return false;  // another departure has taken it along
  Vector step = Vector::Zero(v.size());
  for (size_t a = 0; a < active_.size(); ++a) {
    if (v[active_[a]] != 0) step[active_[a]] = length * inverse_(static_cast<Index>(a), place);
  }
  step[leaving] = -v[leaving];
  return search_.attempt(step, leaving);
}

bool Exchange::run() {
  bool moved = false;
  if (!prepare()) return moved;
  for (const Departure& departure : judge()) moved = attempt(departure.place) || moved;
  return moved;
}

}  // namespace pyreweight
