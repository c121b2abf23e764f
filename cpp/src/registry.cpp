#include "pyreweight/registry.hpp"

#include "pyreweight/penalties_ard.hpp"
#include "pyreweight/penalties_classical.hpp"
#include "pyreweight/penalties_dropout.hpp"
#include "pyreweight/penalties_ranking.hpp"
#include "pyreweight/penalties_redescending.hpp"
#include "pyreweight/penalties_variational.hpp"

namespace pyreweight {

namespace {

struct Entry {
  std::unique_ptr<Penalty> (*make)(const Params&);
  std::vector<std::string> parameters;
  bool separable = true;
};

using Table = std::map<std::string, Entry>;

template <class P>
std::vector<std::string> parameters_of() {
  std::vector<std::string> names;
  for (const Param<P>& p : P::params()) names.emplace_back(p.name);
  if (P::scaled) names.emplace_back("scale");
  return names;
}

template <class... P>
void add(Table& table, List<P...>) {
  (table.emplace(P::name, Entry{&make<P>, parameters_of<P>(), true}), ...);
}

const Table& table() {
  static const Table entries = [] {
    Table t;
    add(t, ClassicalPenalties{});
    add(t, RedescendingPenalties{});
    add(t, DropoutPenalties{});
    add(t, VariationalPenalties{});
    t.emplace("top_k", Entry{&TopK::make, {"k"}, false});
    t.emplace("targeted_dropout", Entry{&TargetedDropout::make, {"k", "rate"}, false});
    t.emplace("ard", Entry{&Ard::make, {}, false});
    return t;
  }();
  return entries;
}

const Entry& find(const std::string& name) {
  const auto found = table().find(name);
  if (found != table().end()) return found->second;
  std::string message = "unknown penalty '" + name + "'; known penalties:";
  for (const auto& entry : table()) message += (&entry == &*table().begin() ? " " : ", ") + entry.first;
  throw std::invalid_argument(message);
}

}  // namespace

std::unique_ptr<Penalty> make_penalty(const std::string& name, const Params& params) { return find(name).make(params); }

std::vector<std::string> penalty_names(bool separable) {
  std::vector<std::string> names;
  for (const auto& entry : table()) {
    if (entry.second.separable == separable) names.push_back(entry.first);
  }
  return names;
}

std::vector<std::string> penalty_parameters(const std::string& name) { return find(name).parameters; }

}  // namespace pyreweight
