#include "pyreweight/degrees_of_freedom.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <utility>

#include "pyreweight/cholesky.hpp"
#include "pyreweight/columns.hpp"
#include "pyreweight/group_system.hpp"

namespace pyreweight {
namespace {

constexpr Index kBlock = 64;     // columns between two polls of the monitor
constexpr double kLeast = 1e-8;  // curvature over column moment that stands for none in the n x n form

/// |A| - tr (G + diag(h))^-1 diag(h); nan when the matrix is not positive definite.
double primal_trace(Matrix system, const Vector& h, Monitor& monitor) {
  const Index k = h.size();
  system.diagonal() += h;
  if (!cholesky(system, monitor)) return std::nan("");
  Columns curved;
  for (Index i = 0; i < k; ++i) {
    if (h[i] != 0) curved.push_back(i);
  }
  double trace = static_cast<double>(k);
  for (size_t first = 0; first < curved.size(); first += kBlock) {
    monitor.poll();
    const size_t last = std::min(curved.size(), first + kBlock);
    Matrix block = Matrix::Zero(k, static_cast<Index>(last - first));
    for (size_t i = first; i < last; ++i) block(curved[i], static_cast<Index>(i - first)) = 1;
    system.triangularView<Eigen::Upper>().transpose().solveInPlace(block);
    for (size_t i = first; i < last; ++i)
      trace -= h[curved[i]] * block.col(static_cast<Index>(i - first)).squaredNorm();
  }
  return trace;
}

/// |A| - tr (G + H)^-1 H for a full H; nan as above.
double primal_trace(Matrix system, const Matrix& H, Monitor& monitor) {
  system += H;
  if (!cholesky(system, monitor)) return std::nan("");
  const auto upper = std::as_const(system).triangularView<Eigen::Upper>();
  double trace = static_cast<double>(H.cols());
  for (Index first = 0; first < H.cols(); first += kBlock) {
    monitor.poll();
    const Index width = std::min(kBlock, H.cols() - first);
    Matrix block = H.middleCols(first, width);
    upper.transpose().solveInPlace(block);
    upper.solveInPlace(block);
    trace -= block.middleRows(first, width).trace();
  }
  return trace;
}

/// With groups, from the rows; nan where that is not cheaper.
double row_trace(const Problem& problem, const Regularizer& regularizer, const Columns& active, const Vector& v) {
  const Groups groups = regularizer.groups().part(active);
  if (groups.singletons()) return std::nan("");
  const Vector unit = gather(regularizer.relative_units(), active), radius = regularizer.radius(active, v);
  const Vector slope = regularizer.radial_slope(active, v), curvature = regularizer.curvature(active, v);
  const Columns order = groups.complete(all_columns(v.size()));
  Columns working;
  for (const Index i : order) working.push_back(active[static_cast<size_t>(i)]);
  std::vector<GroupBlock> blocks;
  Index begin = 0;
  for (Index g = 0; g < groups.count(); ++g) {
    const Index size = static_cast<Index>(groups.members(g).size());
    const double bound = gather(problem.design.second_moment(), working).segment(begin, size).sum();
    blocks.push_back({begin, size, {}, Vector::Constant(1, bound), {}});
    begin += size;
  }
  std::vector<GroupBend> bends;
  for (GroupBlock& block : blocks) {
    const Index first = order[static_cast<size_t>(block.begin)];
    const Vector x = gather(v.cwiseProduct(unit), order).segment(block.begin, block.size);
    const double square = unit[first] * unit[first];
    bends.push_back({&block, x.stableNormalized(), slope[first] / radius[first] / square, curvature[first] / square});
  }
  const Matrix unknown;
  const Vector units = gather(unit, order);
  Matrix rows;
  const GroupSystem system(problem.design, working, unknown, units, rows, std::move(bends), problem.monitor);
  return system.rows_are_cheaper() ? system.trace() : std::nan("");
}

/// The same from the rows: with K = Z diag(1 / h) Z' it is tr K (I + K)^-1 = n - tr (I + K)^-1.
double dual_trace(const Problem& problem, const Columns& active, const Vector& h) {
  const Vector moment = gather(problem.design.second_moment(), active);
  Vector tau(h.size());
  for (Index i = 0; i < h.size(); ++i) {
    const double least = kLeast * moment[i];
    tau[i] = 1 / (std::abs(h[i]) > least ? h[i] : least);
  }
  Matrix system = problem.design.dual_gram(active, tau, problem.monitor);
  system.diagonal().array() += 1;
  const Index n = system.cols();
  const Eigen::PartialPivLU<Eigen::Ref<Matrix>> factors(system);
  double trace = static_cast<double>(n);
  for (Index first = 0; first < n; first += kBlock) {
    problem.monitor.poll();
    const Index width = std::min(kBlock, n - first);
    const Matrix block = factors.solve(Matrix::Identity(n, n).middleCols(first, width));
    trace -= block.middleRows(first, width).trace();
  }
  return trace;
}

}  // namespace

double degrees_of_freedom(const Problem& problem, const Regularizer& regularizer, const Solution& solution,
                          const std::function<Matrix(const Columns&)>& gram) {
  const Columns active = support(solution.v);
  const double size = static_cast<double>(active.size());
  const Vector v = gather(solution.v, active);
  if (!regularizer.groups().singletons()) {
    double trace = row_trace(problem, regularizer, active, v);
    if (std::isnan(trace)) trace = primal_trace(gram(active), regularizer.hessian(active, v), problem.monitor);
    return std::isfinite(trace) ? trace : size;
  }
  const Vector h = regularizer.curvature(active, v);
  if (h.isZero(0)) return size;
  const bool wide = static_cast<Index>(active.size()) > problem.design.rows();
  const double trace = wide ? dual_trace(problem, active, h) : primal_trace(gram(active), h, problem.monitor);
  return std::isfinite(trace) ? trace : size;
}

}  // namespace pyreweight
