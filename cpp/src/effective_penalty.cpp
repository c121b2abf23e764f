#include "pyreweight/effective_penalty.hpp"

#include "pyreweight/columns.hpp"

namespace pyreweight {

Matrix effective_penalty(const Design& design, const ConstVec& mean, const Eigen::Ref<const Matrix>& covariance,
                         Monitor& monitor) {
  const Columns columns = all_columns(design.cols());
  Matrix out = design.gram(columns, columns, monitor);
  const Vector unit = design.scale().cwiseQuotient(mean);
  for (Index k = 0; k < out.cols(); ++k) {
    out.col(k).array() *= covariance.col(k).array() * unit.array() * unit[k];
  }
  return out;
}

}  // namespace pyreweight
