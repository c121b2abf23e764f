"""Sparse linear regression."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ._base import fit_problem
from ._data import check_data
from ._uncertainty import mask_spread
from .validation import Problem, check_loss, check_problem


class AdaptiveDropoutRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Linear regression with adaptive dropout or, which is the same, a sparse penalty.

    With sample weights :math:`s_i`, :math:`S = \sum_i s_i`, it minimises

    .. math::

        F(w, b) = \frac1S \sum_i s_i \, \ell(y_i, b + x_i^\top w)
                  + \alpha \sum_j c_j \, \Omega(d_j |w_j|; \alpha), \qquad \ell(y, z) = \frac{(y - z)^2}{2}

    (or another loss, see `loss`) where :math:`d_j` is the weighted standard deviation of column j (1 with
    ``standardize=False``) and :math:`c_j` its entry in `feature_weights`. The intercept b is not penalised. With
    ``penalty="l1", standardize=False`` this is the objective of :class:`sklearn.linear_model.Lasso`. A column that is
    constant up to rounding gets coefficient 0.

    Read as dropout, the answer is the fixed point of: mask each standardised column with keep probability
    ``keep_prob_``, minimise the expected loss, let the keep probabilities grow with the weights, repeat.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Strength of the penalty, positive: a feature whose correlation with the residual, in absolute value, stays under
        alpha is out. ``"auto"`` needs no tuning: down a path from `alpha_max`, it takes the first alpha with
        ``alpha <= sigma(alpha) * sqrt(log(max(p, 3)) / (2 S))``, sigma the noise scale at that point, and returns the
        null model if not even ``alpha_max > sigma_null * sqrt(2 log(max(p, 3)) / S)``. It exists for penalties with a
        finite positive slope at zero.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy, as an object or by its snake_case name with default parameters.
    loss : {"squared", "huber", "poisson"}, default="squared"
        ``"huber"``: :math:`r^2 / 2` for residuals r of at most delta, :math:`\delta |r| - \delta^2 / 2` beyond, so that
        single rows far off count little; delta is 1.345 times the median absolute deviation of y from its median over
        0.6745 (the standard deviation if more than half of y is equal). ``"poisson"``: half the deviance of counts
        :math:`y \ge 0` with mean :math:`e^z`, :math:`e^z - y z + y \log y - y`; `predict` returns the mean.
    fit_intercept : bool, default=True
        Whether to fit b; without it columns are not centred.
    standardize : bool, default=True
        Whether the penalty sees :math:`d_j w_j`, so that the units of the columns do not matter. Coefficients are
        always reported for the columns as given.
    feature_weights : array-like of shape (n_features,), default=None
        Factors :math:`c_j \ge 0` of the penalty: 0 leaves a feature unpenalised, inf keeps it out. None: 1 everywhere.
    feature_groups : array-like of shape (n_features,), default=None
        Labels of any one type. Features with equal labels form a group, which has one eta and one keep probability and
        is in or out as a whole: the penalty is a sum over groups, of :math:`\Omega(t_g; \alpha)` with :math:`t_g` the
        norm of :math:`d_j w_j` over the group, times :math:`c_g \sqrt{\text{size}}`, the size counting constant columns
        but not those that are unpenalised or out. Nonconvex penalties: a stationary point, without the search for a
        lower one that single features get. `feature_weights` must be the
        same throughout a group, except that 0 and inf take a feature out of it. For separable penalties with unit slope
        at zero. None: every feature by itself.
    solver : {"auto", "irls"}, default="auto"
        ``"auto"`` solves on a working set and decides zeros by the stationarity conditions over all features.
        ``"irls"`` is the iteration of the paper [1]_: from keep probability 1/2 everywhere (or from `coef_` with
        `warm_start`), eta from the coefficients, weighted ridge, and so on; coefficients that reach zero stay there.
    max_iter : int, default=100
        Largest number of reweightings.
    tol : float, default=1e-6
        Target of the certificate. ``solver="auto"``: ``dual_gap_ <= tol * objective_`` for l1 and elastic net,
        ``kkt_residual_ <= tol * alpha_`` otherwise, each plus a rounding floor of 64 machine epsilons of the data. It
        ends with Newton steps, so answers are usually accurate to rounding whatever `tol`; with thousands of nonzero
        coefficients on sparse data, and l1, elastic net or a loss that is not squared, a `tol` above 1e-6 is taken at
        its word.
        ``solver="irls"``: the largest change of a (scaled) coefficient over the largest coefficient.
    warm_start : bool, default=False
        Start from `coef_` of the last fit. With ``alpha="auto"`` the path always starts at its top.
    verbose : int, default=0
        1 prints a line per reweighting and per alpha tried.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients for the columns as given; zeros are exact. float32 if X is.
    intercept_ : float or ndarray of shape (n_targets,)
        The intercept b, 0 without.
    alpha_ : float or ndarray of shape (n_targets,)
        The alpha used; 0 if ``alpha="auto"`` and y is constant.
    eta_ : ndarray of the shape of `coef_`
        Weight :math:`\hat\eta` of the penalised coefficient :math:`d_j w_j`; 0 for a feature that is out.
    keep_prob_ : ndarray of the shape of `coef_`
        Keep probability :math:`q_j = g_j \eta_j / (g_j \eta_j + \alpha c_j)` of the mask on the centred, scaled column;
        :math:`g_j` is its mean square, 1 when standardising. 1 where unpenalised. The masks of a group are independent
        with this one probability; :math:`c_j` has the root of its size.
    n_iter_ : int or ndarray of shape (n_targets,)
        Number of reweightings (at the chosen alpha).
    objective_ : float or ndarray of shape (n_targets,)
        F at the answer.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap for l1 and elastic net, an upper bound on the distance of F to its minimum; nan otherwise.
    kkt_residual_ : float or ndarray of shape (n_targets,)
        Largest violation of the stationarity conditions over all features, in units of :math:`d_j c_j`; norms over
        groups.
    converged_ : bool or ndarray of shape (n_targets,)
        Whether the target set by `tol` was met.
    noise_scale_ : float or ndarray of shape (n_targets,)
        sigma, with :math:`\sigma^2 = \sum_i s_i r_i^2 / \max(S - \mathrm{fit\_intercept} - \mathrm{df}, S/2)`, r the
        residual and df the number of nonzero coefficients. For other losses r is minus the derivative of the loss, such
        as y minus the mean for Poisson.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during fit, if X has string column names.

    See Also
    --------
    pyreweight.penalties : The penalties and dropout strategies.
    sklearn.linear_model.LassoCV : The lasso with alpha chosen by cross-validation.

    Notes
    -----
    Convex penalties are solved to the global minimum. For the others the answer is a stationary point, reached from
    zero in stages of falling strength, or along the path of ``alpha="auto"``; where the prox of a single coefficient
    jumps, or the loss is not squared, from the lasso solution.

    References
    ----------
    .. [1] D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
       regularization", NeurIPS 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import AdaptiveDropoutRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaptiveDropoutRegressor().fit(X, y)
    >>> int((model.coef_ != 0).sum())
    6
    >>> print(round(model.score(X, y), 2))
    0.51
    """

    def __init__(
        self,
        alpha="auto",
        *,
        penalty="variational_dropout",
        loss="squared",
        fit_intercept=True,
        standardize=True,
        feature_weights=None,
        feature_groups=None,
        solver="auto",
        max_iter=100,
        tol=1e-6,
        warm_start=False,
        verbose=0,
    ):
        self.alpha = alpha
        self.penalty = penalty
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.feature_weights = feature_weights
        self.feature_groups = feature_groups
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
            Data. float64 and float32, dense in C or Fortran order or sparse in CSC, are used where they lie; of CSR and
            the other sparse formats one copy by columns is made. Nothing is written to X, sparse X never made dense.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values; each target is a problem of its own.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights: 0 is a row removed, k is a row k times. None is 1 everywhere.

        Returns
        -------
        self : AdaptiveDropoutRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If an argument or a parameter is out of its range; the message names it.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If the target set by `tol` was not met.
        UserWarning
            If ``alpha="auto"`` and the positive weights have a mean below 0.5, so that they cannot be counts.
        """
        self._solve(self._problem(X, y, sample_weight))
        return self

    def _problem(self, X, y, sample_weight, owner=None) -> Problem:
        """Validate the data and the parameters."""
        problem = check_problem(self, X, y, sample_weight, owner=owner)
        problem.loss = check_loss(self.loss, problem.Y)
        return problem

    def _solve(self, problem: Problem, start=None, stacklevel=5) -> None:
        """Fit and set the fitted attributes."""
        fit_problem(self, problem, start, stacklevel)

    def _set_point(self, coef, intercept) -> None:
        """Become the model with coefficients (n_features, 1) and intercept (1,)."""
        self.coef_, self.intercept_ = coef[:, 0], intercept[0]

    def _decode(self, Y):
        """Return targets (n, 1) as the user gave them."""
        return Y[:, 0]

    def predict(self, X, return_std=False):
        r"""Predict, and say how uncertain the masks leave the prediction.

        Parameters
        ----------
        X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
            Data.
        return_std : bool, default=False
            Whether to return the standard deviation under the fitted masks as well,

            .. math:: \sqrt{\sigma^2 + \sum_j \frac{1 - q_j}{q_j} w_j^2 (x_j - m_j)^2}

            with sigma = `noise_scale_`, q = `keep_prob_` and m the weighted column means (0 without intercept).

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions.
        y_std : ndarray of the shape of `y_pred`
            Standard deviations; only with ``return_std=True``.
        """
        check_is_fitted(self, "coef_")
        X = check_data(self, X, reset=False)
        y_pred = X @ self.coef_.T + self.intercept_
        if not return_std:
            return np.exp(y_pred) if getattr(self, "loss", "squared") == "poisson" else y_pred
        if getattr(self, "loss", "squared") != "squared":
            raise ValueError(f"return_std=True is for loss='squared', whose spread is exact; this is {self.loss!r}")
        coef, keep_prob = np.atleast_2d(self.coef_), np.atleast_2d(self.keep_prob_)
        targets = zip(coef, keep_prob, np.atleast_1d(self.noise_scale_), strict=True)
        spread = [mask_spread(X, self._centre, *target) for target in targets]
        return y_pred, np.stack(spread, axis=-1).reshape(y_pred.shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
