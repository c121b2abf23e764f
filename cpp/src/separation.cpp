#include "pyreweight/separation.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "pyreweight/columns.hpp"

namespace pyreweight {
namespace {

// Curvatures after which a combination of columns is looked for, as many of them at most; the residual of rows that
// may be on their way, and what is zero relative to the largest.
constexpr int kPatience = 12;
constexpr size_t kMostCombined = 256;
constexpr double kOnTheirWay = 1e-3, kNull = 1e-14, kZero = 1e-8, kLevel = 1e-13;
// Share of the largest coefficient from which others take part in what runs away.
constexpr double kCommon = 0.3;

/// A direction of coefficients and of the predictor.
struct Direction {
  Vector v;          // (p,)
  Vector predictor;  // (n,)
};

/// Where the values of the rows of class k all lie above those of the others: the middle between them is taken off,
/// which is a move of the intercept, and the answer is true. Without intercept the two must lie on either side of zero.
bool centre_between(const Vector& y, const ClassDesign& design, Vector& z) {
  const Vector& pi = design.base().row_weights();
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (Index i = 0; i < z.size(); ++i) {
    if (!(pi[i] > 0)) continue;
    if (y[i] == 1) {
      lowest = std::min(lowest, z[i]);
    } else {
      highest = std::max(highest, z[i]);
    }
  }
  if (!(lowest > highest)) return false;
  if (!design.has_intercepts()) return lowest > 0 && highest < 0;
  z.array() -= 0.5 * lowest + 0.5 * highest;
  return true;
}

/// Whether the loss falls for ever along the coefficients of class k.
bool separates_class(const Problem& problem, const Solution& solution, Index k, Direction& direction) {
  const ClassDesign& design = *problem.classes;
  const Index n = design.base().rows(), p = design.base().cols();
  const Vector y = problem.target.segment(k * n, n);
  direction.v = Vector::Zero(solution.v.size());
  direction.v.segment(k * p, p) = solution.v.segment(k * p, p);
  Vector z = solution.predictor.segment(k * n, n);
  if (!centre_between(y, design, z)) {
    // What the classes have in common shows in the differences only.
    const Eigen::Map<const Matrix> of_all(solution.predictor.data(), n, design.classes());
    z -= of_all.rowwise().mean();
    if (!centre_between(y, design, z)) return false;
    Vector mean = Vector::Zero(p);
    for (Index m = 0; m < design.classes(); ++m) {
      mean += solution.v.segment(m * p, p) / static_cast<double>(design.classes());
    }
    direction.v.segment(k * p, p) -= mean;
  }
  direction.predictor = Vector::Zero(solution.predictor.size());
  direction.predictor.segment(k * n, n) = z;
  return true;
}

/// For every class the smallest class it is tied to by rows of the one that are predicted as the other, in any number
/// of links.
Columns tied_classes(const Problem& problem, const Vector& predictor) {
  const Vector& pi = problem.classes->base().row_weights();
  const Index n = pi.size(), K = problem.classes->classes();
  const Eigen::Map<const Matrix> y(problem.target.data(), n, K), z(predictor.data(), n, K);
  Columns first = all_columns(K);
  for (Index i = 0; i < n; ++i) {
    Index own = 0, predicted = 0;
    y.row(i).maxCoeff(&own);
    z.row(i).maxCoeff(&predicted);
    const Index a = first[static_cast<size_t>(own)], b = first[static_cast<size_t>(predicted)];
    if (a != b && pi[i] > 0) std::replace(first.begin(), first.end(), std::max(a, b), std::min(a, b));
  }
  return first;
}

/// The coefficients that all of the classes have in common (p,): with one sign, and not small beside the largest.
Vector common_part(const Eigen::Map<const Matrix>& v, const Columns& classes) {
  Vector out = v.col(classes.front());
  for (const Index k : classes) {
    for (Index j = 0; j < out.size(); ++j) {
      out[j] = out[j] * v(j, k) <= 0 ? 0.0 : std::copysign(std::min(std::abs(out[j]), std::abs(v(j, k))), out[j]);
    }
  }
  const double least = kCommon * out.cwiseAbs().maxCoeff();
  return (out.array().abs() >= least).select(out, 0.0);
}

/// Whether the loss falls for ever along what the classes of a set have in common, apart from what the others have.
bool separates_set(const Problem& problem, const Solution& solution, const Columns& first, Index set,
                   Direction& direction) {
  const ClassDesign& design = *problem.classes;
  const Index n = design.base().rows(), p = design.base().cols(), K = design.classes();
  const Eigen::Map<const Matrix> v(solution.v.data(), p, K), y(problem.target.data(), n, K);
  Columns inside, outside;
  for (Index k = 0; k < K; ++k) (first[static_cast<size_t>(k)] == set ? inside : outside).push_back(k);
  if (inside.empty() || outside.empty()) return false;
  direction.v = Vector::Zero(solution.v.size());
  Vector z = Vector::Zero(n), members = Vector::Zero(n);
  for (const Index k : inside) members += y.col(k);
  for (const Columns* classes : {&inside, &outside}) {
    const Vector common = common_part(v, *classes);
    const Columns moving = support(common);
    const double side = classes == &inside ? 1 : -1;
    design.base().combine(moving, side * gather(common, moving), z, problem.monitor);
    for (const Index k : *classes) direction.v.segment(k * p, p) = common;
    Vector centred = z;
    if (!centre_between(members, design, centred)) continue;
    direction.predictor = Vector::Zero(solution.predictor.size());
    for (const Index k : inside) direction.predictor.segment(k * n, n) = centred;
    return true;
  }
  return false;
}

/// Whether the values of class k (`y` is 1 in its rows) and those of the others do not overlap along one column, which
/// both may touch: an indicator that is pure in one class, say. Their border is taken off, a move of the intercept.
bool orders_classes(const Vector& y, const Vector& pi, bool has_intercept, Vector& z) {
  double lowest = kInfinity, highest = -kInfinity;
  for (Index i = 0; i < z.size(); ++i) {
    if (!(pi[i] > 0)) continue;
    double& edge = y[i] == 1 ? lowest : highest;
    edge = y[i] == 1 ? std::min(edge, z[i]) : std::max(edge, z[i]);
  }
  if (!(lowest >= highest)) return false;
  if (!has_intercept) return lowest >= 0 && highest <= 0;
  z.array() -= lowest == highest ? lowest : 0.5 * lowest + 0.5 * highest;
  return true;
}

bool falls_for_ever(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                    const Direction& direction) {
  const Columns moving = support(solution.v.cwiseAbs() + direction.v.cwiseAbs());
  const Vector v = gather(solution.v, moving), step = gather(direction.v, moving);
  const auto penalty = [&](double length) { return regularizer.value(moving, v + length * step); };
  if (penalty(0x1p40) > 1.01 * penalty(0x1p20)) return false;
  const auto objective = [&](double length) {
    return problem.loss->value(problem.target, solution.predictor + length * direction.predictor,
                               problem.design.row_weights()) +
           penalty(length);
  };
  return objective(1) < objective(0) && objective(0x1p10) < objective(1);
}

/// Whether its slope is nowhere below the one at zero.
bool rises_for_ever(const Penalty& penalty) { return penalty.convex() && penalty.slope_at_zero() > 0; }

/// Whether the objective falls for ever along a single coefficient.
bool one_runs_away(const Problem& problem, const Regularizer& regularizer, const Solution& solution) {
  const Design& design = problem.classes ? problem.classes->base() : problem.design;
  const Index n = design.rows(), p = design.cols();
  const bool has_intercept = problem.classes ? problem.classes->has_intercepts() : problem.has_intercept;
  for (const Index j : support(solution.v.head(problem.coefficients()))) {
    if (!is_bounded(regularizer, {j}, Vector::Constant(1, solution.v[j]))) continue;
    const Index k = j / p;
    Vector z = Vector::Zero(n);
    design.combine({j % p}, Vector::Constant(1, std::copysign(1.0, solution.v[j])), z, problem.monitor);
    if (!orders_classes(problem.target.segment(k * n, n), design.row_weights(), has_intercept, z)) continue;
    Direction direction = {Vector::Zero(solution.v.size()), Vector::Zero(solution.predictor.size())};
    direction.v[j] = std::copysign(1.0, solution.v[j]);
    direction.predictor.segment(k * n, n) = z;
    if (falls_for_ever(problem, regularizer, solution, direction)) return true;
  }
  return false;
}

/// Whether the objective falls for ever along a combination of the columns of two classes: what the coefficients have
/// in the space that leaves all rows where they are whose class is still open.
bool some_run_away(const Problem& problem, const Regularizer& regularizer, const Solution& solution) {
  const Columns active = support(solution.v);
  if (solution.n_iter < kPatience || active.empty() || active.size() > kMostCombined) return false;
  const Vector& pi = problem.design.row_weights();
  const Vector open = (solution.residual.array().abs() > kOnTheirWay).select(pi, 0.0);
  const double total = open.sum();
  Matrix gram = problem.design.weighted_gram(active, active, open, problem.monitor);
  if (problem.has_intercept && total > 0) {
    Vector mean(gram.rows());
    problem.design.correlate_some(active, open, mean, problem.monitor);
    gram -= mean * mean.transpose() / total;
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> spectrum(gram);
  const Vector v = gather(solution.v, active);
  const double level = kNull * total;
  Index free = 0;
  while (free < v.size() && spectrum.eigenvalues()[free] <= level) ++free;
  const Matrix space = spectrum.eigenvectors().leftCols(free);
  const Vector moving = space * (space.transpose() * v);
  if (!(moving.norm() > kZero * v.norm())) return false;
  Vector z = Vector::Zero(pi.size());
  problem.design.combine(active, moving, z, problem.monitor);
  if (problem.has_intercept && total > 0) z.array() -= z.dot(open) / total;
  const double largest = z.cwiseAbs().maxCoeff();
  z = (z.array().abs() > kZero * largest).select(z, 0.0);
  for (Index i = 0; i < z.size(); ++i) {
    if (pi[i] > 0 && z[i] != 0 && !(problem.target[i] == (z[i] > 0 ? 1.0 : 0.0))) return false;
  }
  // A penalty that still rises far out, towards its bound, has a minimum where the loss falls more slowly.
  const Vector way = (moving.array().abs() > kZero * moving.cwiseAbs().maxCoeff()).select(moving, 0.0) / largest;
  if (regularizer.value(active, v + 0x1p20 * way) > (1 + kLevel) * regularizer.value(active, v + 0x1p10 * way)) {
    return false;
  }
  // By a small step, since what these rows still lose is soon below rounding.
  return falls_for_ever(problem, regularizer, solution, {scatter(way, active, solution.v.size()), z / largest});
}

}  // namespace

bool is_bounded(const Regularizer& regularizer, const Columns& columns, const ConstVec& v) {
  if (rises_for_ever(regularizer.penalty())) {
    for (Index i = 0; i < v.size(); ++i) {
      if (v[i] != 0 && regularizer.penalised(columns[static_cast<size_t>(i)])) return false;
    }
  }
  return !(regularizer.value(columns, 0x1p40 * v) > 1.01 * regularizer.value(columns, 0x1p20 * v));
}

bool runs_away(const Problem& problem, const Regularizer& regularizer, const Solution& solution, bool settled) {
  const Columns active = support(solution.v);
  const auto penalised = [&](Index j) { return regularizer.penalised(j); };
  if (!active.empty() && rises_for_ever(regularizer.penalty()) &&
      std::all_of(active.begin(), active.end(), penalised)) {
    return false;
  }
  if (settled && problem.loss->separable() && one_runs_away(problem, regularizer, solution)) return true;
  if (!is_bounded(regularizer, active, gather(solution.v, active))) return false;
  if (settled && !problem.classes && problem.loss->separable() && some_run_away(problem, regularizer, solution)) {
    return true;
  }
  if (problem.loss->separates(problem.target, solution.predictor, problem.design.row_weights()) &&
      falls_for_ever(problem, regularizer, solution, {solution.v, solution.predictor})) {
    return true;
  }
  Direction direction;
  Columns first;
  if (problem.classes && settled) first = tied_classes(problem, solution.predictor);
  for (Index k = 0; problem.classes && settled && k < problem.classes->classes(); ++k) {
    if (separates_class(problem, solution, k, direction) && falls_for_ever(problem, regularizer, solution, direction)) {
      return true;
    }
    if (separates_set(problem, solution, first, k, direction) &&
        falls_for_ever(problem, regularizer, solution, direction)) {
      return true;
    }
  }
  return false;
}

}  // namespace pyreweight
