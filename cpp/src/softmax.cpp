#include "pyreweight/softmax.hpp"

namespace pyreweight {
namespace {

double xlogx(double x) { return x > 0 ? x * std::log(x) : 0.0; }

}  // namespace

double Softmax::value(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const {
  const Index n = rows(y);
  double total = 0;
  for (Index i = 0; i < n; ++i) {
    if (!(pi[i] > 0)) continue;
    Index top = 0;
    for (Index k = 1; k < classes_; ++k) {
      if (z[k * n + i] > z[top * n + i]) top = k;
    }
    // log1p of what the others add to the largest term: small losses keep their digits.
    const double largest = z[top * n + i];
    double others = 0, below = 0;
    for (Index k = 0; k < classes_; ++k) {
      const double gap = largest - z[k * n + i];
      if (k != top) others += std::exp(-gap);
      if (y[k * n + i] != 0) below += y[k * n + i] * gap;
    }
    total += pi[i] * (below + std::log1p(others));
  }
  return total;
}

void Softmax::residual(const ConstVec& y, const ConstVec& z, MutVec out) const {
  const Index n = rows(y);
  Eigen::ArrayXd largest = z.head(n), sum = Eigen::ArrayXd::Zero(n), others = sum;
  for (Index k = 1; k < classes_; ++k) largest = largest.max(z.segment(k * n, n).array());
  for (Index k = 0; k < classes_; ++k) {
    auto term = out.segment(k * n, n).array();
    term = (z.segment(k * n, n).array() - largest).exp();
    sum += term;
    others += (y.segment(k * n, n).array() == 1).select(0.0, term);
  }
  // 1 - q of the row's own class as the sum of the others: it keeps its digits where q rounds to 1.
  for (Index k = 0; k < classes_; ++k) {
    auto term = out.segment(k * n, n).array();
    term = (y.segment(k * n, n).array() == 1).select(others, -term) / sum;
  }
}

void Softmax::curvature(const ConstVec& y, const ConstVec& z, MutVec out) const {
  residual(y, z, out);
  out.array() = out.array().abs();  // q, or 1 - q in the row's own class
  out.array() *= 1 - out.array();
}

double Softmax::dual(const ConstVec& y, const ConstVec& theta, const ConstVec& pi) const {
  const Index n = rows(y);
  double total = 0;
  for (Index k = 0; k < classes_; ++k) {
    for (Index i = 0; i < n; ++i) {
      if (pi[i] > 0) total -= pi[i] * xlogx(y[k * n + i] - theta[k * n + i]);
    }
  }
  return total;
}

void Softmax::check(const ConstVec& y) const {
  const Index n = rows(y);
  Vector sum = Vector::Zero(n);
  for (Index k = 0; k < classes_; ++k) sum += y.segment(k * n, n);
  if (((y.array() != 0) && (y.array() != 1)).any() || (sum.array() != 1).any()) {
    throw std::invalid_argument("y must name one class for every row for the loss 'softmax'");
  }
}

bool Softmax::separates(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const {
  const Index n = rows(y);
  for (Index i = 0; i < n; ++i) {
    if (!(pi[i] > 0)) continue;
    double own = 0, best = -std::numeric_limits<double>::infinity();
    for (Index k = 0; k < classes_; ++k) {
      if (y[k * n + i] == 1) {
        own = z[k * n + i];
      } else {
        best = std::max(best, z[k * n + i]);
      }
    }
    if (!(own > best)) return false;
  }
  return true;
}

Vector class_targets(const ConstVec& codes, const ConstVec& pi, Index classes) {
  const Index n = codes.size();
  Vector out = Vector::Zero(n * classes);
  for (Index i = 0; i < n; ++i) {
    if (!(codes[i] >= 0 && codes[i] < static_cast<double>(classes)) || codes[i] != std::floor(codes[i])) {
      throw std::invalid_argument("y must be class numbers below " + std::to_string(classes) +
                                  " for the loss 'softmax'");
    }
    out[static_cast<Index>(codes[i]) * n + i] = 1;
  }
  for (Index k = 0; k < classes; ++k) {
    if (!(out.segment(k * n, n).dot(pi) > 0)) {
      throw std::invalid_argument("class " + std::to_string(k) + " of y has no row of positive weight");
    }
  }
  return out;
}

Index reference_class(const ConstVec& targets, const ConstVec& pi) {
  const Index n = pi.size();
  Index heaviest = 0;
  for (Index k = 1; k < targets.size() / n; ++k) {
    if (targets.segment(k * n, n).dot(pi) > targets.segment(heaviest * n, n).dot(pi)) heaviest = k;
  }
  return heaviest;
}

}  // namespace pyreweight
