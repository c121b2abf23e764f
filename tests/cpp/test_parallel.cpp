// parallel_for: every task once, exceptions handed on, the monitor polled by the caller alone.

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "problems.hpp"
#include "pyreweight/parallel.hpp"

namespace pyreweight {
namespace {

// From one batch on the calling thread to one batch per pair of tasks.
const std::vector<double> kWorks = {0.0, 1.0, 1e5, 1e7, 3e7, 1e9, 1e30};

bool inside_parallel_region() {
#ifdef _OPENMP
  return omp_in_parallel() != 0;
#else
  return false;
#endif
}

TEST_CASE("every task runs exactly once") {
  for (const Index tasks : {0, 1, 3, 50}) {
    CAPTURE(tasks);
    for (const double work : kWorks) {
      CAPTURE(work);
      const auto count_runs = [&] {
        std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
        Monitor monitor;
        parallel_for(tasks, work, monitor, [&](Index task) { ++runs[static_cast<size_t>(task)]; });
        return std::vector<int>(runs.begin(), runs.end());
      };
      const auto [one, two] = with_one_and_two_threads(count_runs);
      const std::vector<int> expected(static_cast<size_t>(tasks), 1);
      CHECK(one == expected);
      CHECK(two == expected);
    }
  }
}

TEST_CASE("the exception of a task reaches the caller with its type and text") {
  for (const double work : kWorks) {
    CAPTURE(work);
    for (const Index culprit : {0, 1, 9, 19}) {
      CAPTURE(culprit);
      const auto message = [&] {
        Monitor monitor;
        try {
          parallel_for(20, work, monitor, [&](Index task) {
            if (task == culprit) throw std::domain_error("task " + std::to_string(task));
          });
        } catch (const std::domain_error& error) {
          return std::string(error.what());
        }
        return std::string("none");
      };
      const auto [one, two] = with_one_and_two_threads(message);
      CHECK(one == "task " + std::to_string(culprit));
      CHECK(two == one);
    }
  }
}

TEST_CASE("when every task throws one exception arrives, and no batch after it starts") {
  const auto started = [] {
    std::atomic<int> runs{0};
    Monitor monitor;
    CHECK_THROWS_AS(parallel_for(50, 1e9, monitor,
                                 [&](Index) {
                                   ++runs;
                                   throw std::bad_alloc();
                                 }),
                    std::bad_alloc);
    return runs.load();
  };
  const auto [one, two] = with_one_and_two_threads(started);
  CHECK(one == 1);
  CHECK(two >= 1);
  CHECK(two <= 2);
}

TEST_CASE("after an exception the next region works") {
  Monitor monitor;
  CHECK_THROWS_AS(parallel_for(8, 1e7, monitor, [](Index) { throw Interrupted(); }), Interrupted);
  std::atomic<int> runs{0};
  parallel_for(8, 1e7, monitor, [&](Index) { ++runs; });
  CHECK(runs == 8);
}

TEST_CASE("the monitor is polled by the caller, outside any region, between batches") {
  const auto caller = std::this_thread::get_id();
  int polls = 0;
  bool elsewhere = false;
  Monitor monitor(
      [&] {
        ++polls;
        elsewhere = elsewhere || std::this_thread::get_id() != caller || inside_parallel_region();
      },
      nullptr);
  parallel_for(4, 1e9, monitor, [](Index) { std::this_thread::sleep_for(std::chrono::milliseconds(60)); });
  CHECK(polls >= 2);
  CHECK_FALSE(elsewhere);
}

TEST_CASE("the callback runs at most every 50 ms") {
  int polls = 0;
  Monitor monitor([&] { ++polls; }, nullptr);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20000; ++i) monitor.poll();
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  CHECK(polls <= static_cast<int>(elapsed / 0.05) + 1);
}

TEST_CASE("an exception of the monitor leaves parallel_for before the next batch") {
  Monitor monitor = interrupting_monitor();
  std::atomic<int> runs{0};
  CHECK_THROWS_AS(parallel_for(100, 1e9, monitor, [&](Index) { ++runs; }), Interrupted);
  CHECK(runs >= 1);
  CHECK(runs < 100);
}

TEST_CASE("a region inside a task runs on that task's thread") {
  const auto nested = [] {
    std::vector<int> threads(4, 0), sums(4, 0);
    std::vector<char> same_thread(4, 1);
    Monitor monitor;
    parallel_for(4, 1e8, monitor, [&](Index task) {
      const size_t at = static_cast<size_t>(task);
      const auto mine = std::this_thread::get_id();
      Monitor silent;
      if (inside_parallel_region()) threads[at] = available_threads();
      parallel_for(10, 1e8, silent, [&](Index inner) {
        if (inside_parallel_region() && std::this_thread::get_id() != mine) same_thread[at] = 0;
        if (available_threads() == 1) sums[at] += static_cast<int>(inner);
      });
    });
    return std::make_tuple(threads, sums, same_thread);
  };
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  omp_set_num_threads(2);
  const auto [threads, sums, same_thread] = nested();
  omp_set_num_threads(before);
  for (size_t task = 0; task < 4; ++task) {
    CHECK(threads[task] == 1);
    CHECK(sums[task] == 45);
    CHECK(same_thread[task] == 1);
  }
#else
  CHECK(std::get<1>(nested()) == std::vector<int>(4, 45));
#endif
}

TEST_CASE("jobs run exactly once, with threads of their own and in order where they are few") {
  for (const Index jobs : {0, 1, 2, 7}) {
    CAPTURE(jobs);
    const auto run = [&] {
      std::vector<int> runs(static_cast<size_t>(jobs), 0), threads(static_cast<size_t>(jobs), 0);
      Monitor monitor;
      parallel_jobs(jobs, 1e7, monitor, [&](Index job, Monitor& own) {
        own.poll();
        ++runs[static_cast<size_t>(job)];
        threads[static_cast<size_t>(job)] = available_threads();
      });
      return std::make_pair(runs, threads);
    };
    const auto [one, two] = with_one_and_two_threads(run);
    CHECK(one.first == std::vector<int>(static_cast<size_t>(jobs), 1));
    CHECK(two.first == one.first);
    CHECK(two.second == (jobs == 1 ? std::vector<int>{available_threads()} : one.second));
  }
}

TEST_CASE("an exception of a job, or of the monitor of the caller, stops the other jobs") {
  for (const bool by_monitor : {false, true}) {
    CAPTURE(by_monitor);
    const auto finished = [&] {
      std::atomic<int> jobs{0};
      Monitor monitor = by_monitor ? interrupting_monitor() : Monitor();
      CHECK_THROWS_AS(parallel_jobs(100, 1e9, monitor,
                                    [&](Index job, Monitor& own) {
                                      if (job == 0 && !by_monitor) throw Interrupted();
                                      for (int i = 0; i < 30; ++i) {
                                        std::this_thread::sleep_for(std::chrono::milliseconds(4));
                                        own.poll();
                                      }
                                      ++jobs;
                                    }),
                      Interrupted);
      return jobs.load();
    };
    const auto [one, two] = with_one_and_two_threads(finished);
    CHECK(one <= 1);
    CHECK(two <= 2);
  }
}

#if defined(__unix__) || defined(__APPLE__)
TEST_CASE("a forked child works on one thread instead of waiting for lost ones") {
  CHECK(available_threads() >= 1);
  Monitor monitor;
  std::atomic<int> runs{0};
  parallel_for(8, 1e8, monitor, [&](Index) { ++runs; });  // the parent's threads exist now
  REQUIRE(runs == 8);
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);  // a hang ends in SIGALRM
    runs = 0;
    parallel_for(8, 1e8, monitor, [&](Index) { ++runs; });
    _exit(available_threads() == 1 && runs == 8 ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif

}  // namespace
}  // namespace pyreweight
