#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "pyreweight/parallel.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

constexpr double kDenseAdvantage = 12;  // multiplications of a blocked product in the time of one sparse one
constexpr Index kBlockRows = 256;       // rows whose entries are gathered in the nearest memory at a time

/// Some columns of a matrix by rows, block of rows after block: row i of the present block has the entries f in
/// [begin(i), end(i)), of rising places among the columns.
template <class Matrix>
class RowBlocks {
 public:
  /// Before row `first`; the columns must live as long.
  RowBlocks(const Matrix& X, const Columns& columns, Index first, Index rows) : X_(X), columns_(columns), last_(first) {
    for (const Index j : columns) {
      const auto [begin, end] = X.range(j, first, rows);
      next_.push_back(begin);
      end_.push_back(end);
    }
  }

  /// Goes on to the rows before `last`; the entries of column j are taken times factor(j).
  template <class Factor>
  void advance(Index last, const Factor& factor) {
    first_ = last_;
    last_ = last;
    starts_.assign(static_cast<size_t>(last - first_) + 1, 0);
    int* const starts = starts_.data();
    const Index first = first_;
    for (size_t c = 0; c < next_.size(); ++c) {
      for (Index e = next_[c], end = end_[c]; e < end && X_.row(e) < last; ++e) ++starts[X_.row(e) - first];
    }
    int sum = 0;
    for (int& start : starts_) start = std::exchange(sum, sum + start);
    places_.resize(static_cast<size_t>(sum));
    values_.resize(places_.size());
    int* const places = places_.data();
    double* const values = values_.data();
    for (size_t c = 0; c < next_.size(); ++c) {
      const double times = factor(columns_[c]);
      Index e = next_[c];
      for (const Index end = end_[c]; e < end && X_.row(e) < last; ++e) {
        const int f = starts[X_.row(e) - first]++;
        places[f] = static_cast<int>(c);
        values[f] = X_.value(e) * times;
      }
      next_[c] = e;
    }
  }

  /// Leaves the rows before `last` out.
  void skip(Index last) {
    last_ = last;
    for (size_t c = 0; c < next_.size(); ++c) {
      Index& e = next_[c];
      while (e < end_[c] && X_.row(e) < last) ++e;
    }
  }

  // Every start has moved on to that of the next row.
  int begin(Index i) const { return i == first_ ? 0 : starts_[static_cast<size_t>(i - first_) - 1]; }
  int end(Index i) const { return starts_[static_cast<size_t>(i - first_)]; }
  const int* places() const { return places_.data(); }
  const double* values() const { return values_.data(); }

 private:
  const Matrix X_;
  const Columns& columns_;
  Index first_ = 0, last_;
  Columns next_, end_;  // of the entries of the columns
  std::vector<int> starts_, places_;
  std::vector<double> values_;
};

/// A matrix of sums over many rows, taken in subtotals: a sum of ones and zeros times equal weights, added up one by
/// one, is rounded the same way again and again.
class Subtotals {
 public:
  /// Of products that take `work` multiplications a row. Nothing is allocated before there are any.
  Subtotals(Index rows, Index cols, double work)
      : rows_(rows),
        cols_(cols),
        most_(std::max(kBlockRows, static_cast<Index>(kWorkPerEntry * area() / (1 + work)))) {}

  /// What the products of the next `rows` rows are to be added to.
  Matrix& next(Index rows) {
    if (count_ > most_) close();
    if (count_ == 0) part_.setZero(rows_, cols_);
    count_ += rows;
    return part_;
  }
  /// The sum of all; nothing is left.
  Matrix take_total() {
    if (count_ > 0) close();
    part_.resize(0, 0);
    if (total_.size() == 0) total_.setZero(rows_, cols_);
    return std::move(total_);
  }

 private:
  static constexpr double kWorkPerEntry = 8;  // multiplications for one addition of subtotals

  double area() const { return static_cast<double>(rows_) * static_cast<double>(cols_); }

  void close() {
    if (total_.size() == 0) {
      total_.swap(part_);
    } else {
      total_ += part_;
    }
    count_ = 0;
  }

  Index rows_, cols_, most_, count_ = 0;
  Matrix total_, part_;
};

/// Parts of the rows that have their sums to themselves in products of so many multiplications.
inline Index row_parts(double work) {
  constexpr double kPartWork = 4e6, kMostParts = 8;
  return static_cast<Index>(std::clamp(work / kPartWork, 1.0, kMostParts));
}

/// body(part, first row, last row) until all rows are done, one task for a part at a time; the same for any number of
/// threads.
template <class Body>
void for_parts_of_rows(Index rows, double work, Index parts, Monitor& monitor, const Body& body) {
  constexpr double kRegionWork = 1e8;  // multiplications between two polls of the monitor
  const Index regions = 1 + static_cast<Index>(work / kRegionWork);
  const Index blocks = (rows + kBlockRows - 1) / kBlockRows, tasks = parts * regions;
  const Index share = (blocks + tasks - 1) / tasks * kBlockRows;
  for (Index region = 0; region < regions; ++region) {
    parallel_for(parts, 4 * work / static_cast<double>(tasks), monitor, [&](Index part) {
      const Index first = std::min(rows, (region * parts + part) * share);
      body(part, first, std::min(rows, first + share));
    });
  }
}

}  // namespace pyreweight
