// The second derivatives of grouped terms, solved over rows or over columns, against the matrix written out; and the
// blocks of groups from their smaller side.

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include "problems.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/group_system.hpp"

namespace pyreweight {
namespace {

/// Two groups of columns, in units that differ, and a point.
struct Pair {
  Pair(Index rows, Index size) : columns(all_columns(2 * size)) {
    Random random(3);
    X = random.correlated(rows, 2 * size, 0.3);
    design = design_of(X, random.uniform_vector(rows, 0.5, 2), true, true);
    gram = design->gram(columns, columns, monitor);
    unit = random.uniform_vector(2 * size, 0.2, 1);
    for (Index g = 0; g < 2; ++g) {
      const Columns own(columns.begin() + g * size, columns.begin() + (g + 1) * size);
      const Matrix of_group = gram.block(g * size, g * size, size, size);
      blocks.push_back(make_block(*design, own, g * size, of_group, unit.segment(g * size, size), monitor));
      direction.push_back(random.vector(size).normalized());
    }
  }
  GroupSystem system(double tangential, double radial) {
    std::vector<GroupBend> bends;
    for (size_t g = 0; g < 2; ++g) bends.push_back({&blocks[g], direction[g], tangential, radial});
    return {*design, columns, gram, unit, F, bends, monitor};
  }
  Matrix written_out(double tangential, double radial) const {
    Matrix out = gram;
    const Index size = blocks[0].size;
    for (Index g = 0; g < 2; ++g) {
      const Vector& d = direction[static_cast<size_t>(g)];
      const Vector u = unit.segment(g * size, size);
      Matrix own = tangential * Matrix::Identity(size, size) + (radial - tangential) * d * d.transpose();
      out.block(g * size, g * size, size, size) += u.asDiagonal() * own * u.asDiagonal();
    }
    return out;
  }
  Monitor monitor;
  Matrix X;
  Columns columns;
  std::unique_ptr<Design> design;
  Matrix gram, F;
  Vector unit;
  std::vector<GroupBlock> blocks;
  std::vector<Vector> direction;
};

TEST_CASE("the system of grouped terms is solved from either side") {
  // More columns than rows by far; as many; groups smaller than the rows in a system that is larger.
  for (const auto& [rows, size] : std::vector<std::pair<Index, Index>>{{12, 100}, {40, 30}, {30, 28}, {100, 80}}) {
    CAPTURE(rows);
    Pair pair(rows, size);
    Random random(4);
    const Vector b = random.vector(2 * size);
    for (const double radial : {0.0, 0.1, -0.01}) {
      const Matrix form = pair.written_out(0.4, radial);
      const bool definite = Eigen::SelfAdjointEigenSolver<Matrix>(form).eigenvalues().minCoeff() > 0;
      const GroupSystem system = pair.system(0.4, radial);
      Vector x, direction;
      CHECK(system.solve(0, b, x) == definite);
      if (definite) CHECK((form * x - b).norm() <= 1e-10 * b.norm());
      CHECK(system.concave_direction(direction) == !definite);
      if (!definite) CHECK(direction.dot(form * direction) < 0);
      if (!definite || !system.rows_are_cheaper()) continue;
      CHECK(system.trace() == doctest::Approx(form.ldlt().solve(pair.gram).trace()).epsilon(1e-10));
    }
  }
}

TEST_CASE("the form of a group comes from its smaller side, or is bounded") {
  for (const auto& [rows, size] : std::vector<std::pair<Index, Index>>{{12, 100}, {100, 12}, {260, 300}}) {
    CAPTURE(rows);
    const Pair pair(rows, size);
    const GroupBlock& block = pair.blocks[1];
    const Vector inverse = pair.unit.tail(size).cwiseInverse();
    const Matrix own = inverse.asDiagonal() * pair.gram.bottomRightCorner(size, size) * inverse.asDiagonal();
    if (!block.has_bound_only()) {
      const Matrix again = block.vectors * block.values.asDiagonal() * block.vectors.transpose();
      CHECK((again - own).norm() <= 1e-10 * own.norm());
      const Index rank = block.values.size();
      CHECK((block.vectors.transpose() * block.vectors - Matrix::Identity(rank, rank)).norm() <= 1e-8);
      continue;
    }
    const double largest = Eigen::SelfAdjointEigenSolver<Matrix>(own).eigenvalues().maxCoeff();
    CHECK(block.values.minCoeff() >= largest);
    CHECK(block.values.maxCoeff() <= 1.2 * largest);
  }
}

}  // namespace
}  // namespace pyreweight
