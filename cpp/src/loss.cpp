#include "pyreweight/loss.hpp"

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

}  // namespace

std::unique_ptr<Loss> make_loss(const std::string& name, const Params& params) {
  if (name == "softmax") return make_softmax(params);
  std::string known;
  auto loss = find(name, params, known, Losses{});
  if (!loss) throw std::invalid_argument("unknown loss '" + name + "'; known losses: " + known + ", softmax");
  return loss;
}

}  // namespace pyreweight
