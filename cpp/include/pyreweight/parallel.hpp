#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

#include "pyreweight/monitor.hpp"
#include "pyreweight/types.hpp"

namespace pyreweight {

#if defined(__unix__) || defined(__APPLE__)
namespace detail {
inline const pid_t kHomeProcess = getpid();  // the process that loaded this module
}
#endif

namespace detail {
inline thread_local int thread_share = 1;
}

/// While it lives, this thread leaves OpenMP's threads to `workers` threads in equal shares: each of them calls the
/// core at the same time as the others. It changes nothing outside this thread.
class ThreadShare {
 public:
  explicit ThreadShare(int workers) : before_(detail::thread_share) { detail::thread_share = std::max(1, workers); }
  ~ThreadShare() { detail::thread_share = before_; }
  ThreadShare(const ThreadShare&) = delete;

 private:
  int before_;
};

/// Threads that OpenMP gives at this call (OMP_NUM_THREADS, threadpoolctl). One in a forked child, where GNU OpenMP
/// would wait for threads that did not survive the fork, and one inside somebody else's parallel region.
inline int available_threads() {
#ifdef _OPENMP
#if defined(__unix__) || defined(__APPLE__)
  if (getpid() != detail::kHomeProcess) return 1;
#endif
  return omp_in_parallel() ? 1 : std::max(1, omp_get_max_threads() / detail::thread_share);
#else
  return 1;
#endif
}

/// How many of `threads` threads OpenMP can have: it ends the process when the system refuses it one, so those beyond
/// the last region of this thread are tried first, which costs some microseconds once.
inline int startable_threads(int threads) {
  static thread_local int last = 1;
  if (threads <= last) {
    if (threads > 1) last = threads;
    return threads;
  }
  std::atomic<bool> end{false};
  std::vector<std::thread> tried;
  const auto join = [&] {
    end = true;
    for (std::thread& thread : tried) thread.join();
  };
  try {
    tried.reserve(static_cast<size_t>(threads));
    while (static_cast<int>(tried.size()) < threads - last) {
      tried.emplace_back([&end] {
        while (!end) std::this_thread::yield();
      });
    }
  } catch (const std::exception&) {  // std::system_error, std::bad_alloc
    join();
    return last;
  }
  join();
  return last = threads;
}

/// Runs body(0), ..., body(tasks - 1), each about `work` floating-point operations, on the available threads. What a
/// task computes must not depend on the others, so results are the same for any number of threads. The monitor is
/// polled between batches of about 30 ms; the first exception of a task is rethrown here.
template <class Body>
void parallel_for(Index tasks, double work, Monitor& monitor, const Body& body) {
  constexpr double kTooSmall = 4e6;  // below this, starting threads costs more than the work
  constexpr double kBatchPerThread = 1e8;
  const int threads =
      tasks * work < kTooSmall ? 1 : startable_threads(static_cast<int>(std::min<Index>(available_threads(), tasks)));
  const double in_batch = std::max(1.0, threads * kBatchPerThread / std::max(work, 1.0));
  const Index batch =
      in_batch >= static_cast<double>(tasks) ? tasks : std::max<Index>(threads, static_cast<Index>(in_batch));
  for (Index begin = 0; begin < tasks; begin += batch) {
    const Index end = std::min(tasks, begin + batch);
    std::exception_ptr failure;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
#endif
    for (Index task = begin; task < end; ++task) {
      try {
        body(task);
      } catch (...) {
#ifdef _OPENMP
#pragma omp critical(pyreweight_failure)
#endif
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
    monitor.poll();
  }
}

/// Runs body(0, monitor), ..., body(jobs - 1, monitor), each about `work` floating-point operations and with a monitor
/// of its own thread, for jobs that open parallel regions themselves: side by side where they are at least as many as
/// the threads, which then leave them one each; else, and for a monitor that reports, in turn. The first exception
/// stops the others and is rethrown here.
template <class Body>
void parallel_jobs(Index jobs, double work, Monitor& monitor, const Body& body) {
  constexpr double kTooSmall = 4e6;
  const int threads = jobs * work < kTooSmall || monitor.verbose() ? 1 : startable_threads(available_threads());
  if (threads == 1 || jobs < threads) {
    for (Index job = 0; job < jobs; ++job) body(job, monitor);
    return;
  }
#ifdef _OPENMP
  struct Stopped {};
  std::atomic<Index> next{0};
  std::atomic<int> others{0};
  std::atomic<bool> stopped{false};
  std::exception_ptr failure;
  const auto guarded = [&](const auto& action) {
    try {
      action();
    } catch (...) {
#pragma omp critical(pyreweight_failure)
      if (!stopped.exchange(true)) failure = std::current_exception();
    }
  };
#pragma omp parallel num_threads(threads)
  {
    const bool caller = omp_get_thread_num() == 0;
    if (caller) others = omp_get_num_threads() - 1;
#pragma omp barrier
    // The caller alone may ask whether to stop.
    const auto ask = [&, caller] {
      if (stopped) throw Stopped{};
      if (caller) monitor.poll();
    };
    Monitor own(ask, {});
    for (Index job = next++; job < jobs && !stopped; job = next++) guarded([&] { body(job, own); });
    if (!caller) --others;
    while (caller && others > 0 && !stopped) {
      guarded([&] { monitor.poll(); });
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  if (failure) std::rethrow_exception(failure);
#endif
}

}  // namespace pyreweight
