#include "pyreweight/support_factor.hpp"

#include <algorithm>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

/// G at the given rows and columns.
Matrix pick(const Matrix& G, const Columns& rows, const Columns& columns) {
  Matrix out(static_cast<Index>(rows.size()), static_cast<Index>(columns.size()));
  for (Index c = 0; c < out.cols(); ++c) {
    const double* const column = &G(0, columns[static_cast<size_t>(c)]);
    for (Index r = 0; r < out.rows(); ++r) out(r, c) = column[rows[static_cast<size_t>(r)]];
  }
  return out;
}

}  // namespace

/// A removal does 3 k^2 operations at the speed of memory, a new factor k^3 / 3 at the speed of products.
bool SupportFactor::too_many(const Columns& removals) const { return removals.size() > 4 + columns_.size() / 16; }

bool SupportFactor::follow(const Matrix& G, const ConstVec& shift, const Columns& wanted, bool most) {
  failed_.clear();
  std::vector<char> missing(static_cast<size_t>(shift.size()), 0);
  for (const Index j : wanted) missing[static_cast<size_t>(j)] = 1;
  Columns stale;  // positions
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto j = static_cast<size_t>(columns_[i]);
    if (missing[j] && shifts_[i] == shift[columns_[i]]) {
      missing[j] = 0;
    } else {
      stale.push_back(static_cast<Index>(i));
    }
  }
  Columns fresh;
  if (too_many(stale)) {
    clear();
    fresh = wanted;
  } else {
    for (auto position = stale.rbegin(); position != stale.rend(); ++position) remove(*position);
    for (const Index j : wanted) {
      if (missing[static_cast<size_t>(j)]) fresh.push_back(j);
    }
  }
  if (append_all(G, shift, fresh)) return true;
  if (most) append_most(G, shift, fresh);
  return most && failed_.empty();
}

bool SupportFactor::append_all(const Matrix& G, const ConstVec& shift, const Columns& fresh) {
  if (fresh.empty()) return true;
  Matrix own = pick(G, fresh, fresh);
  own.diagonal() += gather(shift, fresh);
  const bool done =
      columns_.empty() ? factor_.assign(own, monitor_) : factor_.append(pick(G, columns_, fresh), own, monitor_);
  if (!done) return false;
  columns_.insert(columns_.end(), fresh.begin(), fresh.end());
  for (const Index j : fresh) shifts_.push_back(shift[j]);
  return true;
}

void SupportFactor::append_most(const Matrix& G, const ConstVec& shift, const Columns& fresh) {
  constexpr size_t kBlock = 32;
  for (size_t first = 0; first < fresh.size(); first += kBlock) {
    monitor_.poll();
    const auto begin = fresh.begin() + static_cast<std::ptrdiff_t>(first);
    const Columns block(begin, begin + static_cast<std::ptrdiff_t>(std::min(kBlock, fresh.size() - first)));
    Matrix own = pick(G, block, block);
    own.diagonal() += gather(shift, block);
    const std::vector<char> taken = factor_.append_independent(pick(G, columns_, block), own);
    for (size_t i = 0; i < block.size(); ++i) {
      if (!taken[i]) {
        failed_.push_back(block[i]);
        continue;
      }
      columns_.push_back(block[i]);
      shifts_.push_back(shift[block[i]]);
    }
  }
}

bool SupportFactor::append(const Matrix& G, double shift, Index column) {
  if (!factor_.append(gather(G.col(column), columns_), G(column, column) + shift)) return false;
  columns_.push_back(column);
  shifts_.push_back(shift);
  return true;
}

void SupportFactor::remove(Index position) {
  factor_.remove(position);
  columns_.erase(columns_.begin() + position);
  shifts_.erase(shifts_.begin() + position);
}

bool SupportFactor::keep_support(const ConstVec& v) {
  Columns stale;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (v[columns_[i]] == 0) stale.push_back(static_cast<Index>(i));
  }
  if (too_many(stale)) {
    clear();
    return false;
  }
  for (auto position = stale.rbegin(); position != stale.rend(); ++position) remove(*position);
  return true;
}

bool SupportFactor::has(Index column) const {
  return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
}

bool SupportFactor::is_of(const Columns& support, const ConstVec& shift) const {
  if (support.empty() || support.size() != columns_.size()) return false;
  Columns sorted = columns_;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != support) return false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (shifts_[i] != shift[columns_[i]]) return false;
  }
  return true;
}

void SupportFactor::clear() {
  factor_.clear();
  columns_.clear();
  shifts_.clear();
}

}  // namespace pyreweight
