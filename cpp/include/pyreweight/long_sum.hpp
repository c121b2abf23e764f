#pragma once

namespace pyreweight {

/// A sum with about twice the digits of double, so that the difference of two nearly equal sums keeps its digits.
class LongSum {
 public:
  void add(double x) {
    const double sum = high_ + x, taken = sum - high_;
    low_ += (high_ - (sum - taken)) + (x - taken);
    high_ = sum;
  }
  double minus(const LongSum& other) const { return (high_ - other.high_) + (low_ - other.low_); }

 private:
  double high_ = 0, low_ = 0;
};

}  // namespace pyreweight
