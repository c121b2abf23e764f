#include "pyreweight/penalties_ranking.hpp"

#include <numeric>

namespace pyreweight {
namespace {

constexpr double kMostK = 9007199254740992;  // 2^53

/// The parameters given, which must be among those with a default.
Params with_defaults(const char* penalty, Params known, const Params& given) {
  for (const auto& [name, value] : given) {
    if (known.count(name) == 0) throw std::invalid_argument(std::string(penalty) + " has no parameter " + name);
    known[name] = value;
  }
  return known;
}

Index checked_k(const char* penalty, double k, double least) {
  if (!(k >= least && k <= kMostK && k == std::floor(k))) {
    detail::reject_parameter(penalty, "k", least == 0 ? "an integer >= 0" : "an integer >= 1", k);
  }
  return static_cast<Index>(k);
}

}  // namespace

std::vector<char> largest_entries(const ConstVec& t, Index k) {
  std::vector<char> kept(static_cast<size_t>(t.size()), 0);
  Columns order;
  for (Index i = 0; i < t.size(); ++i) {
    if (t[i] > 0) order.push_back(i);
  }
  const auto larger = [&t](Index a, Index b) { return t[a] > t[b] || (t[a] == t[b] && a < b); };
  if (static_cast<Index>(order.size()) > k) {
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(), larger);
    order.resize(static_cast<size_t>(k));
  }
  for (const Index i : order) kept[static_cast<size_t>(i)] = 1;
  return kept;
}

std::unique_ptr<Penalty> TopK::make(const Params& params) {
  return std::make_unique<TopK>(checked_k("top_k", with_defaults("top_k", {{"k", 10}}, params)["k"], 1));
}

void TopK::value(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) out[i] = kept[static_cast<size_t>(i)] || t[i] == 0 ? 0 : kInfinity;
}

void TopK::slope(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) out[i] = kept[static_cast<size_t>(i)] ? 0 : kInfinity;
}

void TopK::curvature(const ConstVec&, double, MutVec out) const { out.setZero(); }

void TopK::eta(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) out[i] = kept[static_cast<size_t>(i)] ? kInfinity : 0;
}

/// 0 where at most k entries are positive.
void TopK::conjugate(const ConstVec& eta, double alpha, MutVec out) const { value(eta, alpha, out); }

void TopK::prox(const ConstVec& z, double, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(z, k_);
  for (Index i = 0; i < z.size(); ++i) out[i] = kept[static_cast<size_t>(i)] ? z[i] : 0;
}

double TopK::zero_threshold(double, double) const {
  throw std::invalid_argument("top_k has no strength: it keeps k coefficients whatever alpha is");
}

std::unique_ptr<Penalty> TargetedDropout::make(const Params& params) {
  Params known = with_defaults("targeted_dropout", {{"k", 10}, {"rate", 0.5}}, params);
  const double rate = known["rate"];
  if (!(rate >= 0 && rate < 1)) detail::reject_parameter("targeted_dropout", "rate", ">= 0 and < 1", rate);
  return std::make_unique<TargetedDropout>(checked_k("targeted_dropout", known["k"], 0), rate);
}

void TargetedDropout::value(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) {
    out[i] = kept[static_cast<size_t>(i)] || variance_ == 0 ? 0 : variance_ * t[i] / 2 * t[i];
  }
}

void TargetedDropout::slope(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) out[i] = kept[static_cast<size_t>(i)] || variance_ == 0 ? 0 : variance_ * t[i];
}

void TargetedDropout::curvature(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) out[i] = kept[static_cast<size_t>(i)] ? 0 : variance_;
}

void TargetedDropout::eta(const ConstVec& t, double, MutVec out) const {
  const std::vector<char> kept = largest_entries(t, k_);
  for (Index i = 0; i < t.size(); ++i) out[i] = kept[static_cast<size_t>(i)] ? kInfinity : 1 / variance_;
}

/// The sum of the p - k smallest squares is the least sum x_j w_j^2 with 0 <= x <= 1, sum x = p - k. So the ridge 1 /
/// eta majorises where sum min(1, 1 / (v eta_j)) >= p - k, and f is 0 there, inf elsewhere.
void TargetedDropout::conjugate(const ConstVec& eta, double, MutVec out) const {
  out.setZero();
  if (variance_ == 0 || out.size() == 0) return;
  double room = 0;
  for (Index i = 0; i < eta.size(); ++i) room += std::min(1.0, 1 / (variance_ * eta[i]));
  const double needed = static_cast<double>(eta.size() - std::min(k_, eta.size()));
  if (room < needed * (1 - 1e-14)) out.setConstant(kInfinity);
}

void TargetedDropout::prox(const ConstVec& z, double alpha, double step, MutVec out) const {
  const std::vector<char> kept = largest_entries(z, k_);
  for (Index i = 0; i < z.size(); ++i) {
    out[i] = kept[static_cast<size_t>(i)] ? z[i] : z[i] / (1 + step * alpha * variance_);
  }
}

}  // namespace pyreweight
