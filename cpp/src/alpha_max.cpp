#include "pyreweight/alpha_max.hpp"

#include <algorithm>
#include <cmath>

#include "pyreweight/columns.hpp"
#include "pyreweight/intercept.hpp"

namespace pyreweight {

namespace {

// A smooth penalty is never sparse: 1000 times the slope-1 value shrinks everything to nearly nothing.
constexpr double kSmooth = 1e3;

/// The smallest alpha at which a threshold that grows with alpha exceeds z: bracket, then bisect in log alpha.
template <class KeepsOut>
double smallest_alpha(double start, const KeepsOut& keeps_out) {
  double low = start, high = start;
  while (keeps_out(low)) low /= 16;
  while (!keeps_out(high)) high *= 16;
  for (int i = 0; i < 200 && high > low * (1 + 1e-15); ++i) {
    const double middle = std::sqrt(low) * std::sqrt(high);
    (keeps_out(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

double alpha_max(const Problem& problem, const Regularizer& regularizer, const Vector& gradient) {
  const double kink = regularizer.penalty().slope_at_zero(), scale = regularizer.y_scale();
  const bool quadratic = kink == 0 && regularizer.penalty().linear_quadratic();
  // alpha of t^2 / 2 is compared with squares of columns, so the correlation is taken with y of deviation 1.
  const double spread = problem.loss ? 1.0 : std::sqrt(2 * problem.half_target_square());
  const Vector moments = std::isfinite(kink) ? Vector() : null_moments(problem);
  const Vector pull = regularizer.pull(gradient);
  double top = 0;
  for (Index j = 0; j < gradient.size(); ++j) {
    if (!regularizer.penalised(j) || pull[j] == 0) continue;
    const double unit = regularizer.units()[j], weight = regularizer.weights()[j];
    const double correlation = pull[j];
    if (quadratic) {
      const double ratio = kSmooth * (correlation / (spread * weight)) / unit / unit;
      top = std::max(top, std::min(1e300, std::max(1e-300, ratio)));  // units of X alone can leave double precision
      continue;
    }
    if (std::isfinite(kink)) {
      top = std::max(top, scale * (correlation / (unit * weight) * (kink > 0 ? 1 / kink : kSmooth)));
      continue;
    }
    const double g = moments[j];
    const double z = correlation / g * unit * scale, step = weight * unit * unit / g;
    const auto keeps_out = [&](double alpha) { return regularizer.penalty().zero_threshold(alpha, step) >= z; };
    if (top == 0 || !keeps_out(top)) top = smallest_alpha(top > 0 ? top : z, keeps_out);
  }
  return top;
}

}  // namespace pyreweight
