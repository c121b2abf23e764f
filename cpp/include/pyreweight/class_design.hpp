#pragma once

#include <utility>
#include <vector>

#include "pyreweight/design.hpp"

namespace pyreweight {

/// A design whose rows have one predictor for each of K classes. Its rows are (k, i), class by class, with the row
/// weights of the base design in every class. Column k p + j is z_j in the rows of class k and 0 in the others, the
/// coefficient of feature j for class k; where there are intercepts, column K p + k is 1 in the rows of class k.
///
/// Given probabilities q_ik, the rows of i are mixed by B_i' = (I - r r') diag(r), r_k = sqrt(q_ik): since
/// B_i B_i' = diag(q_i) - q_i q_i', the products of columns weighted by pi are then the second derivatives of the
/// softmax loss. Such a design has some columns of the unmixed one only, in the caller's order.
///
/// Nothing of the size of the matrix is formed. The base design must outlive this one.
class ClassDesign final : public Design {
 public:
  ClassDesign(const Design& base, Index classes, bool intercepts);
  /// Columns of an unmixed design, mixed by probabilities (n, K) > 0 whose rows have the sum 1.
  ClassDesign(const ClassDesign& unmixed, const Columns& columns, const Matrix& probabilities);

  const Design& base() const { return base_; }
  Index classes() const { return classes_; }
  /// Columns that are coefficients of features: K p of an unmixed design.
  Index coefficients() const { return classes_ * base_.cols(); }
  bool has_intercepts() const { return intercepts_; }
  /// The class that column j belongs to.
  Index class_of(Index j) const { return places_[static_cast<size_t>(j)].first; }

  void correlate(const ConstVec& u, MutVec out, Monitor& monitor) const override;
  void correlate_some(const Columns& columns, const ConstVec& u, MutVec out, Monitor& monitor) const override;
  void combine(const Columns& columns, const ConstVec& coef, MutVec out, Monitor& monitor) const override;
  Matrix gram(const Columns& a, const Columns& b, Monitor& monitor) const override;
  void raw_block(Index first, Index count, const Columns& columns, Matrix& out) const override;
  /// An intercept is what the other columns of its class have in common.
  void append_stored(Index j, std::vector<std::uint32_t>& rows, std::vector<double>& values) const override;
  double stored_offset(Index j) const override;
  Index commons() const override { return classes_; }
  Index common_of(Index j) const override { return class_of(j); }
  Vector common(Index k) const override;
  double stored(const Columns& columns) const override;

 private:
  using Place = std::pair<Index, Index>;  // class, column of the base design or -1 for ones

  /// Some columns of one class: where they stand in the caller's list, those of the base design first.
  struct Share {
    Columns columns;  // of the base design
    Columns at;
    Columns ones_at;
  };
  std::vector<Share> by_class(const Columns& columns) const;
  Matrix product(const Share& a, const Share& b, const ConstVec& weights, Monitor& monitor) const;

  bool mixed() const { return root_.size() > 0; }
  /// (n,) what the entries of a column of class k are times in the rows of class m.
  Vector factor(Index k, Index m) const;
  Matrix unmix(const ConstVec& u) const;  // (n, K) B_i u_i
  /// What the entry of row i of such a column is times in class m.
  double factor(Index k, Index m, Index i) const {
    return mixed() ? root_(i, k) * ((k == m ? 1.0 : 0.0) - root_(i, k) * root_(i, m)) : k == m ? 1.0 : 0.0;
  }

  const Design& base_;
  Index classes_;
  bool intercepts_;
  std::vector<Place> places_;
  Matrix root_;  // (n, K) square roots of the probabilities
};

}  // namespace pyreweight
