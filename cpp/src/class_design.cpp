#include "pyreweight/class_design.hpp"

#include "pyreweight/columns.hpp"

namespace pyreweight {

ClassDesign::ClassDesign(const Design& base, Index classes, bool intercepts)
    : Design(base.rows() * classes, classes * base.cols() + (intercepts ? classes : 0),
             base.row_weights().replicate(classes, 1)),
      base_(base),
      classes_(classes),
      intercepts_(intercepts) {
  for (Index k = 0; k < classes; ++k) {
    for (Index j = 0; j < base.cols(); ++j) places_.emplace_back(k, j);
  }
  for (Index k = 0; k < classes && intercepts; ++k) places_.emplace_back(k, -1);
  weights_ = base.row_weights().replicate(classes, 1);  // of sum K: a loss is a mean over the rows of the base design
  root_weights_ = weights_.cwiseSqrt();
  const auto repeated = [&](const Vector& of_base, double of_ones) {
    Vector out = Vector::Constant(cols_, of_ones);
    out.head(coefficients()) = of_base.replicate(classes, 1);
    return out;
  };
  centre_ = repeated(base.centre(), 0);
  scale_ = repeated(base.scale(), 1);
  deviation_ = repeated(base.deviation(), 0);
  penalty_unit_ = repeated(base.penalty_unit(), 1);
  second_moment_ = repeated(base.second_moment(), 1);
  unit_ = inverse_ = Vector::Ones(cols_);  // raw_block gives final entries
  shift_ = Vector::Zero(cols_);
}

ClassDesign::ClassDesign(const ClassDesign& unmixed, const Columns& columns, const Matrix& probabilities)
    : Design(unmixed.rows(), static_cast<Index>(columns.size()), unmixed.row_weights()),
      base_(unmixed.base_),
      classes_(unmixed.classes_),
      intercepts_(unmixed.intercepts_),
      root_(probabilities.cwiseSqrt()) {
  for (const Index j : columns) places_.push_back(unmixed.places_[static_cast<size_t>(j)]);
  weights_ = unmixed.row_weights();
  root_weights_ = weights_.cwiseSqrt();
  centre_ = shift_ = Vector::Zero(cols_);
  unit_ = inverse_ = Vector::Ones(cols_);
  scale_ = gather(unmixed.scale(), columns).array().sign();
  deviation_ = gather(unmixed.deviation(), columns);
  penalty_unit_ = gather(unmixed.penalty_unit(), columns);
  // Estimates, as if columns and curvature had nothing to do with each other.
  const Vector curvature =
      (probabilities.array() * (1 - probabilities.array())).matrix().transpose() * base_.row_weights();
  second_moment_ = gather(unmixed.second_moment(), columns);
  for (Index j = 0; j < cols_; ++j) second_moment_[j] *= curvature[class_of(j)];
}

std::vector<ClassDesign::Share> ClassDesign::by_class(const Columns& columns) const {
  std::vector<Share> shares(static_cast<size_t>(classes_));
  for (size_t c = 0; c < columns.size(); ++c) {
    const Place& place = places_[static_cast<size_t>(columns[c])];
    Share& share = shares[static_cast<size_t>(place.first)];
    if (place.second < 0) {
      share.ones_at.push_back(static_cast<Index>(c));
    } else {
      share.columns.push_back(place.second);
      share.at.push_back(static_cast<Index>(c));
    }
  }
  return shares;
}

Vector ClassDesign::factor(Index k, Index m) const {
  if (!mixed()) return Vector::Constant(base_.rows(), k == m ? 1.0 : 0.0);
  return root_.col(k).array() * ((k == m ? 1.0 : 0.0) - root_.col(k).array() * root_.col(m).array());
}

Matrix ClassDesign::unmix(const ConstVec& u) const {
  Matrix out = Eigen::Map<const Matrix>(u.data(), base_.rows(), classes_);
  if (!mixed()) return out;
  const Vector along = (out.array() * root_.array()).rowwise().sum();
  out.array() = root_.array() * (out.array() - root_.array().colwise() * along.array());
  return out;
}

void ClassDesign::correlate(const ConstVec& u, MutVec out, Monitor& monitor) const {
  if (mixed()) return correlate_some(all_columns(cols_), u, out, monitor);
  const Index n = base_.rows(), p = base_.cols();
  for (Index k = 0; k < classes_; ++k) {
    base_.correlate(u.segment(k * n, n), out.segment(k * p, p), monitor);
    if (intercepts_) out[coefficients() + k] = u.segment(k * n, n).sum();
  }
}

void ClassDesign::correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const {
  const Matrix by_row = unmix(u);
  const std::vector<Share> shares = by_class(columns);
  for (Index k = 0; k < classes_; ++k) {
    const Share& share = shares[static_cast<size_t>(k)];
    Vector part(static_cast<Index>(share.columns.size()));
    if (part.size() > 0) base_.correlate_some(share.columns, by_row.col(k), part, monitor);
    for (Index i = 0; i < part.size(); ++i) out[share.at[static_cast<size_t>(i)]] = part[i];
    for (const Index c : share.ones_at) out[c] = by_row.col(k).sum();
  }
}

void ClassDesign::combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const {
  const std::vector<Share> shares = by_class(columns);
  Matrix sum = Matrix::Zero(base_.rows(), classes_);
  for (Index k = 0; k < classes_; ++k) {
    const Share& share = shares[static_cast<size_t>(k)];
    if (!share.columns.empty()) base_.combine(share.columns, gather(coef, share.at), sum.col(k), monitor);
    for (const Index c : share.ones_at) sum.col(k).array() += coef[c];
  }
  if (mixed()) {
    const Vector mean = (sum.array() * root_.array().square()).rowwise().sum();
    sum.array() = root_.array() * (sum.array().colwise() - mean.array());
  }
  Eigen::Map<Matrix>(out.data(), base_.rows(), classes_) += sum;
}

/// Of columns of two classes, rows of the base design weighted: those of the base first, then those of ones.
Matrix ClassDesign::product(const Share& a, const Share& b, const ConstVec& weights, Monitor& monitor) const {
  const Index rows = static_cast<Index>(a.columns.size()), cols = static_cast<Index>(b.columns.size());
  const Index more_rows = static_cast<Index>(a.ones_at.size()), more_cols = static_cast<Index>(b.ones_at.size());
  Matrix out(rows + more_rows, cols + more_cols);
  if (rows > 0 && cols > 0) {
    // The same list twice tells the base design that the product is symmetric.
    out.topLeftCorner(rows, cols) = base_.weighted_gram(a.columns, b.columns, weights, monitor);
  }
  const auto with_ones = [&](const Columns& columns) {
    Vector sums(static_cast<Index>(columns.size()));
    if (!columns.empty()) base_.correlate_some(columns, weights, sums, monitor);
    return sums;
  };
  if (more_cols > 0) out.topRightCorner(rows, more_cols) = with_ones(a.columns).replicate(1, more_cols);
  if (more_rows > 0) {
    out.bottomLeftCorner(more_rows, cols) = with_ones(b.columns).transpose().replicate(more_rows, 1);
    out.bottomRightCorner(more_rows, more_cols).setConstant(weights.sum());
  }
  return out;
}

Matrix ClassDesign::gram(const Columns& a, const Columns& b, Monitor& monitor) const {
  const bool symmetric = &a == &b;
  const std::vector<Share> left = by_class(a), right = symmetric ? left : by_class(b);
  Matrix out = Matrix::Zero(static_cast<Index>(a.size()), static_cast<Index>(b.size()));
  const auto positions = [](const Share& share) {
    Columns at = share.at;
    at.insert(at.end(), share.ones_at.begin(), share.ones_at.end());
    return at;
  };
  for (Index k = 0; k < classes_; ++k) {
    const Share& of_k = left[static_cast<size_t>(k)];
    const Columns rows = positions(of_k);
    for (Index m = symmetric ? k : 0; m < classes_ && !rows.empty(); ++m) {
      if (k != m && !mixed()) continue;
      const Share& of_m = symmetric && k == m ? of_k : right[static_cast<size_t>(m)];
      const Columns cols = positions(of_m);
      if (cols.empty()) continue;
      Vector weights = base_.row_weights();
      if (mixed()) {
        const auto square = root_.col(k).array().square();
        if (k == m) {
          weights.array() *= square * (1 - square);
        } else {
          weights.array() *= square * root_.col(m).array().square();
        }
      }
      const Matrix block = product(of_k, of_m, weights, monitor);
      for (size_t c = 0; c < cols.size(); ++c) {
        for (size_t r = 0; r < rows.size(); ++r) {
          const double value = block(static_cast<Index>(r), static_cast<Index>(c));
          out(rows[r], cols[c]) = k == m ? value : -value;
          if (symmetric && k != m) out(cols[c], rows[r]) = -value;
        }
      }
    }
  }
  return out;
}

void ClassDesign::raw_block(Index first, Index count, const Columns& columns, Matrix& out) const {
  const Index n = base_.rows();
  const Vector once = Vector::Ones(n);
  out.resize(count, static_cast<Index>(columns.size()));
  Matrix entries;
  for (Index at = 0; at < count;) {
    const Index m = (first + at) / n, row = (first + at) % n, height = std::min(count - at, n - row);
    for (size_t c = 0; c < columns.size(); ++c) {
      const auto [k, j] = places_[static_cast<size_t>(columns[c])];
      auto part = out.col(static_cast<Index>(c)).segment(at, height);
      part = factor(k, m).segment(row, height);
      if (j < 0) continue;
      base_.weighted_block(row, height, {j}, once, entries);
      part.array() *= entries.col(0).array();
    }
    at += height;
  }
}

void ClassDesign::append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const {
  const auto [k, column] = places_[static_cast<size_t>(j)];
  if (column < 0) return;
  std::vector<std::uint32_t> base_rows;
  std::vector<double> base_values;
  base_.append_stored(column, base_rows, base_values);
  const auto n = static_cast<std::uint32_t>(base_.rows());
  for (Index m = 0; m < classes_; ++m) {
    if (m != k && !mixed()) continue;
    for (size_t e = 0; e < base_rows.size(); ++e) {
      rows.push_back(static_cast<std::uint32_t>(m) * n + base_rows[e]);
      values.push_back(base_values[e] * factor(k, m, base_rows[e]));
    }
  }
}

double ClassDesign::stored_offset(Index j) const {
  const Index column = places_[static_cast<size_t>(j)].second;
  return column < 0 ? -1.0 : base_.stored_offset(column);
}

Vector ClassDesign::common(Index k) const {
  Vector out(rows_);
  for (Index m = 0; m < classes_; ++m) out.segment(m * base_.rows(), base_.rows()) = factor(k, m);
  return out;
}

double ClassDesign::stored(const Columns& columns) const {
  Columns of_base;
  for (const Index j : columns) {
    const Index column = places_[static_cast<size_t>(j)].second;
    if (column >= 0) of_base.push_back(column);
  }
  return base_.stored(of_base) * (mixed() ? static_cast<double>(classes_) : 1.0);
}

}  // namespace pyreweight
