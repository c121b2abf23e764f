#include "pyreweight/support_factor.hpp"

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

bool SupportFactor::follow(const Matrix& G, const ConstVec& shift, const Columns& wanted) {
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
  // A removal does 3 k^2 operations at the speed of memory, a new factor k^3 / 3 at the speed of products.
  if (stale.size() > 4 + columns_.size() / 16) {
    clear();
    return append_all(G, shift, wanted);
  }
  for (auto position = stale.rbegin(); position != stale.rend(); ++position) remove(*position);
  Columns fresh;
  for (const Index j : wanted) {
    if (missing[static_cast<size_t>(j)]) fresh.push_back(j);
  }
  return append_all(G, shift, fresh);
}

/// All at once; where that fails, halves, down to the column at fault.
bool SupportFactor::append_all(const Matrix& G, const ConstVec& shift, const Columns& fresh) {
  if (fresh.empty()) return true;
  Matrix own = pick(G, fresh, fresh);
  own.diagonal() += gather(shift, fresh);
  const bool done =
      columns_.empty() ? factor_.assign(own, monitor_) : factor_.append(pick(G, columns_, fresh), own, monitor_);
  if (done) {
    columns_.insert(columns_.end(), fresh.begin(), fresh.end());
    for (const Index j : fresh) shifts_.push_back(shift[j]);
    return true;
  }
  if (fresh.size() == 1) {
    failed_ = fresh[0];
    return false;
  }
  const auto middle = fresh.begin() + static_cast<std::ptrdiff_t>(fresh.size() / 2);
  return append_all(G, shift, Columns(fresh.begin(), middle)) && append_all(G, shift, Columns(middle, fresh.end()));
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

void SupportFactor::clear() {
  factor_.clear();
  columns_.clear();
  shifts_.clear();
}

}  // namespace pyreweight
