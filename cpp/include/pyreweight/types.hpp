#pragma once

#include <Eigen/Core>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "pyreweight/storage.hpp"

namespace pyreweight {

using Index = Eigen::Index;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using ConstVec = Eigen::Ref<const Vector>;
using MutVec = Eigen::Ref<Vector>;
using Columns = std::vector<Index>;            // column numbers, in the order the caller wants
using Params = std::map<std::string, double>;  // penalty parameters by name

#if EIGEN_MAX_STATIC_ALIGN_BYTES >= 16
constexpr Index kLanes = EIGEN_MAX_STATIC_ALIGN_BYTES / static_cast<Index>(sizeof(double));  // doubles in a register
#else
constexpr Index kLanes = 2;
#endif
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace pyreweight
