#pragma once

#include "pyreweight/types.hpp"

namespace pyreweight {

/// sum_i pi_i E log(1 + exp(z_i + sd_i N)) - y_i z_i, N standard normal: the expected logistic loss where masks make
/// the predictor Gaussian. One-dimensional quadrature per row.
double expected_logistic_loss(const ConstVec& y, const ConstVec& z, const ConstVec& sd, const ConstVec& pi);

}  // namespace pyreweight
