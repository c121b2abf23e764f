#pragma once

#include "pyreweight/design.hpp"
#include "pyreweight/groups.hpp"
#include "pyreweight/penalty.hpp"

namespace pyreweight {

/// The penalty term alpha sum_j c_j Omega(d_j |w_j|; alpha) in the solver's coordinates v (see Design): y is divided by
/// `y_scale` = Y, so w_j = Y v_j / D_j, the objective is divided by Y^2, and with t_j = d_j |w_j| = unit_j Y |v_j|
///
///     F(v) = 1/2 sum_i pi_i (y_i - z_i'v)^2 + sum_j (alpha c_j / Y^2) Omega(t_j; alpha).
///
/// The derivative with respect to |v_j| is level_j Omega'(t_j), level_j = (alpha / Y) unit_j c_j.
/// c_j = 0 leaves a column unpenalised; c_j = inf (also set for constant columns) keeps it out.
///
/// With groups the second sum is over groups, of (alpha c_g / Y^2) Omega(t_g; alpha) with t_g the norm of the t_j in
/// the group, and c_j = c_g for each of its columns; columns with c_j = 0 or inf leave their group. Everything below
/// stays one number per column: with t_g for t_j, and |v_j| replaced by radius_j = t_g / (unit_j Y), every statement
/// about a column alone is the one about its group. Functions of some columns take those that are left out for zero.
class Regularizer {
 public:
  Regularizer(const Penalty& penalty, double alpha, Vector weights, const Design& design, double y_scale,
              const Groups& groups = {});

  const Penalty& penalty() const { return penalty_; }
  double alpha() const { return alpha_; }
  double y_scale() const { return y_scale_; }
  void set_alpha(double alpha);
  const Vector& weights() const { return weights_; }
  const Vector& units() const { return units_; }
  const Groups& groups() const { return groups_; }
  /// unit_j over the largest of its group, (p,); empty without groups.
  const Vector& relative_units() const { return relative_; }
  bool excluded(Index j) const { return std::isinf(weights_[j]); }
  bool penalised(Index j) const { return weights_[j] > 0 && !excluded(j); }

  /// What the KKT residual of coordinate j is measured against: level_j, with c_j = 1 for unpenalised columns.
  double level(Index j) const { return unit_level_ * units_[j] * (penalised(j) ? weights_[j] : 1.0); }

  double value(const Columns& columns, const ConstVec& v) const;
  /// What column j, a group by itself, adds to it.
  double value(Index j, double v) const;
  /// The derivative with respect to |v_j|.
  Vector slope(const Columns& columns, const ConstVec& v) const;
  /// level_j Omega'(t_j), and level_j unit_j Y Omega''(t_j): first and second derivative with respect to radius_j,
  /// which is |v_j| for a column by itself.
  Vector radial_slope(const Columns& columns, const ConstVec& v) const;
  Vector curvature(const Columns& columns, const ConstVec& v) const;
  Vector radius(const Columns& columns, const ConstVec& v) const;
  /// What of a gradient pulls at radius_j: |gradient_j|, or unit_j times the norm of gradient / unit over the group. A
  /// zero is stationary while it stays below the threshold.
  Vector pull(const Columns& columns, const ConstVec& gradient) const;
  /// The same for all columns.
  Vector pull(const ConstVec& gradient) const;
  /// The second derivatives by the v_j, (k, k).
  Matrix hessian(const Columns& columns, const ConstVec& v) const;
  /// t_j, 0 where not penalised: such a column takes no place in a ranking.
  Vector magnitudes(const Columns& columns, const ConstVec& v) const;
  /// The weights of the l1 and the quadratic part of the majoriser at v (see Penalty::majorise), with radius_j for
  /// |v_j|.
  void majorise(const Columns& columns, const ConstVec& v, Vector& l1, Vector& l2) const;
  /// The same for all columns of a linear-quadratic penalty, which is its own majoriser wherever v is.
  void own_terms(Vector& l1, Vector& l2) const;
  /// The ridge weights of the eta-trick, alpha c_j / eta_j in the units of v.
  Vector ridge_weights(const Columns& columns, const ConstVec& v) const;
  /// alpha c_j Omega'(0+) for every column: a zero is stationary while |z_j' pi r| stays below. inf where excluded.
  Vector zero_thresholds() const;
  /// The same for the coordinate's own prox, which is zero below it: what counts where the slope at zero is infinite.
  /// (|columns|,), from the second moments of all columns (p,).
  Vector prox_thresholds(const Columns& columns, const Vector& second_moment) const;
  /// argmin over x of g/2 (x - z)^2 + penalty term of column j, or of its group, at radius_j = |x|.
  double prox(Index j, double z, double g) const;

 private:
  double factor(Index j) const;  // of a derivative with respect to t_j: level_j, 0 if unpenalised, inf if excluded
  Vector factors(double slope) const;  // (p,) times a slope, of which 0 and inf win over any other

  const Penalty& penalty_;
  double alpha_;
  double y_scale_;
  double unit_level_;  // of a column with d_j / D_j = c_j = 1
  Vector weights_;     // c_j
  Vector units_;       // d_j / D_j
  Groups groups_;
  Vector relative_;
};

/// Columns that violate their stationarity conditions, the worst first.
class Violators {
 public:
  /// Of the columns at zero that are not `known` (p,), those whose pull exceeds the threshold (p,), one for each group.
  Violators(const Regularizer& regularizer, const Vector& thresholds, const Vector& gradient,
            const std::vector<char>& known);

  size_t size() const { return worst_.size(); }
  /// Their numbers in no particular order, one for each group.
  Columns unordered() const;
  /// Leaves at most the `most` worst ones, one of those that are copies of each other. What the pull of the next one is
  /// in units of its threshold; 1 where none is left out.
  double keep(size_t most);
  /// With the other columns of their groups. Ordered by how much they violate, not by number: sweeps of a nonconvex
  /// model depend on the order, and the answer should not depend on how the caller arranged the columns.
  Columns columns();

 private:
  const Groups& groups_;
  std::vector<std::pair<double, Index>> worst_;  // minus the pull in units of the threshold, column
};

}  // namespace pyreweight
