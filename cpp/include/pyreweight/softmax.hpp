#pragma once

#include "pyreweight/loss.hpp"

namespace pyreweight {

/// log sum_k e^{z_ik} - z_i,y_i: classification into K classes. All vectors but pi hold one value for every class and
/// row, class by class; y is 1 in the class of the row and 0 in the others. pi (n,) or repeated for every class.
class Softmax final : public Loss {
 public:
  explicit Softmax(Index classes) : classes_(classes) {}

  const char* name() const override { return "softmax"; }
  Index outputs() const override { return classes_; }
  double value(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const override;
  void residual(const ConstVec& y, const ConstVec& z, MutVec out) const override;
  /// q (1 - q): the diagonal of the matrix diag(q) - q q' of the row.
  void curvature(const ConstVec& y, const ConstVec& z, MutVec out) const override;
  double dual(const ConstVec& y, const ConstVec& theta, const ConstVec& pi) const override;
  /// The predictor of a class of that share, up to what all classes have in common.
  double constant(double mean) const override { return std::log(mean); }
  void check(const ConstVec& y) const override;
  bool known_noise() const override { return true; }
  bool separable() const override { return true; }
  std::unique_ptr<Loss> in_units(double) const override { return nullptr; }
  bool separates(const ConstVec& y, const ConstVec& z, const ConstVec& pi) const override;

 private:
  Index rows(const ConstVec& y) const { return y.size() / classes_; }

  Index classes_;
};

/// (n K,) as Softmax takes it from class numbers 0, ..., K - 1 (n,); std::invalid_argument for any other number, and
/// for a class without weight.
Vector class_targets(const ConstVec& codes, const ConstVec& pi, Index classes);

/// The class of most weight.
Index reference_class(const ConstVec& targets, const ConstVec& pi);

}  // namespace pyreweight
