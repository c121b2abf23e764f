#include "pyreweight/smooth.hpp"

#include <cmath>
#include <sstream>

#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/irls.hpp"

namespace pyreweight {
namespace {

constexpr double kTarget = 1e-13;          // KKT residual in units of the level at which nothing is left to gain
constexpr int kPatience = 8;               // steps without progress before rounding is blamed
constexpr int kGramPatience = 3;           // the same before the Gram matrix is blamed
constexpr double kSmallEntries = 1e6;      // entries of a system that is solved without it
constexpr double kSafeCurvature = 0.02;    // Newton's curvature counts when it is this much of the majoriser's
constexpr Index kSmallSystem = 1000;       // columns for which a Hessian is cheap even when rows are fewer
constexpr double kShortestStep = 0.05;     // of Newton's; shorter, another model is the better choice
constexpr double kPenaltyDominates = 100;  // ridge weight over column moment: the data hardly move the coordinate

class SmoothSolver {
 public:
  SmoothSolver(const Problem& problem, const Regularizer& regularizer, RidgeSolver& ridge)
      : problem_(problem), regularizer_(regularizer), ridge_(ridge), columns_(usable_columns(regularizer)) {}

  Solution run(const Vector& start) {
    Solution best;
    best.v = start;
    if (start.size() == 0) {
      best.v = scatter(ridge_.solve(columns_, even_chance_weights(problem_, regularizer_, columns_), problem_.target),
                       columns_, problem_.design.cols());
    }
    evaluate(best);
    int idle = 0;
    for (int iter = 1; iter <= problem_.options.max_iter && idle < kPatience; ++iter) {
      problem_.monitor.poll();
      // The majoriser's steps are slower than Newton's, but they can be had to all digits.
      careful_ = careful_ || (idle >= kGramPatience && is_small());
      Solution next = careful_ ? careful_step(best) : step(best);
      next.n_iter = iter;
      // A certified point is left for a better certificate only: on ill-conditioned data the objective goes on
      // creeping.
      const bool creeps = next.objective < best.objective * (1 - 1e-13) && !certified(problem_, regularizer_, best);
      const bool progress = next.kkt_residual < 0.9 * best.kkt_residual || creeps;
      idle = progress ? 0 : idle + 1;
      if (progress || next.kkt_residual < best.kkt_residual) best = next;
      best.n_iter = iter;
      if (problem_.monitor.verbose()) {
        std::ostringstream line;
        line << "reweighting " << iter << ": KKT residual / alpha " << best.kkt_residual;
        problem_.monitor.report(line.str());
      }
      if (best.kkt_residual <= kTarget) break;
    }
    best.converged = certified(problem_, regularizer_, best);
    return best;
  }

 private:
  void evaluate(Solution& solution) const {
    refresh(problem_, solution);
    certify(problem_, regularizer_, solution);
  }

  /// argmin of the loss plus 1/2 sum_j rho_j (v_j - centre_j)^2, the model of the penalty with gradient `slope` and
  /// curvature `rho` at the present point. The majoriser's centre is 0, exactly: eps |v_j| would count at large alpha.
  Solution ridge_step(const Solution& from, const Vector& v, const Vector& slope, const Vector& rho,
                      const Vector& majoriser) {
    Vector centre = Vector::Zero(v.size());
    for (Index i = 0; i < v.size(); ++i) {
      if (rho[i] != majoriser[i] && rho[i] > 0 && std::isfinite(rho[i])) centre[i] = v[i] - slope[i] / rho[i];
    }
    Vector target = problem_.target;
    problem_.design.combine(columns_, -centre, target, problem_.monitor);
    Solution next = from;
    next.v = scatter(centre + ridge_.solve(columns_, rho, target), columns_, from.v.size());
    evaluate(next);
    return next;
  }

  Solution step(const Solution& from) {
    const Vector v = gather(from.v, columns_);
    const Vector majoriser = regularizer_.ridge_weights(columns_, v);
    const Vector curvature = regularizer_.curvature(columns_, v);
    Vector slope = regularizer_.slope(columns_, v), rho = majoriser;
    for (Index i = 0; i < v.size(); ++i) {
      slope[i] = std::copysign(slope[i], v[i]);
      if (curvature[i] > kSafeCurvature * majoriser[i]) rho[i] = curvature[i];
    }
    const double allowed = from.objective * (1 + 1e-14);
    Solution next = from;
    bool accepted = false;
    if (rho != curvature) {  // where they agree, the ridge step is Newton's
      for (const double share : {1.0, 0.99, 0.9, 0.5}) {
        accepted = newton_step(v, slope, share * curvature + (1 - share) * majoriser, allowed, next);
        if (accepted) break;
      }
    }
    if (!accepted) {
      next = ridge_step(from, v, slope, rho, majoriser);
      // Newton overshoots zero on a root-like slope (lp, 1 < p < 2); the majoriser never does.
      const Vector reached = gather(next.v, columns_);
      const Vector model = rho;
      for (Index i = 0; i < v.size(); ++i) {
        if (v[i] * reached[i] < 0) rho[i] = majoriser[i];
      }
      if (rho != model) next = ridge_step(from, v, slope, rho, majoriser);
      if (!(next.objective <= allowed) && rho != majoriser) next = ridge_step(from, v, slope, majoriser, majoriser);
    }
    if (next.kkt_residual > problem_.options.tol && regularizer_.penalty().separable()) settle_small(next);
    return next;
  }

  bool is_small() const {
    const double n = static_cast<double>(problem_.design.rows()), k = static_cast<double>(columns_.size());
    return (n + k) * k <= kSmallEntries;
  }

  Solution careful_step(const Solution& from) const {
    const Vector v = gather(from.v, columns_);
    Solution next = from;
    next.v = scatter(ridge_.solve_near(columns_, regularizer_.ridge_weights(columns_, v), v, from.residual), columns_,
                     from.v.size());
    evaluate(next);
    return next;
  }

  /// Newton's step with a curvature of any sign, shortened until the objective is within `allowed`; false where the
  /// Hessian is not positive definite or the larger way.
  bool newton_step(const Vector& v, const Vector& slope, const Vector& curvature, double allowed, Solution& solution) {
    if (v.size() > std::max(problem_.design.rows(), kSmallSystem) || !curvature.allFinite()) return false;
    Vector direction;
    const Vector downhill = gather(solution.gradient, columns_) - slope;
    if (!ridge_.shifted_solve(columns_, curvature, downhill, direction)) return false;
    Solution trial = solution;
    for (double length = 1; length > kShortestStep; length *= 0.5) {
      trial.v = scatter(v + length * direction, columns_, solution.v.size());
      evaluate(trial);
      if (trial.objective <= allowed) {
        solution = trial;
        return true;
      }
    }
    return false;
  }

  /// Where the penalty dominates, a coordinate solves its own prox and hardly disturbs the rest; for lp with p near 1
  /// this replaces hundreds of reweightings, each of which takes only a root of the way down.
  void settle_small(Solution& solution) const {
    Solution trial = solution;
    const Vector rho = regularizer_.ridge_weights(columns_, gather(solution.v, columns_));
    for (Index i = 0; i < rho.size(); ++i) {
      const Index j = columns_[static_cast<size_t>(i)];
      const double g = problem_.design.second_moment()[j];
      if (rho[i] > kPenaltyDominates * g)
        trial.v[j] = regularizer_.prox(j, solution.v[j] + solution.gradient[j] / g, g);
    }
    evaluate(trial);
    if (trial.objective <= solution.objective) solution = trial;
  }

  const Problem& problem_;
  const Regularizer& regularizer_;
  RidgeSolver& ridge_;
  Columns columns_;
  bool careful_ = false;
};

}  // namespace

Solution solve_smooth(const Problem& problem, const Regularizer& regularizer, const Vector& start, RidgeSolver& ridge) {
  return SmoothSolver(problem, regularizer, ridge).run(start);
}

}  // namespace pyreweight
