#include <doctest/doctest.h>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/fold_products.hpp"

namespace pyreweight {
namespace {

/// Design, targets and folds of rows that are tested in turn or at random.
struct Folded {
  Matrix X;
  Vector y, weights;
  std::vector<Index> fold;
};

Folded folded(Index n, Index p, Index folds, bool shuffled) {
  Random random(7);
  Folded out{random.correlated(n, p, 0.5), Vector(), random.uniform_vector(n, 0.2, 2), {}};
  out.X.rowwise() += 3 * random.vector(p).transpose();
  out.y = sparse_response(out.X, 3, 1, random);
  for (Index i = 0; i < n; ++i) out.fold.push_back(shuffled ? random.below(folds) : i * folds / n);
  return out;
}

TEST_CASE("training rows from the products of the folds are those from the rows") {
  const Index n = 3000, folds = 3;
  for (const Index p : {5, 400}) {
    for (const bool shuffled : {false, true}) {
      const Folded data = folded(n, p, folds, shuffled);
      for (const bool fit_intercept : {false, true}) {
        CAPTURE(p);
        CAPTURE(shuffled);
        CAPTURE(fit_intercept);
        Monitor monitor;
        const auto all = design_of(data.X, data.weights, fit_intercept, true);
        const Target target = scale_target(data.y, all->row_weights(), fit_intercept);
        const FoldProducts products = fold_products(*all, target, data.fold, folds, monitor);
        Vector weights = data.weights, tested = data.weights;
        for (Index i = 0; i < n; ++i) (data.fold[static_cast<size_t>(i)] == 1 ? weights : tested)[i] = 0;
        const auto rows = design_of(data.X, weights, fit_intercept, true);
        const TrainingProducts training(products, 1, fit_intercept);
        REQUIRE(training.usable());
        const KnownMoments moments = training.moments();
        CHECK(largest_difference(moments.centre, rows->centre()) <= 1e-13);
        CHECK(largest_difference(moments.deviation, rows->deviation()) <= 1e-13);
        const Columns columns = all_columns(p);
        CHECK(largest_difference(training.gram(*rows), rows->gram(columns, columns, monitor)) <= 1e-12);

        const Target own = scale_target(data.y, rows->row_weights(), fit_intercept);
        const Vector mean = tested / tested.sum();
        const Matrix form = training.test_products(*rows, own.scale);
        const Matrix expected = rows->weighted_gram(columns, columns, mean, monitor);
        CHECK(largest_difference(form.topLeftCorner(p, p), expected) <= 1e-12);
        const Vector t = (data.y.array() - own.mean) / own.scale;
        CHECK(form(p, p) == doctest::Approx(t.cwiseAbs2().dot(mean)).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("products of folds that lose digits are not usable") {
  Folded data = folded(600, 4, 3, false);
  data.X.col(2).head(200).array() += 1e6;  // the other folds are nearly constant beside it
  Monitor monitor;
  const auto all = design_of(data.X, data.weights, true, true);
  const Target target = scale_target(data.y, all->row_weights(), true);
  const FoldProducts products = fold_products(*all, target, data.fold, 3, monitor);
  CHECK_FALSE(TrainingProducts(products, 0, true).usable());
  CHECK(TrainingProducts(products, -1, true).usable());
}

TEST_CASE("products of folds are the same for any number of threads, and can be interrupted") {
  const Folded data = folded(40000, 12, 4, true);
  const auto all = design_of(data.X, data.weights, true, true);
  const Target target = scale_target(data.y, all->row_weights(), true);
  Monitor quiet;
  const auto [one, two] =
      with_one_and_two_threads([&] { return fold_products(*all, target, data.fold, 4, quiet).sums[3]; });
  CHECK(identical(one, two));
  Monitor monitor = interrupting_monitor();
  CHECK_THROWS_AS(fold_products(*all, target, data.fold, 4, monitor), Interrupted);
}

}  // namespace
}  // namespace pyreweight
