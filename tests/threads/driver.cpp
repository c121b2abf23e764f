// What the thread sanitizer watches: many threads call the core at once on shared data, each opening parallel regions
// of its own, and every answer must have the bits of the serial one. No Python: its threads are not instrumented.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../cpp/problems.hpp"
#include "pyreweight/design_sparse.hpp"
#include "pyreweight/dropout_training.hpp"
#include "pyreweight/fit.hpp"
#include "pyreweight/loss.hpp"
#include "pyreweight/path.hpp"
#include "pyreweight/registry.hpp"

namespace pyreweight {
namespace {

constexpr int kCallers = 8;

struct SparseData {
  std::vector<double> values;
  std::vector<std::int32_t> rows, starts{0};
};

SparseData sparse_data(Index rows, Index cols, Index step, Random& random) {
  SparseData data;
  for (Index j = 0; j < cols; ++j) {
    for (Index i = random.below(step); i < rows; i += 1 + random.below(2 * step)) {
      data.values.push_back(random.normal());
      data.rows.push_back(static_cast<std::int32_t>(i));
    }
    data.starts.push_back(static_cast<std::int32_t>(data.values.size()));
  }
  return data;
}

/// Large enough for parallel regions (see parallel_for), small enough for a sanitizer.
struct SharedData {
  Random random{3};
  Matrix X = random.correlated(30000, 80, 0.5);
  SparseData sparse = sparse_data(30000, 200, 4, random);
  Vector y = sparse_response(X, 10, 1, random);
  Vector labels = (y.array() > 0).cast<double>();
  Vector weights = random.uniform_vector(X.rows(), 0.5, 2);
  std::unique_ptr<Design> dense_design = design_of(X, weights, true, true);
  std::unique_ptr<Design> sparse_design = make_sparse_design();

  std::unique_ptr<Design> make_sparse_design() const {
    Monitor monitor;
    return pyreweight::sparse_design(sparse.values.data(), sparse.rows.data(), sparse.starts.data(),
                                     static_cast<Index>(sparse.values.size()), X.rows(),
                                     static_cast<Index>(sparse.starts.size()) - 1, weights, true, true, monitor);
  }
};

struct Task {
  std::string name;
  std::function<Vector()> run;
};

template <class Request>
void fill(Request& request, const SharedData& data, const Design& design) {
  request.weight_sum = data.weights.sum();
  request.feature_weights = Vector::Ones(design.cols());
}

Vector fitted(const SharedData& data, const Design& design, const std::string& penalty, const Loss* loss, double alpha,
              bool paper_loop) {
  FitRequest request;
  fill(request, data, design);
  request.alpha = alpha;
  request.loss = loss;
  request.paper_loop = paper_loop;
  Monitor monitor;
  return fit(design, loss == nullptr ? data.y : data.labels, *make_penalty(penalty, {}), request, monitor).coef;
}

Vector fitted_targets(const SharedData& data, const Design& design) {
  FitRequest request;
  fill(request, data, design);
  request.alpha = 0.1;
  Matrix Y(data.y.size(), 4);
  Y << data.y, data.labels, -data.y, data.y + data.labels;
  Monitor monitor;
  Vector sum = Vector::Zero(design.cols());
  for (const FitResult& result : fit_targets(design, Y, *make_penalty("mcp", {}), request, Matrix(), monitor)) {
    sum += result.coef;
  }
  return sum;
}

Vector last_of_path(const SharedData& data, const Design& design) {
  PathRequest request;
  fill(request, data, design);
  request.grid_size = 5;
  request.degrees_of_freedom = true;
  Monitor monitor;
  return fit_path(design, data.y, *make_penalty("mcp", {}), request, monitor).back().values;
}

Vector trained(const SharedData& data) {
  TrainingRequest request;
  request.alpha = 0.1;
  request.batch_size = data.X.rows();
  request.steps = 5;
  request.feature_weights = Vector::Ones(data.X.cols());
  Monitor monitor;
  return train_with_dropout(*data.dense_design, data.y, *make_penalty("l1", {}), request, monitor).coef;
}

std::vector<Task> tasks_on(const SharedData& data, const Loss& logistic) {
  const Design& dense = *data.dense_design;
  const Design& sparse = *data.sparse_design;
  const double automatic = std::numeric_limits<double>::quiet_NaN();
  return {
      {"l1", [&data, &dense] { return fitted(data, dense, "l1", nullptr, 0.1, false); }},
      {"l1, sparse", [&data, &sparse] { return fitted(data, sparse, "l1", nullptr, 0.01, false); }},
      {"scad", [&data, &dense] { return fitted(data, dense, "scad", nullptr, 0.1, false); }},
      {"automatic alpha",
       [&data, &dense, automatic] { return fitted(data, dense, "variational_dropout", nullptr, automatic, false); }},
      {"paper's loop", [&data, &dense] { return fitted(data, dense, "log_sum", nullptr, 0.3, true); }},
      {"logistic", [&data, &dense, &logistic] { return fitted(data, dense, "l1", &logistic, 0.05, false); }},
      {"several targets", [&data, &dense] { return fitted_targets(data, dense); }},
      {"path", [&data, &dense] { return last_of_path(data, dense); }},
      {"dropout training", [&data] { return trained(data); }},
      {"moments of the columns", [&data] { return data.make_sparse_design()->scale(); }},
  };
}

void use_threads([[maybe_unused]] int threads) {
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

int run() {
  const SharedData data;
  const std::unique_ptr<Loss> logistic = make_loss("logistic", {});
  const std::vector<Task> tasks = tasks_on(data, *logistic);
  use_threads(1);
  std::vector<Vector> expected;
  for (const Task& task : tasks) expected.push_back(task.run());

  std::vector<std::vector<char>> same(kCallers, std::vector<char>(tasks.size(), 0));
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      use_threads(2);
      for (size_t k = 0; k < tasks.size(); ++k) {
        const size_t t = (k + caller) % tasks.size();  // different tasks at the same time
        same[caller][t] = identical(tasks[t].run(), expected[t]) ? 1 : 0;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  int failures = 0;
  for (size_t t = 0; t < tasks.size(); ++t) {
    for (size_t caller = 0; caller < kCallers; ++caller) {
      if (same[caller][t] != 0) continue;
      std::printf("%s: other bits in thread %zu than in the serial run\n", tasks[t].name.c_str(), caller);
      ++failures;
    }
  }
  std::printf("%zu tasks in %d threads, %d differences\n", tasks.size(), kCallers, failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace pyreweight

int main() { return pyreweight::run(); }
