#include "pyreweight/gram_solver.hpp"

namespace pyreweight {

void GramForm::set_state(const ConstVec& v, const ConstVec& correlations) {
  v_ = v;
  c_ = correlations;
}

/// Room for so many columns, and more once a matrix has grown: to copy it at every step of a path costs more than to
/// form what is new.
void GramForm::reserve(Index columns) {
  if (G_.cols() >= columns) return;
  const Index capacity = size() == 0 ? columns : columns + columns / 4;
  Matrix larger(capacity, capacity);
  larger.topLeftCorner(size(), size()) = G_.topLeftCorner(size(), size());
  G_.swap(larger);
}

void GramForm::append(const Matrix& cross, const Matrix& own, const ConstVec& correlations) {
  const Index k = size(), m = own.cols();
  reserve(k + m);
  G_.block(0, k, k, m) = cross;
  G_.block(k, 0, m, k) = cross.transpose();
  G_.block(k, k, m, m) = own;
  diagonal_.conservativeResize(k + m);
  diagonal_.tail(m) = own.diagonal();
  v_.conservativeResize(k + m);
  v_.tail(m).setZero();
  c_.conservativeResize(k + m);
  c_.tail(m) = correlations;
}

Vector GramForm::times_gram(const ConstVec& x) const {
  Vector out = Vector::Zero(size());
  for (Index j = 0; j < x.size(); ++j) {
    if (x[j] != 0) out += x[j] * column(j);
  }
  return out;
}

void GramForm::move(double step, const ConstVec& direction) {
  v_ += step * direction;
  c_ -= step * times_gram(direction);
}

void GramForm::settle(const std::vector<char>& movable, const Prox& prox, const std::function<bool()>& again) {
  do {
    settle_once(movable, prox);
  } while (again());
}

double GramForm::loss_change(double step, const ConstVec& direction) const {
  return step * (0.5 * step * direction.dot(times_gram(direction)) - c_.dot(direction));
}

}  // namespace pyreweight
