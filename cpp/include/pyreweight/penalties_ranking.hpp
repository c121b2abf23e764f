#pragma once

#include "pyreweight/penalty.hpp"

// Strategies that rank the coefficients: the k largest are kept, whatever their size. Not separable.

namespace pyreweight {

/// 1 for the k largest entries of t >= 0, 0 for the others; ties go to the first, zeros are never among them.
std::vector<char> largest_entries(const ConstVec& t, Index k);

/// Magnitude pruning, hard thresholding: Omega is 0 where at most k entries are nonzero and inf elsewhere; eta is inf
/// for the k largest and 0 for the rest, the keep probability 1 and 0. alpha plays no part. Blumensath, Davies (2009).
class TopK final : public Penalty {
 public:
  explicit TopK(Index k) : k_(k) {}
  static std::unique_ptr<Penalty> make(const Params& params);

  Index k() const { return k_; }
  const char* name() const override { return "top_k"; }
  double slope_at_zero() const override { return std::numeric_limits<double>::infinity(); }
  bool convex() const override { return false; }
  bool separable() const override { return false; }
  bool has_strength() const override { return false; }
  bool linear_quadratic() const override { return false; }

  void value(const ConstVec& t, double alpha, MutVec out) const override;
  void slope(const ConstVec& t, double alpha, MutVec out) const override;
  void curvature(const ConstVec& t, double alpha, MutVec out) const override;
  void eta(const ConstVec& t, double alpha, MutVec out) const override;
  void conjugate(const ConstVec& eta, double alpha, MutVec out) const override;
  void prox(const ConstVec& z, double alpha, double step, MutVec out) const override;
  double zero_threshold(double alpha, double step) const override;

 private:
  Index k_;
};

/// Targeted dropout at a fixed rate on all but the k largest: Omega = v/2 times the sum of their squares, v = rate / (1
/// - rate), the trimmed ridge. Jointly concave in the squares. Gomez et al. (2019).
class TargetedDropout final : public Penalty {
 public:
  TargetedDropout(Index k, double rate) : k_(k), variance_(rate / (1 - rate)) {}
  static std::unique_ptr<Penalty> make(const Params& params);

  const char* name() const override { return "targeted_dropout"; }
  double slope_at_zero() const override { return 0; }
  bool convex() const override { return k_ == 0 || variance_ == 0; }
  bool separable() const override { return false; }
  bool linear_quadratic() const override { return false; }

  void value(const ConstVec& t, double alpha, MutVec out) const override;
  void slope(const ConstVec& t, double alpha, MutVec out) const override;
  void curvature(const ConstVec& t, double alpha, MutVec out) const override;
  void eta(const ConstVec& t, double alpha, MutVec out) const override;
  void conjugate(const ConstVec& eta, double alpha, MutVec out) const override;
  void prox(const ConstVec& z, double alpha, double step, MutVec out) const override;
  double zero_threshold(double, double) const override { return 0; }

 private:
  Index k_;
  double variance_;
};

}  // namespace pyreweight
