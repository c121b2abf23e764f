"""Sparse linear classification."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from ._base import fit_problem
from ._labels import encode_labels, groups_of_classes
from ._predictions import ClassPredictions
from .validation import Problem, check_problem, check_start


class AdaptiveDropoutClassifier(ClassPredictions, ClassifierMixin, BaseEstimator):
    r"""Logistic regression with a sparse penalty or, read otherwise, with adaptive dropout.

    With sample weights :math:`s_i` (times the class weights), :math:`S = \sum_i s_i`, and :math:`y_i = 1` for the
    second of two classes, 0 for the first, it minimises

    .. math::

        F(w, b) = \frac1S \sum_i s_i \big(\log(1 + e^{z_i}) - y_i z_i\big)
                  + \alpha \sum_j c_j \, \Omega(d_j |w_j|; \alpha), \qquad z_i = b + x_i^\top w

    and for more classes, all at once,

    .. math::

        F(W, b) = \frac1S \sum_i s_i \Big(\log \sum_k e^{z_{ik}} - z_{i y_i}\Big)
                  + \alpha \sum_{kj} c_j \, \Omega(d_j |w_{kj}|; \alpha), \qquad z_{ik} = b_k + x_i^\top w_k

    where :math:`d_j` is the weighted standard deviation of column j (1 with ``standardize=False``) and :math:`c_j` its
    entry in `feature_weights`. Intercepts are not penalised; those of more than two classes have the sum 0, as have the
    coefficients of an unpenalised feature. With ``penalty="l1", standardize=False`` this is the
    objective of :class:`sklearn.linear_model.LogisticRegression` with the l1 penalty at ``C = 1 / (S * alpha)``. A
    column that is constant up to rounding gets coefficient 0.

    The penalised objective is the definition. Dropout with keep probabilities ``keep_prob_`` has it as its second-order
    approximation only, unlike for the squared loss.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Strength of the penalty, positive: a feature whose correlation with the residual ``y - predicted probability``,
        in absolute value, stays under alpha is out. ``"auto"`` needs no tuning: with sigma the standard deviation of
        the residual of the null model and p the number of coefficients, n_features or n_classes times as many, it is
        ``sigma * sqrt(log(max(p, 3)) / (2 S))``, or the null model is returned if not even
        ``alpha_max > sigma * sqrt(2 log(max(p, 3)) / S)``. It exists for penalties with a finite positive slope at
        zero.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy, as an object or by its snake_case name with default parameters.
    fit_intercept : bool, default=True
        Whether to fit b; without it columns are not centred.
    standardize : bool, default=True
        Whether the penalty sees :math:`d_j w_j`, so that the units of the columns do not matter. Coefficients are
        always reported for the columns as given.
    feature_weights : array-like of shape (n_features,), default=None
        Factors :math:`c_j \ge 0` of the penalty: 0 leaves a feature unpenalised, inf keeps it out. None: 1 everywhere.
    feature_groups : array-like of shape (n_features,) or "across_classes", default=None
        Labels of any one type. Features with equal labels form a group, which has one eta and one keep probability and
        is in or out as a whole: the penalty is a sum over groups, of :math:`\Omega(t_g; \alpha)` with :math:`t_g` the
        norm of :math:`d_j w_j` over the group, times :math:`c_g \sqrt{\text{size}}`, the size counting constant columns
        but not those that are unpenalised or out. Nonconvex penalties: a stationary point, without the search for a
        lower one that single features get. `feature_weights` must be the
        same throughout a group, except that 0 and inf take a feature out of it. For separable penalties with unit slope
        at zero. With more than two classes groups are those of the coefficients of one class, or, with
        ``"across_classes"``, those of one feature for all classes, which then is in or out for all of them. None: every
        coefficient by itself.
    solver : {"auto", "irls"}, default="auto"
        ``"auto"`` takes Newton steps, each on a working set of features, and decides zeros by the stationarity
        conditions over all features. ``"irls"`` is the iteration of the paper [1]_: from keep probability 1/2
        everywhere (or from `coef_` with `warm_start`), eta from the coefficients, weighted ridge classification, and so
        on; coefficients that reach zero stay there.
    max_iter : int, default=100
        Largest number of points whose curvature Newton steps take, one step or a few each, which reweight at the same
        time; with ``"irls"`` of reweightings.
    tol : float, default=1e-6
        Target of the certificate. ``solver="auto"``: ``dual_gap_ <= tol * objective_`` for l1 and elastic net,
        ``kkt_residual_ <= tol * alpha_`` otherwise, each plus a rounding floor of 64 machine epsilons of the data. It
        ends with Newton steps, so answers are usually accurate to rounding whatever `tol`; with thousands of rows, or
        thousands of nonzero coefficients on sparse data, where the last digits cost as much as all the others, a `tol`
        above 1e-6 is taken at its word.
        ``solver="irls"``: the largest change of a (scaled) coefficient over the largest coefficient.
    warm_start : bool, default=False
        Start from `coef_` of the last fit.
    verbose : int, default=0
        1 prints a line per Newton step.
    class_weight : dict or "balanced", default=None
        Factors of the weights of the rows by class, classes that are not named count 1. ``"balanced"`` gives every
        class the same total weight and leaves their sum as it is.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels of the rows that count.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients for the columns as given, one row for two classes; zeros are exact. float32 if X is.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The intercepts, 0 without.
    alpha_ : float
        The alpha used.
    eta_ : ndarray of the shape of coef_
        Weight :math:`\hat\eta` of the penalised coefficient :math:`d_j w_j`; 0 for a feature that is out.
    keep_prob_ : ndarray of the shape of coef_
        Keep probability :math:`q_j = g_j \eta_j / (g_j \eta_j + \alpha c_j)` of the mask on the centred, scaled column;
        :math:`g_j` is its mean square, 1 when standardising. 1 where unpenalised. The masks of a group are independent
        with this one probability; :math:`c_j` has the root of its size.
    n_iter_ : int
        Number of points whose curvature Newton steps took, or of reweightings.
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
        sigma of the null model: the standard deviation of the indicator of a class, the largest of all classes, with
        the weighted share of the class as its probability (one in n_classes without intercept).
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
    l1 solution; on sparse data with thousands of coefficients at stake, by way of weighted l1 problems, whose
    curvatures do not count in `n_iter_`.

    A penalty with ``scale=None`` has the scale alpha, in units of the residual, a probability; coefficients are
    log-odds, several times as large. Where many small effects add up, as in text, and where a few columns can separate
    the data, the fit is then more concave than it predicts best with: a larger scale, such as
    ``VariationalDropout(scale=0.2)`` with a smaller alpha, keeps more features and comes nearer to l1.

    Bounded penalties (MCP, SCAD, capped l1, Geman, Geman-McClure, exponential, Standout, hard concrete) have no
    minimiser on data that a few features separate: the loss falls for ever as the coefficients grow. The fit then stops
    at the first iterate that separates the classes, or one or some of them from all others, and from which the
    objective still falls without bound, sets `converged_` to False and warns. It does the same where a single
    coefficient runs away, like that of an indicator that is pure in one class, once the others have settled, and with
    two classes where up to 256 do together, which separate some rows and leave the others where they are. Of more than
    two classes not every set that can be separated is found.

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
            Labels of two classes or more, of any type.
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

        def encode(y, weights):
            self.classes_, codes, weights = encode_labels(y, weights, self.class_weight)
            return codes, weights

        problem = check_problem(self, X, y, sample_weight, owner=owner, encode=encode)
        problem.loss = "logistic" if len(self.classes_) == 2 else "softmax"
        problem.feature_groups = self._groups(problem.feature_groups)
        return problem

    def _groups(self, of_features):
        """Return the groups of all coefficients from those of the features, (0,) for none."""
        across, n_classes = isinstance(self.feature_groups, str), len(self.classes_)
        if n_classes == 2:
            return of_features[:0] if across else of_features
        return groups_of_classes(of_features, n_classes, across)

    def _solve(self, problem: Problem, start=None, stacklevel=5) -> None:
        """Fit and set the fitted attributes; `start` as the core takes it."""
        if start is None:
            n_rows = 1 if problem.loss == "logistic" else len(self.classes_)
            start = check_start(self, problem.X.shape[1], n_rows).reshape(-1, 1, order="F")
        fit_problem(self, problem, start, stacklevel)
        for name in ("coef_", "eta_", "keep_prob_"):
            setattr(self, name, getattr(self, name).reshape(-1, problem.X.shape[1]))
        self.intercept_: np.ndarray = np.reshape(self.intercept_, -1)

    def _set_point(self, coef, intercept) -> None:
        """Become the model with coefficients (n_classes * n_features, 1) and intercepts (1, n_classes) of a path."""
        self.intercept_ = np.ravel(intercept)
        self.coef_ = coef.reshape(len(self.intercept_), -1)

    def _decode(self, Y):
        """Return targets (n, 1) as labels."""
        return self.classes_[Y[:, 0].astype(int)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
