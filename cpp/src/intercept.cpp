#include "pyreweight/intercept.hpp"

#include <cmath>
#include <limits>

namespace pyreweight {

double best_intercept(const Problem& problem, const ConstVec& predictor) {
  const Vector& pi = problem.design.row_weights();
  Vector shifted(predictor.size()), residual(predictor.size()), curvature(predictor.size());
  double b = problem.loss->constant(problem.target.dot(pi)) - predictor.dot(pi);
  double low = -kInfinity, high = kInfinity;  // the derivative falls as b grows
  double stride = 1;
  for (int iter = 0; iter < 200; ++iter) {
    shifted = predictor.array() + b;
    problem.loss->residual(problem.target, shifted, residual);
    problem.loss->curvature(problem.target, shifted, curvature);
    const double slope = residual.dot(pi), bend = curvature.dot(pi);
    if (slope == 0) break;
    (slope > 0 ? low : high) = b;
    double next = b + slope / bend;
    if (!(next > low && next < high)) {
      // Newton left the bracket, or there is none yet and the loss is flat here.
      next = std::isinf(low) ? high - stride : std::isinf(high) ? low + stride : 0.5 * (low + high);
      stride *= 2;
    }
    const bool still = std::abs(next - b) <= 4 * std::numeric_limits<double>::epsilon() * (1 + std::abs(next));
    b = next;
    if (still) break;
  }
  return b;
}

double null_curvature(const Problem& problem) {
  if (!problem.loss) return 1;
  const Index n = problem.target.size();
  const double b = problem.has_intercept ? best_intercept(problem, Vector::Zero(n)) : 0.0;
  Vector curvature(n);
  problem.loss->curvature(problem.target, Vector::Constant(n, b), curvature);
  return curvature.dot(problem.design.row_weights());
}

}  // namespace pyreweight
