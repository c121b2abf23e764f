#pragma once

#include "pyreweight/design.hpp"

namespace pyreweight {

/// What masking the columns of a linear model costs on average, exactly, whatever the distribution of the mask: with
/// mean mu and covariance C of the mask s, and u = w / mu so that w predicts on average,
///
///     E_s L(s o u, b) = L(w, b) + w' Q w / 2,   Q_jk = C_jk G_jk / (mu_j mu_k),
///
/// L the mean squared loss and G the Gram matrix of the columns as the design centres them, in the units of X.
/// mean (p,) without zeros, covariance (p, p) symmetric; returns Q (p, p).
Matrix effective_penalty(const Design& design, const ConstVec& mean, const Eigen::Ref<const Matrix>& covariance,
                         Monitor& monitor);

}  // namespace pyreweight
