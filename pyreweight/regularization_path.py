"""The answer of a path of alphas."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln, softmax
from sklearn.utils import check_array

from ._layout import well_formed
from .validation import Problem


@dataclass(frozen=True, eq=False)
class RegularizationPath:
    """Models at decreasing strengths of the penalty, from :func:`dropout_path`.

    Attributes
    ----------
    alphas_ : ndarray of shape (n_alphas,)
        The strengths, decreasing. All 0 where a grid was asked for and there is nothing to explain: y is constant, or
        no penalised feature correlates with what the unpenalised ones leave.
    coefs_ : ndarray of shape (n_features, n_alphas)
        Coefficients for the columns as given; zeros are exact. Made from `sparse_coefs_` when it is first asked for.
        Softmax loss: n_classes times as many rows, class by class.
    sparse_coefs_ : scipy.sparse.csc_array of shape (n_features, n_alphas)
        The same coefficients without the zeros: what a path of very many features is better read from.
    intercepts_ : ndarray of shape (n_alphas,) or (n_alphas, n_classes)
        Intercepts, 0 without; one for each class with the softmax loss.
    objectives_ : ndarray of shape (n_alphas,)
        Value of the objective.
    dual_gaps_ : ndarray of shape (n_alphas,)
        Duality gaps for l1 and elastic net; nan otherwise.
    kkt_residuals_ : ndarray of shape (n_alphas,)
        Largest violations of the stationarity conditions over all features.
    n_iters_ : ndarray of shape (n_alphas,)
        Numbers of reweightings.
    converged_ : ndarray of shape (n_alphas,)
        Whether the target set by `tol` was met.
    degrees_of_freedom_ : ndarray of shape (n_alphas,)
        Degrees of freedom of the coefficients, the intercept not counted; see :meth:`select`.
    noise_scales_ : ndarray of shape (n_alphas,)
        Noise scales, as `noise_scale_` of :class:`AdaptiveDropoutRegressor`.
    residual_scales_ : ndarray of shape (n_alphas,)
        Root mean squares of the residuals on the training data, weighted by `sample_weight`; in general the square root
        of twice the mean loss.
    n_features_in_ : int
        Number of features.
    loss_ : str
        The loss.

    See Also
    --------
    dropout_path : Computes it.
    PathDisplay : Draws it.
    """

    alphas_: NDArray[np.float64]
    sparse_coefs_: scipy.sparse.csc_array
    intercepts_: NDArray[np.float64]
    objectives_: NDArray[np.float64]
    dual_gaps_: NDArray[np.float64]
    kkt_residuals_: NDArray[np.float64]
    n_iters_: NDArray[np.integer]
    converged_: NDArray[np.bool_]
    degrees_of_freedom_: NDArray[np.float64]
    noise_scales_: NDArray[np.float64]
    residual_scales_: NDArray[np.float64]
    n_features_in_: int
    loss_: str
    _weight_sum: float
    _fit_intercept: bool

    @cached_property
    def coefs_(self) -> NDArray[np.floating]:
        """Coefficients as a dense array of shape (n_features, n_alphas)."""
        return self.sparse_coefs_.toarray()

    def predict(self, X, alpha):
        """Predict with the coefficients at a strength; between two points of the path they are linear in alpha.

        The prediction is the mean: the predictor for the squared and the Huber loss, its exponential for the Poisson
        loss, the probability of 1 for the logistic loss, those of all classes for the softmax loss.

        Parameters
        ----------
        X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
            Data.
        alpha : float or array-like of shape (n,)
            Strengths, from ``alphas_[-1]`` to ``alphas_[0]``.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n)
            Predictions, one column for each entry of an array `alpha`; with a last axis of n_classes for the softmax
            loss.

        Raises
        ------
        ValueError
            If `alpha` is outside the path, or `X` has another number of features.
        """
        X = check_array(
            well_formed(X),
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            estimator="RegularizationPath",
            input_name="X",
        )
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {X.shape[1]} features, but the path was computed with {self.n_features_in_}")
        mixture = self._mixture(alpha)
        coefs = (self.sparse_coefs_ @ mixture).tocsr()
        if self.loss_ == "softmax":
            y_pred = softmax(self._class_predictors(X, coefs, mixture), axis=2)
            return y_pred[:, 0] if np.ndim(alpha) == 0 else y_pred
        active = np.flatnonzero(np.diff(coefs.indptr))
        y_pred = X[:, active] @ coefs[active].toarray() + self.intercepts_ @ mixture
        y_pred = {"poisson": np.exp, "logistic": expit}.get(self.loss_, np.asarray)(y_pred)
        return y_pred[:, 0] if np.ndim(alpha) == 0 else y_pred

    def _class_predictors(self, X, coefs: scipy.sparse.csr_array, mixture) -> NDArray[np.float64]:
        """Return the predictors of the classes, of shape (n_samples, n, n_classes)."""
        p = self.n_features_in_
        intercepts = self.intercepts_.T @ mixture
        return np.stack([X @ coefs[k * p : (k + 1) * p].toarray() + b for k, b in enumerate(intercepts)], axis=2)

    def _mixture(self, alpha: ArrayLike) -> scipy.sparse.csc_array:
        """Weights of the points in each of the strengths, of shape (n_alphas, n)."""
        try:
            wanted = np.atleast_1d(np.asarray(alpha, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise ValueError(f"alpha must be real numbers: {error}") from error
        top, bottom = self.alphas_[0], self.alphas_[-1]
        if wanted.ndim != 1 or not np.all((wanted >= bottom) & (wanted <= top)):
            raise ValueError(f"alpha must be between {bottom:g} and {top:g}, the ends of the path, got {alpha!r}")
        right = np.clip(np.searchsorted(-self.alphas_, -wanted), 1, max(1, len(self.alphas_) - 1))
        left = right - 1
        right = np.minimum(right, len(self.alphas_) - 1)
        width = self.alphas_[left] - self.alphas_[right]
        share = np.divide(self.alphas_[left] - wanted, width, out=np.zeros(len(wanted)), where=width > 0)
        columns = np.arange(len(wanted))
        shape = (len(self.alphas_), len(wanted))
        near = scipy.sparse.csc_array((1 - share, (left, columns)), shape=shape)
        return near + scipy.sparse.csc_array((share, (right, columns)), shape=shape)

    def select(self, criterion: str = "bic") -> int:
        r"""Index of the best point by an information criterion.

        With S the sum of the sample weights, r the residuals, k the degrees of freedom and one more for the intercept,

        .. math:: S \log\Bigl(\frac1S \sum_i s_i r_i^2\Bigr) + c\,k

        (for the logistic and the Poisson loss 2 S times the mean loss in the place of the first term) is smallest at
        the best point: c = 2 for the AIC, log S for the BIC. The EBIC adds
        :math:`2 \log \binom{p}{m}` to the BIC, m the number of nonzero coefficients of p [2]_.

        The degrees of freedom of the coefficients are the number of nonzeros for l1 [1]_, for other penalties the trace
        of the local linear smoother on the support A,

        .. math:: \operatorname{tr} Z_A (Z_A^\top P Z_A + \operatorname{diag}(h))^{-1} Z_A^\top P

        with the centred and scaled columns Z, the weights :math:`P = \operatorname{diag}(s) / S` and the curvatures h
        of the penalty term. Points that leave no degree of freedom to the residual are never chosen, unless all are
        such.

        Parameters
        ----------
        criterion : {"aic", "bic", "ebic"}, default="bic"
            The criterion. All three tend to choose too many features where there are more features than rows.

        Returns
        -------
        int
            Index into ``alphas_``; the largest alpha of equally good ones.

        References
        ----------
        .. [1] H. Zou, T. Hastie, R. Tibshirani, "On the degrees of freedom of the lasso", Annals of
           Statistics 35, 2007.
        .. [2] J. Chen, Z. Chen, "Extended Bayesian information criteria for model selection with large model spaces",
           Biometrika 95, 2008.
        """
        if criterion not in ("aic", "bic", "ebic"):
            raise ValueError(f"criterion must be 'aic', 'bic' or 'ebic', got {criterion!r}")
        S, p = self._weight_sum, self.sparse_coefs_.shape[0]
        size = self.degrees_of_freedom_ + self._fit_intercept
        if self.loss_ == "huber":
            raise ValueError("loss='huber' is no likelihood, so it has no information criteria; use cross-validation")
        if self.loss_ == "squared":
            with np.errstate(divide="ignore"):
                score = 2 * S * np.log(self.residual_scales_)
        else:
            score = S * self.residual_scales_**2
        score += (2.0 if criterion == "aic" else math.log(S)) * size
        if criterion == "ebic":
            nonzeros = np.diff(self.sparse_coefs_.indptr)
            score += 2 * (gammaln(p + 1) - gammaln(nonzeros + 1) - gammaln(p - nonzeros + 1))
        score[size >= S] = np.inf
        return int(np.argmin(score))


def make_path(answer: dict, problem: Problem, fit_intercept: bool) -> RegularizationPath:
    """Wrap an answer of the core."""
    return RegularizationPath(
        alphas_=answer["alpha"],
        sparse_coefs_=answer["coefs"],
        intercepts_=answer["intercept"],
        objectives_=answer["objective"],
        dual_gaps_=answer["dual_gap"],
        kkt_residuals_=answer["kkt_residual"],
        n_iters_=answer["n_iter"],
        converged_=answer["converged"],
        degrees_of_freedom_=answer["degrees_of_freedom"],
        noise_scales_=answer["noise_scale"],
        residual_scales_=answer["residual_scale"],
        n_features_in_=problem.X.shape[1],
        loss_=problem.loss,
        _weight_sum=float(problem.sample_weight.sum()),
        _fit_intercept=fit_intercept,
    )
