#include "pyreweight/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <utility>

#include "pyreweight/certificate.hpp"
#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/irls.hpp"
#include "pyreweight/penalties_ranking.hpp"

namespace pyreweight {
namespace {

constexpr Index kBlock = 512;          // columns outside examined together
constexpr double kDependent = 1e-9;    // share of a column that the others must leave for it to count as independent
constexpr double kWorthwhile = 1e-12;  // least gain of an exchange, relative to the objective of the null model
constexpr int kHalvings = 10;          // of the gradient step

class TopKSolver {
 public:
  TopKSolver(const Problem& problem, const Regularizer& regularizer, Index k)
      : problem_(problem), regularizer_(regularizer), k_(k) {
    for (const Index j : usable_columns(regularizer)) (regularizer.penalised(j) ? ranked_ : free_).push_back(j);
  }

  Solution run(const Vector& start) {
    const Index p = problem_.design.cols();
    solution_.v = Vector::Zero(p);
    refresh(problem_, solution_);
    null_gradient_ = solution_.gradient;
    fit_columns(start.size() > 0 ? with_free(largest_of(start)) : free_);
    const int limit = problem_.options.max_iter;
    while (solution_.n_iter < limit && threshold()) report("thresholding");
    bool settled = false;
    while (solution_.n_iter < limit && !settled) {
      settled = !exchange();
      if (!settled) report("exchange");
    }
    const int n_iter = std::max(1, solution_.n_iter);
    certify(problem_, regularizer_, solution_);
    const double steepest = gather(solution_.gradient, active_).cwiseAbs().sum();
    solution_.converged = settled && steepest <= std::max(problem_.options.tol, 1e-10);
    solution_.n_iter = n_iter;
    return solution_;
  }

 private:
  double loss() const { return 0.5 * solution_.residual.cwiseAbs2().dot(problem_.design.row_weights()); }

  Columns largest_of(const Vector& v) const {
    const Vector size = gather(v, ranked_).cwiseAbs();
    const std::vector<char> kept = largest_entries(size, k_);
    Columns columns;
    for (size_t i = 0; i < ranked_.size(); ++i) {
      if (kept[i]) columns.push_back(ranked_[i]);
    }
    return columns;
  }

  Columns with_free(const Columns& chosen) const {
    Columns columns = free_;
    columns.insert(columns.end(), chosen.begin(), chosen.end());
    return columns;
  }

  /// Least squares on `columns` without those that depend on the ones before; one step of refinement from the data.
  void fit_columns(const Columns& columns) {
    const Matrix gram = problem_.design.gram(columns, columns, problem_.monitor);
    factor_.clear();
    active_.clear();
    Columns place;
    for (size_t i = 0; i < columns.size(); ++i) {
      const Index at = static_cast<Index>(i);
      if (!factor_.append(gather(gram.col(at), place), gram(at, at))) continue;
      place.push_back(at);
      active_.push_back(columns[i]);
    }
    solution_.v.setZero();
    solution_.gradient = null_gradient_;
    for (int round = 0; round < 2 && !active_.empty(); ++round) {
      const Vector correction = factor_.solve(gather(solution_.gradient, active_));
      for (size_t i = 0; i < active_.size(); ++i) solution_.v[active_[i]] += correction[static_cast<Index>(i)];
      refresh(problem_, solution_);
    }
    if (active_.empty()) refresh(problem_, solution_);
    loss_ = loss();
  }

  /// One thresholded gradient step with least squares after it; false, and nothing changed, where it gains nothing.
  bool threshold() {
    const Solution before = solution_;
    const Columns active_before = active_;
    const double loss_before = loss_;
    Columns moving = active_;
    for (const Index j : largest_of(solution_.gradient)) moving.push_back(j);
    std::sort(moving.begin(), moving.end());
    moving.erase(std::unique(moving.begin(), moving.end()), moving.end());
    const Vector direction = gather(solution_.gradient, moving);
    Vector image = Vector::Zero(problem_.design.rows());
    problem_.design.combine(moving, direction, image, problem_.monitor);
    const double curvature = image.cwiseAbs2().dot(problem_.design.row_weights());
    if (!(curvature > 0)) return false;
    double step = direction.squaredNorm() / curvature;
    bool moved = false;
    for (int i = 0; i < kHalvings; ++i, step /= 2) {
      const Columns chosen = with_free(largest_of(before.v + step * before.gradient));
      if (same_columns(chosen, active_before)) break;
      fit_columns(chosen);
      moved = true;
      if (loss_ < loss_before - kWorthwhile * problem_.half_target_square()) {
        ++solution_.n_iter;
        return true;
      }
      solution_ = before;
    }
    if (moved) fit_columns(active_before);
    return false;
  }

  static bool same_columns(Columns a, Columns b) {
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
  }

  /// The best exchange of a column inside for one outside, or the best column to add while there are fewer than k;
  /// false where none gains.
  ///
  /// With A the inverse of the Gram matrix inside and b = A (Z'z_j) for a column j outside, leaving i out costs
  /// v_i^2 / (2 A_ii) and turns the correlation of j into c_j + b_i v_i / A_ii and what the others leave of it into
  /// s_j + b_i^2 / A_ii, s_j = z_j'z_j - (Z'z_j)'b; taking j in then gains the square of the one over twice the other.
  bool exchange() {
    const Index s = static_cast<Index>(active_.size()), fixed = static_cast<Index>(free_kept());
    const bool room = s - fixed < k_;
    const Matrix inverse = inverse_gram();
    const Vector v = gather(solution_.v, active_);
    const Vector& moment = problem_.design.second_moment();
    update_products();
    Columns outside;
    for (const Index j : ranked_) {
      if (products_.count(j) == 0) outside.push_back(j);
    }
    double best = kWorthwhile * problem_.half_target_square();
    Index leaving = -1, entering = -1;
    for (size_t first = 0; first < outside.size(); first += kBlock) {
      problem_.monitor.poll();
      const Columns block(outside.begin() + static_cast<std::ptrdiff_t>(first),
                          outside.begin() + static_cast<std::ptrdiff_t>(std::min(first + kBlock, outside.size())));
      Matrix cross(s, static_cast<Index>(block.size()));
      for (Index i = 0; i < s; ++i) cross.row(i) = gather(products_.at(active_[static_cast<size_t>(i)]), block);
      const Matrix b = inverse * cross;
      for (size_t at = 0; at < block.size(); ++at) {
        const Index j = block[at], column = static_cast<Index>(at);
        const double c = solution_.gradient[j], g = moment[j];
        const double left = std::max(0.0, g - cross.col(column).dot(b.col(column)));
        if (room && left > kDependent * g && c * c / (2 * left) > best) {
          best = c * c / (2 * left);
          leaving = -1;
          entering = j;
        }
        for (Index i = fixed; i < s; ++i) {
          const double a = inverse(i, i), share = b(i, column), rest = left + share * share / a;
          if (!(rest > kDependent * g)) continue;
          const double correlation = c + share * v[i] / a;
          const double gain = correlation * correlation / (2 * rest) - v[i] * v[i] / (2 * a);
          if (gain > best) {
            best = gain;
            leaving = i;
            entering = j;
          }
        }
      }
    }
    if (entering < 0) return false;
    const Solution before = solution_;
    const Columns active_before = active_;
    const double loss_before = loss_;
    Columns columns = active_;
    if (leaving >= 0) columns.erase(columns.begin() + leaving);
    columns.push_back(entering);
    fit_columns(columns);
    ++solution_.n_iter;
    if (loss_ < loss_before) return true;
    fit_columns(active_before);  // the gain was rounding
    solution_.n_iter = before.n_iter;
    return false;
  }

  /// The products of the active columns with all others: a pass over X for each that is new.
  void update_products() {
    std::map<Index, Vector> kept;
    for (const Index j : active_) {
      const auto known = products_.find(j);
      if (known != products_.end()) {
        kept[j] = std::move(known->second);
        continue;
      }
      Vector column = Vector::Zero(problem_.design.rows()), product(problem_.design.cols());
      problem_.design.combine({j}, Vector::Ones(1), column, problem_.monitor);
      problem_.design.correlate(column.cwiseProduct(problem_.design.row_weights()), product, problem_.monitor);
      kept[j] = std::move(product);
    }
    products_ = std::move(kept);
  }

  size_t free_kept() const {
    return static_cast<size_t>(
        std::count_if(active_.begin(), active_.end(), [this](Index j) { return !regularizer_.penalised(j); }));
  }

  Matrix inverse_gram() const {
    const Index s = static_cast<Index>(active_.size());
    Matrix inverse(s, s);
    for (Index i = 0; i < s; ++i) inverse.col(i) = factor_.solve(Vector::Unit(s, i));
    return inverse;
  }

  void report(const char* what) const {
    if (!problem_.monitor.verbose()) return;
    std::ostringstream line;
    line << what << " " << solution_.n_iter << ": nonzero " << active_.size() << ", share of the variance left "
         << loss_ / problem_.half_target_square();
    problem_.monitor.report(line.str());
  }

  const Problem& problem_;
  const Regularizer& regularizer_;
  Index k_;
  Columns free_, ranked_;  // unpenalised, and those of which k are chosen
  Columns active_;         // the columns of factor_, the unpenalised ones first
  UpdatableCholesky factor_;
  std::map<Index, Vector> products_;  // by active column, (p,)
  Vector null_gradient_;
  Solution solution_;
  double loss_ = 0;
};

}  // namespace

Solution solve_top_k(const Problem& problem, const Regularizer& regularizer, Index k, const Vector& start) {
  return TopKSolver(problem, regularizer, k).run(start);
}

}  // namespace pyreweight
