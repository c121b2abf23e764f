#include "pyreweight/loss.hpp"

#include <algorithm>
#include <stdexcept>

#include "pyreweight/softmax.hpp"

namespace pyreweight {
namespace {

/// The loss named `name` if it is in the list, built from named numbers; L's own defaults where one is missing.
template <class... L>
std::unique_ptr<Loss> find(const std::string& name, const Params& params, std::string& known, List<L...>) {
  std::unique_ptr<Loss> found;
  const auto consider = [&](auto rule) {
    using Rule = decltype(rule);
    known += (known.empty() ? "" : ", ") + std::string(Rule::name);
    if (name != Rule::name) return;
    for (const auto& entry : params) {
      bool has = false;
      for (const auto& p : Rule::params()) {
        if (entry.first != p.name) continue;
        has = true;
        if (!(entry.second > p.low && entry.second < p.high)) {
          detail::reject_parameter(Rule::name, p.name, detail::describe_range(p), entry.second);
        }
        rule.*(p.place) = entry.second;
      }
      if (!has) throw std::invalid_argument(std::string(Rule::name) + " has no parameter " + entry.first);
    }
    found = std::make_unique<RowLoss<Rule>>(rule);
  };
  (consider(L{}), ...);
  return found;
}

std::unique_ptr<Loss> make_softmax(const Params& params) {
  const auto classes = params.find("classes");
  if (params.size() != 1 || classes == params.end()) throw std::invalid_argument("softmax needs `classes` alone");
  const double count = classes->second;
  if (!(count >= 2 && count == std::floor(count) && count < 1e6)) {
    detail::reject_parameter("softmax", "classes", "an integer >= 2", count);
  }
  return std::make_unique<Softmax>(static_cast<Index>(count));
}

constexpr Index kBlock = 512;  // rows whose exponentials stay in the nearest memory
using Block = Eigen::Array<double, Eigen::Dynamic, 1, Eigen::ColMajor, kBlock, 1>;

/// visit(first row, e^-|z| of the rows) block by block.
template <class Visit>
void visit_decays(const ConstVec& z, const Visit& visit) {
  Block decay;
  for (Index first = 0; first < z.size(); first += kBlock) {
    decay = (-z.segment(first, std::min(kBlock, z.size() - first)).array().abs()).exp();
    visit(first, decay);
  }
}

}  // namespace

template <>
double RowLoss<Logistic>::value(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const {
  double total = 0;
  Block log, ratio;
  visit_decays(z, [&](Index first, const Block& decay) {
    log = (1 + decay).log();
    ratio = decay / ((1 + decay) - 1);
    const double *const ys = y.data() + first, *const zs = z.data() + first, *const weights = pi.data() + first;
    for (Index k = 0; k < decay.size(); ++k) {
      // Of 1 + e the logarithm is exact to rounding; the factor makes it that of e.
      const double log1p = log[k] > 0 ? log[k] * ratio[k] : decay[k];
      const double term = log1p + (zs[k] > 0 ? (1 - ys[k]) * zs[k] : -ys[k] * zs[k]);
      log[k] = weights[k] > 0 ? weights[k] * term : 0.0;
    }
    total += log.sum();
  });
  return total;
}

template <>
void RowLoss<Logistic>::residual(const ConstVec& y, const ConstVec& z, MutVec out) const {
  Block small;  // the smaller of q and 1 - q
  visit_decays(z, [&](Index first, const Block& decay) {
    small = decay / (1 + decay);
    const double *const ys = y.data() + first, *const zs = z.data() + first;
    double* const outs = out.data() + first;
    for (Index k = 0; k < decay.size(); ++k) outs[k] = zs[k] > 0 ? small[k] - (1 - ys[k]) : ys[k] - small[k];
  });
}

template <>
void RowLoss<Logistic>::curvature(const ConstVec&, const ConstVec& z, MutVec out) const {
  visit_decays(
      z, [&](Index first, const Block& decay) { out.segment(first, decay.size()) = decay / (1 + decay).square(); });
}

std::unique_ptr<Loss> make_loss(const std::string& name, const Params& params) {
  if (name == "softmax") return make_softmax(params);
  std::string known;
  auto loss = find(name, params, known, Losses{});
  if (!loss) throw std::invalid_argument("unknown loss '" + name + "'; known losses: " + known + ", softmax");
  return loss;
}

}  // namespace pyreweight
