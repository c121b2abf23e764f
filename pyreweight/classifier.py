"""Sparse linear classification."""

from numbers import Real

import numpy as np
import scipy.sparse as sp
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ._base import fit_problem
from .validation import Problem, check_data, check_problem


class AdaptiveDropoutClassifier(ClassifierMixin, BaseEstimator):
    r"""Logistic regression with a sparse penalty or, read otherwise, with adaptive dropout.

    With sample weights :math:`s_i` (times the class weights), :math:`S = \sum_i s_i`, and :math:`y_i = 1` for the
    second of the two classes, 0 for the first, it minimises

    .. math::

        F(w, b) = \frac1S \sum_i s_i \big(\log(1 + e^{z_i}) - y_i z_i\big)
                  + \alpha \sum_j c_j \, \Omega(d_j |w_j|; \alpha), \qquad z_i = b + x_i^\top w

    where :math:`d_j` is the weighted standard deviation of column j (1 with ``standardize=False``) and :math:`c_j` its
    entry in `feature_weights`. The intercept b is not penalised. With ``penalty="l1", standardize=False`` this is the
    objective of :class:`sklearn.linear_model.LogisticRegression` with the l1 penalty at ``C = 1 / (S * alpha)``. A
    column that is constant up to rounding gets coefficient 0.

    The penalised objective is the definition. Dropout with keep probabilities ``keep_prob_`` has it as its second-order
    approximation only, unlike for the squared loss.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Strength of the penalty, positive: a feature whose correlation with the residual ``y - predicted probability``,
        in absolute value, stays under alpha is out. ``"auto"`` needs no tuning: with sigma the standard deviation of
        the residual of the null model it is ``sigma * sqrt(log(max(p, 3)) / (2 S))``, or the null model is returned if
        not even ``alpha_max > sigma * sqrt(2 log(max(p, 3)) / S)``. It exists for penalties with a finite positive
        slope at zero.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy, as an object or by its snake_case name with default parameters.
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
        norm of :math:`d_j w_j` over the group, times :math:`c_g \sqrt{\text{size}}`. `feature_weights` must be the
        same throughout a group, except that 0 and inf take a feature out of it. For separable penalties with unit slope
        at zero. None: every feature by itself.
    solver : {"auto", "irls"}, default="auto"
        ``"auto"`` takes Newton steps, each on a working set of features, and decides zeros by the stationarity
        conditions over all features. ``"irls"`` is the iteration of the paper [1]_: from keep probability 1/2
        everywhere (or from `coef_` with `warm_start`), eta from the coefficients, weighted ridge classification, and so
        on; coefficients that reach zero stay there.
    max_iter : int, default=100
        Largest number of Newton steps, which reweight at the same time; with ``"irls"`` of reweightings.
    tol : float, default=1e-6
        Target of the certificate. ``solver="auto"``: ``dual_gap_ <= tol * objective_`` for l1 and elastic net,
        ``kkt_residual_ <= tol * alpha_`` otherwise, each plus a rounding floor of 64 machine epsilons of the data. It
        ends with Newton steps, so answers are usually accurate to rounding whatever `tol`. ``solver="irls"``: the
        largest change of a (scaled) coefficient over the largest coefficient.
    warm_start : bool, default=False
        Start from `coef_` of the last fit.
    verbose : int, default=0
        1 prints a line per Newton step.
    class_weight : dict or "balanced", default=None
        Factors of the weights of the rows by class, classes that are not named count 1. ``"balanced"`` gives every
        class the same total weight and leaves their sum as it is.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of the rows that count.
    coef_ : ndarray of shape (1, n_features)
        Coefficients for the columns as given; zeros are exact. float32 if X is.
    intercept_ : ndarray of shape (1,)
        The intercept b, 0 without.
    alpha_ : float
        The alpha used.
    eta_ : ndarray of shape (1, n_features)
        Weight :math:`\hat\eta` of the penalised coefficient :math:`d_j w_j`; 0 for a feature that is out.
    keep_prob_ : ndarray of shape (1, n_features)
        Keep probability :math:`q_j = g_j \eta_j / (g_j \eta_j + \alpha c_j)` of the mask on the centred, scaled column;
        :math:`g_j` is its mean square, 1 when standardising. 1 where unpenalised. The masks of a group are independent
        with this one probability; :math:`c_j` has the root of its size.
    n_iter_ : int
        Number of Newton steps or reweightings.
    objective_ : float
        F at the answer.
    dual_gap_ : float
        Duality gap for l1 and elastic net, an upper bound on the distance of F to its minimum; nan otherwise.
    kkt_residual_ : float
        Largest violation of the stationarity conditions over all features, in units of :math:`d_j c_j`, and over the
        intercept.
    converged_ : bool
        Whether the target set by `tol` was met.
    noise_scale_ : float
        sigma of the null model, the square root of the product of the weighted shares of the two classes (1/2 without
        intercept).
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during fit, if X has string column names.

    See Also
    --------
    AdaptiveDropoutRegressor : The same for the squared loss.
    pyreweight.penalties : The penalties and dropout strategies.
    sklearn.linear_model.LogisticRegressionCV : The l1 penalty with its strength chosen by cross-validation.

    Notes
    -----
    Convex penalties are solved to the global minimum. For the others the answer is a stationary point, reached from the
    l1 solution.

    Bounded penalties (MCP, SCAD, capped l1, Geman, Geman-McClure, exponential, Standout, hard concrete) have no
    minimiser on data that a few features separate: the loss falls for ever as the coefficients grow. The fit then stops
    at the first iterate that separates the classes and from which the objective still falls without bound, sets
    `converged_` to False and warns.

    References
    ----------
    .. [1] D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
       regularization", NeurIPS 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from pyreweight import AdaptiveDropoutClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaptiveDropoutClassifier().fit(X, y)
    >>> int((model.coef_ != 0).sum())
    5
    >>> print(round(model.score(X, y), 2))
    0.97
    """

    def __init__(
        self,
        alpha="auto",
        *,
        penalty="variational_dropout",
        fit_intercept=True,
        standardize=True,
        feature_weights=None,
        feature_groups=None,
        solver="auto",
        max_iter=100,
        tol=1e-6,
        warm_start=False,
        verbose=0,
        class_weight=None,
    ):
        self.alpha = alpha
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.feature_weights = feature_weights
        self.feature_groups = feature_groups
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose
        self.class_weight = class_weight

    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
            Data. float64 and float32, dense in C or Fortran order or sparse in CSC, are used where they lie; of CSR and
            the other sparse formats one copy by columns is made. Nothing is written to X, sparse X never made dense.
        y : array-like of shape (n_samples,)
            Labels of two classes, of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights: 0 is a row removed, k is a row k times. None is 1 everywhere.

        Returns
        -------
        self : AdaptiveDropoutClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If an argument or a parameter is out of its range; the message names it.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If the target set by `tol` was not met, or if there is no minimiser.
        UserWarning
            If ``alpha="auto"`` and the positive weights have a mean below 0.5, so that they cannot be counts.
        """
        self._solve(self._problem(X, y, sample_weight))
        return self

    def _problem(self, X, y, sample_weight, owner=None) -> Problem:
        """Validate the data and the parameters."""
        problem = check_problem(self, X, y, sample_weight, owner=owner, encode=self._encode)
        problem.loss = "logistic"
        return problem

    def _solve(self, problem: Problem, start=None, stacklevel=5) -> None:
        """Fit and set the fitted attributes."""
        fit_problem(self, problem, start, stacklevel)
        for name in ("coef_", "eta_", "keep_prob_"):
            setattr(self, name, getattr(self, name).reshape(1, -1))
        self.intercept_: np.ndarray = np.reshape(self.intercept_, 1)

    def _set_point(self, coef, intercept) -> None:
        """Become the model with coefficients (n_features, 1) and intercept (1,)."""
        self.coef_, self.intercept_ = coef.T, intercept

    def _decode(self, Y):
        """Return targets (n, 1) as labels."""
        return self.classes_[Y[:, 0].astype(int)]

    def _encode(self, y, sample_weight):
        """Return the labels as 0 and 1, and the weights of the rows with those of their classes."""
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        n_classes = len(self.classes_)
        if n_classes == 1:
            raise ValueError(
                f"y must have two classes among the rows that count; they all have the one class {self.classes_[0]!r}"
            )
        if n_classes > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is multiclass: y has {n_classes} "
                "classes"
            )
        return codes.astype(np.float64), sample_weight * self._class_factors(codes, sample_weight)[codes]

    def _class_factors(self, codes, sample_weight):
        """Return the factor of each class."""
        if self.class_weight is None:
            return np.ones(len(self.classes_))
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            totals = np.bincount(codes, weights=sample_weight)
            return totals.sum() / (len(totals) * totals)
        if not isinstance(self.class_weight, dict):
            raise ValueError(f"class_weight must be None, 'balanced' or a dict, got {self.class_weight!r}")
        factors = np.ones(len(self.classes_))
        for label, factor in self.class_weight.items():
            place = np.flatnonzero(self.classes_ == label)
            if len(place) == 0:
                raise ValueError(f"class_weight names the class {label!r}, but y has {list(self.classes_)}")
            if not isinstance(factor, Real) or not 0 < factor < np.inf:
                raise ValueError(f"class_weight must be positive and finite, got {factor!r} for the class {label!r}")
            factors[place] = factor
        return factors

    def decision_function(self, X):
        """Return the predictor z of every row; positive values stand for ``classes_[1]``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            b + X w.
        """
        check_is_fitted(self, "coef_")
        X = check_data(self, X, reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True).ravel() + self.intercept_[0]

    def predict(self, X):
        """Return the more probable class of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        z = self.decision_function(X)
        return self.classes_[(z > 0).astype(int)]

    def predict_proba(self, X):
        """Return the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Probabilities in the order of `classes_`.
        """
        z = self.decision_function(X)
        return np.stack([expit(-z), expit(z)], axis=1)

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Log-probabilities in the order of `classes_`; finite also where a probability rounds to 0.
        """
        z = self.decision_function(X)
        return np.stack([log_expit(-z), log_expit(z)], axis=1)

    def sparsify(self):
        """Turn `coef_` into a sparse matrix, in place; predictions stay the same.

        Returns
        -------
        self : AdaptiveDropoutClassifier
            The fitted estimator.
        """
        check_is_fitted(self, "coef_")
        self.coef_ = sp.csr_matrix(self.coef_)
        return self

    def densify(self):
        """Turn `coef_` back into an array.

        Returns
        -------
        self : AdaptiveDropoutClassifier
            The fitted estimator.
        """
        check_is_fitted(self, "coef_")
        self.coef_ = self.coef_.toarray() if sp.issparse(self.coef_) else self.coef_
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = False
        return tags
