#include "pyreweight/path.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "pyreweight/alpha_max.hpp"
#include "pyreweight/certificate.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/degrees_of_freedom.hpp"
#include "pyreweight/irls.hpp"
#include "pyreweight/newton_solver.hpp"
#include "pyreweight/quadratic_model.hpp"
#include "pyreweight/smooth.hpp"
#include "pyreweight/test_error.hpp"
#include "pyreweight/working_set.hpp"

namespace pyreweight {
namespace {

/// solver="auto" or the paper's loop at one alpha after the other, with everything kept that the next one can use.
class PathSolver {
 public:
  PathSolver(ScaledProblem& scaled, bool paper_loop)
      : problem_(scaled.problem()),
        regularizer_(scaled.regularizer()),
        paper_loop_(paper_loop),
        newton_(problem_.loss ? std::make_unique<NewtonSolver>(problem_, regularizer_) : nullptr),
        working_set_(newton_ ? nullptr : std::make_unique<WorkingSetSolver>(problem_, regularizer_)),
        ridge_(problem_.design, problem_.monitor),
        null_(solver().solve_null()) {
    const Penalty& penalty = regularizer_.penalty();
    const std::string name = penalty.name();
    if (!penalty.has_strength()) throw std::invalid_argument(name + " has no strength, so there is no path of alphas");
    if (problem_.loss && !penalty.separable()) {
      throw std::invalid_argument("penalty " + name + " is offered for the squared loss only");
    }
  }

  double alpha_max() const { return pyreweight::alpha_max(problem_, regularizer_, null_.gradient); }

  Solution solve(double alpha) {
    regularizer_.set_alpha(alpha);
    const double kink = regularizer_.penalty().slope_at_zero();
    if (alpha == 0) {
      Solution null = null_;
      null.n_iter = 1;
      certify(problem_, regularizer_, null);
      null.converged = certified(problem_, regularizer_, null);
      return null;
    }
    if (paper_loop_) return solve_irls(problem_, regularizer_, Vector());
    if (problem_.loss) {
      // From the lasso at every alpha: the points of a nonconvex path that follow each other get worse and worse.
      if (!regularizer_.penalty().convex()) newton_->restart();
      return newton_->solve();
    }
    if (kink == 0) {
      Solution solution = solve_smooth(problem_, regularizer_, last_, ridge_);
      last_ = solution.v;
      return solution;
    }
    if (std::isinf(kink)) working_set_->restart();
    return working_set_->solve();
  }

  double degrees_of_freedom(const Solution& solution) const {
    if (problem_.loss) return degrees_of_freedom_of_model(solution);
    const bool has_gram = !paper_loop_ && regularizer_.alpha() > 0 && regularizer_.penalty().slope_at_zero() > 0;
    const auto gram = [&](const Columns& active) {
      return has_gram ? working_set_->support_gram() : problem_.design.gram(active, active, problem_.monitor);
    };
    return pyreweight::degrees_of_freedom(problem_, regularizer_, solution, gram);
  }

 private:
  Solver& solver() {
    if (newton_) return *newton_;
    return *working_set_;
  }

  /// Those of the least squares that agree with the loss to second order at the solution.
  double degrees_of_freedom_of_model(const Solution& solution) const {
    const Columns active = support(solution.v);
    const QuadraticModel model(problem_, active, solution, problem_.options, problem_.monitor);
    const Regularizer local = model.regularizer(regularizer_);
    Solution part;
    part.v = gather(solution.v, active);
    const auto gram = [&](const Columns& columns) {
      return model.problem().design.gram(columns, columns, problem_.monitor);
    };
    // Intercepts do not count.
    const double intercepts =
        static_cast<double>(active.size() - support(solution.v.head(problem_.coefficients())).size());
    return pyreweight::degrees_of_freedom(model.problem(), local, part, gram) - intercepts;
  }

  const Problem& problem_;
  Regularizer& regularizer_;
  bool paper_loop_;
  std::unique_ptr<NewtonSolver> newton_;  // for losses that are not squared, whose problems the others do not solve
  std::unique_ptr<WorkingSetSolver> working_set_;
  RidgeSolver ridge_;
  Solution null_;
  Vector last_;
};

Vector geometric_grid(double top, Index size, double eps) {
  Vector alphas(size);
  for (Index i = 0; i < size; ++i) {
    alphas[i] = i == 0 ? top : top * std::pow(eps, static_cast<double>(i) / static_cast<double>(size - 1));
  }
  return alphas;
}

}  // namespace

Vector path_alphas(const Design& design, const ConstVec& y, const Penalty& penalty, const PathRequest& request,
                   Monitor& monitor) {
  if (request.alphas.size() > 0) return request.alphas;
  ScaledProblem scaled(design, y, penalty, request, 1.0, 1, monitor);
  const double top = scaled.target().constant ? 0.0 : PathSolver(scaled, request.paper_loop).alpha_max();
  return geometric_grid(top, request.grid_size, request.eps);
}

Index solves(const PathRequest& request) {
  return request.alphas.size() > 0 ? request.alphas.size() : request.grid_size;
}

std::vector<PathPoint> fit_path(const Design& design, const ConstVec& y, const Penalty& penalty,
                                const PathRequest& request, Monitor& monitor) {
  ScaledProblem scaled(design, y, penalty, request, 1.0, solves(request), monitor);
  const TestError test_error(design, y, scaled, request.test_weight, request.test_products);
  const bool constant = scaled.target().constant;
  std::unique_ptr<PathSolver> solver;
  if (!constant) solver = std::make_unique<PathSolver>(scaled, request.paper_loop);
  const Vector alphas = request.alphas.size() > 0
                            ? request.alphas
                            : geometric_grid(constant ? 0.0 : solver->alpha_max(), request.grid_size, request.eps);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<PathPoint> points;
  for (Index i = 0; i < alphas.size(); ++i) {
    monitor.poll();
    scaled.regularizer().set_alpha(alphas[i]);
    const Solution solution = constant ? scaled.constant_solution() : solver->solve(alphas[i]);
    PathPoint point{scaled.to_user(solution)};
    const double loss = constant ? 0.0 : loss_value(scaled.problem(), solution);
    point.residual_scale = scaled.target().scale * std::sqrt(2 * loss);
    point.degrees_of_freedom = !request.degrees_of_freedom ? nan
                               : constant                  ? 0.0
                                                           : solver->degrees_of_freedom(solution);
    point.test_error = test_error(solution);
    point.test_unit = scaled.target().scale;
    points.push_back(point);
    if (request.progress) request.progress(i, point);
  }
  return points;
}

}  // namespace pyreweight
