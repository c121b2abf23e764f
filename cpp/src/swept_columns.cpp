#include "pyreweight/swept_columns.hpp"

#include <algorithm>

#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

constexpr Index kColumnsOfTask = 64, kRowsOfTask = 2048;

/// body(first, last) over blocks of [0, count), `entries` in all.
template <class Body>
void in_blocks(Index count, Index of_task, size_t entries, Monitor& monitor, const Body& body) {
  const Index tasks = (count + of_task - 1) / of_task;
  const double work = 4 * static_cast<double>(entries) / static_cast<double>(std::max<Index>(tasks, 1));
  parallel_for(tasks, work, monitor, [&](Index task) { body(task * of_task, std::min(count, (task + 1) * of_task)); });
}

}  // namespace

SweptColumns::SweptColumns(const Design& design) : design_(design), pi_(design.row_weights()) {
  same_weights_ = pi_.size() > 0 && (pi_.array() == pi_[0]).all();
  common_.resize(design.rows(), design.commons());
  for (Index c = 0; c < common_.cols(); ++c) common_.col(c) = design.common(c);
  weighted_common_ = pi_.asDiagonal() * common_;
  total_ = common_.transpose() * weighted_common_;
}

void SweptColumns::append(const Columns& fresh, Monitor& monitor) {
  rows_.reserve(rows_.size() + static_cast<size_t>(design_.stored(fresh)));
  columns_.reserve(columns_.size() + fresh.size());
  common_sums_.reserve((columns_.size() + fresh.size()) * static_cast<size_t>(common_.cols()));
  Vector sum(common_.cols());
  for (const Index j : fresh) {
    monitor.poll();
    const auto begin = static_cast<Index>(rows_.size()), values = static_cast<Index>(values_.size());
    design_.append_stored(j, rows_, values_);
    Column column = {
        begin, static_cast<Index>(rows_.size()), values, 0, design_.stored_offset(j), 0, design_.common_of(j)};
    const auto first = values_.begin() + values;
    if (std::all_of(first, values_.end(), [&](double value) { return value == *first; })) {
      column.value = column.begin < column.end ? *first : 0.0;
      column.values = -1;
      values_.resize(static_cast<size_t>(values));
    }
    sum.setZero();
    visit_stored(column, [&](Index i, double entry) {
      column.diagonal += entry * entry * pi_[i];
      for (Index c = 0; c < sum.size(); ++c) sum[c] += entry * weighted_common_(i, c);
    });
    const Index c = column.common;
    column.diagonal += column.offset * (column.offset * total_(c, c) - 2 * sum[c]);
    columns_.push_back(column);
    common_sums_.insert(common_sums_.end(), sum.data(), sum.data() + sum.size());
  }
}

Vector SweptColumns::image(const ConstVec& v) const {
  Vector out = Vector::Zero(rows()), common = Vector::Zero(common_.cols());
  for (Index i = 0; i < v.size(); ++i) {
    if (v[i] == 0) continue;
    visit_stored(at(i), [&](Index row, double entry) { out[row] += v[i] * entry; });
    common[at(i).common] += v[i] * at(i).offset;
  }
  return out - common_ * common;
}

void SweptColumns::products(const Vector& u, MutVec out, Monitor& monitor) const {
  const Vector of_common = common_.transpose() * u;
  in_blocks(size(), kColumnsOfTask, rows_.size(), monitor, [&](Index first, Index last) {
    for (Index i = first; i < last; ++i) out[i] = product(i, u, of_common);
  });
}

void SweptColumns::renew(const Vector& target, const ConstVec& v) {
  residual_ = (target - image(v)).cwiseProduct(pi_);
  shift_ = Vector::Zero(common_.cols());
  common_residual_ = common_.transpose() * residual_;
}

double SweptColumns::half_square() const {
  const Vector weighted = weighted_residual();
  double sum = 0;
  for (Index i = 0; i < pi_.size(); ++i) {
    if (pi_[i] > 0) sum += weighted[i] * (weighted[i] / pi_[i]);
  }
  return 0.5 * sum;
}

void SweptColumns::step(Index i, double step) {
  const Column& column = at(i);
  double* const residual = residual_.data();
  const double* const pi = pi_.data();
  if (same_weights_) {
    const double scaled = step * pi[0];
    visit_stored(column, [&](Index row, double entry) { residual[row] -= scaled * entry; });
  } else {
    visit_stored(column, [&](Index row, double entry) { residual[row] -= step * entry * pi[row]; });
  }
  const double offset = step * column.offset;
  const double* const sums = common_sums_.data() + i * shift_.size();
  for (Index c = 0; c < shift_.size(); ++c) common_residual_[c] -= step * sums[c] - offset * total_(c, column.common);
  shift_[column.common] -= offset;
}

SupportColumns::SupportColumns(const SweptColumns& all, const Columns& columns)
    : all_(all), columns_(columns), starts_(static_cast<size_t>(all.rows()) + 1, 0) {
  same_values_ = std::all_of(columns.begin(), columns.end(), [&](Index i) { return all.at(i).values < 0; });
  const auto start_of = [&](Index row) -> Index& { return starts_[static_cast<size_t>(row)]; };
  for (const Index i : columns) {
    all.visit_stored(all.at(i), [&](Index row, double) { ++start_of(row + 1); });
  }
  for (size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  places_.resize(static_cast<size_t>(starts_.back()));
  if (!same_values_) values_.resize(places_.size());
  std::vector<Index> next = starts_;
  for (size_t c = 0; c < columns.size(); ++c) {
    all.visit_stored(all.at(columns[c]), [&](Index row, double entry) {
      const auto f = static_cast<size_t>(next[static_cast<size_t>(row)]++);
      places_[f] = static_cast<std::uint32_t>(c);
      if (!same_values_) values_[f] = entry;
    });
  }
}

Vector SupportColumns::image(const ConstVec& v, Monitor& monitor) const {
  Vector out(all_.rows()), coef = v, common = Vector::Zero(all_.common_.cols());
  for (Index c = 0; c < v.size(); ++c) {
    const SweptColumns::Column& column = all_.at(columns_[static_cast<size_t>(c)]);
    common[column.common] += v[c] * column.offset;
    if (same_values_) coef[c] *= column.value;
  }
  in_blocks(out.size(), kRowsOfTask, places_.size(), monitor, [&](Index first, Index last) {
    for (Index i = first; i < last; ++i) {
      const Index begin = starts_[static_cast<size_t>(i)], end = starts_[static_cast<size_t>(i) + 1];
      double sum = 0;
      for (Index f = begin; f < end; ++f) {
        const double value = coef[places_[static_cast<size_t>(f)]];
        sum += same_values_ ? value : values_[static_cast<size_t>(f)] * value;
      }
      out[i] = sum;
    }
  });
  return out - all_.common_ * common;
}

Vector SupportColumns::products(const Vector& u, Monitor& monitor) const {
  const Vector of_common = all_.common_.transpose() * u;
  Vector out(static_cast<Index>(columns_.size()));
  in_blocks(out.size(), kColumnsOfTask, places_.size(), monitor, [&](Index first, Index last) {
    for (Index c = first; c < last; ++c) out[c] = all_.product(columns_[static_cast<size_t>(c)], u, of_common);
  });
  return out;
}

}  // namespace pyreweight
