#include "pyreweight/groups.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace pyreweight {

Groups::Groups(const Columns& labels) {
  std::map<Index, Index> numbers;
  group_.reserve(labels.size());
  for (size_t j = 0; j < labels.size(); ++j) {
    const auto [entry, is_new] = numbers.emplace(labels[j], count());
    if (is_new) members_.emplace_back();
    group_.push_back(entry->second);
    members_[static_cast<size_t>(entry->second)].push_back(static_cast<Index>(j));
  }
  if (members_.size() < labels.size()) return;
  group_.clear();
  members_.clear();
}

Columns Groups::complete(const Columns& columns) const {
  if (singletons()) return columns;
  std::vector<char> seen(members_.size(), 0);
  Columns out;
  for (const Index j : columns) {
    char& known = seen[static_cast<size_t>(of(j))];
    if (!known) out.insert(out.end(), members(of(j)).begin(), members(of(j)).end());
    known = 1;
  }
  return out;
}

Groups Groups::part(const Columns& columns) const {
  if (singletons()) return {};
  Columns labels;
  labels.reserve(columns.size());
  for (const Index j : columns) labels.push_back(of(j));
  return Groups(labels);
}

Groups Groups::apart(const std::vector<char>& alone) const {
  if (singletons()) return {};
  Columns labels = group_;
  Index next = count();
  for (size_t j = 0; j < labels.size(); ++j) {
    if (alone[j]) labels[j] = next++;
  }
  return Groups(labels);
}

Vector Groups::norms(const Columns& columns, const ConstVec& x) const {
  if (singletons()) return x.cwiseAbs();
  Vector largest = Vector::Zero(count()), square = Vector::Zero(count()), out(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    double& most = largest[of(columns[static_cast<size_t>(i)])];
    most = std::max(most, std::abs(x[i]));
  }
  for (Index i = 0; i < x.size(); ++i) {
    const Index g = of(columns[static_cast<size_t>(i)]);
    if (x[i] == 0 || std::isinf(largest[g])) continue;
    const double share = x[i] / largest[g];
    square[g] += share * share;
  }
  for (Index i = 0; i < x.size(); ++i) {
    const Index g = of(columns[static_cast<size_t>(i)]);
    out[i] = std::isinf(largest[g]) ? largest[g] : largest[g] * std::sqrt(square[g]);
  }
  return out;
}

Vector Groups::sized(const Vector& weights) const {
  Vector out = weights;
  for (const Columns& members : members_) {
    for (const Index j : members) out[j] *= std::sqrt(static_cast<double>(members.size()));
  }
  return out;
}

void add_norm_hessian(const Columns& places, const Vector& unit, const ConstVec& v, double tangential, double radial,
                      Matrix& out) {
  Vector direction(static_cast<Index>(places.size()));
  for (Index i = 0; i < direction.size(); ++i) {
    const Index place = places[static_cast<size_t>(i)];
    direction[i] = unit[place] * v[place];
  }
  direction.stableNormalize();
  for (Index i = 0; i < direction.size(); ++i) {
    const Index row = places[static_cast<size_t>(i)];
    for (Index k = 0; k < direction.size(); ++k) {
      const Index column = places[static_cast<size_t>(k)];
      out(row, column) += unit[row] * direction[i] * (radial - tangential) * direction[k] * unit[column];
    }
    out(row, row) += tangential * unit[row] * unit[row];
  }
}

}  // namespace pyreweight
