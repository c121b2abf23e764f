#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace pyreweight {

/// The solver's way out: asks now and then whether to stop, and tells how far it is. Both callbacks may throw; the
/// exception leaves the solver. Used from the calling thread only, never inside a parallel region.
class Monitor {
 public:
  Monitor() = default;
  Monitor(std::function<void()> check, std::function<void(const std::string&)> report)
      : check_(std::move(check)), report_(std::move(report)) {}

  /// Cheap enough for inner loops: the callback runs at most every 50 ms.
  void poll() {
    if (!check_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return;
    last_ = now;
    check_();
  }

  bool verbose() const { return static_cast<bool>(report_); }
  void report(const std::string& line) const {
    if (report_) report_(line);
  }

 private:
  std::function<void()> check_;
  std::function<void(const std::string&)> report_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace pyreweight
