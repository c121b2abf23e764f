#pragma once

#include <functional>
#include <vector>

#include "pyreweight/scaled_problem.hpp"

namespace pyreweight {

/// A point of a path, with what the choice among points needs.
struct PathPoint : Answer {
  double degrees_of_freedom = 0;  // of the coefficients (see degrees_of_freedom.hpp), nan unless asked for
  double residual_scale = 0;      // root mean square of the residuals; root of twice the mean loss
  double test_error = 0;          // mean squared error, or mean loss, over the rows of test_weight, nan without;
  double test_unit = 1;           // in squares of this power of two: the error itself may overflow
};

struct PathRequest : ModelRequest {
  Vector alphas;        // in the order in which they are computed; 0 stands for the null model. Empty: a grid of
  Index grid_size = 0;  // this many alphas, geometric from alpha_max to eps alpha_max
  bool degrees_of_freedom = false;
  Vector test_weight;    // (n,) or empty: weights of the rows on which errors are measured
  Matrix test_products;  // of those rows, see TrainingProducts; empty where the caller does not have them
  std::function<void(Index, const PathPoint&)> progress;  // after each point, may be empty
};

/// The grid of a request, computed when it has no alphas of its own. All 0 where there is nothing to explain: y is
/// constant, or no penalised column correlates with what the unpenalised ones leave.
Vector path_alphas(const Design& design, const ConstVec& y, const Penalty& penalty, const PathRequest& request,
                   Monitor& monitor);

/// How many alphas will be solved.
Index solves(const PathRequest& request);

/// The model of fit() at every alpha asked for, each reached from the last (with paper_loop: each afresh).
///
/// Rows of weight 0 take no part in the fit, so test rows can be in the design: then no fold of a cross-validation
/// copies the data.
std::vector<PathPoint> fit_path(const Design& design, const ConstVec& y, const Penalty& penalty,
                                const PathRequest& request, Monitor& monitor);

}  // namespace pyreweight
