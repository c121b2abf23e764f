"""Sparse linear classification with the strength of the penalty chosen by cross-validation."""

import numpy as np

from ._cross_validation import CrossValidated
from .classifier import AdaptiveDropoutClassifier


class AdaptiveDropoutClassifierCV(CrossValidated, AdaptiveDropoutClassifier):
    r"""Logistic or softmax regression with adaptive dropout, the strength of the penalty chosen by cross-validation.

    The objective and the remaining parameters are those of :class:`AdaptiveDropoutClassifier`. One grid of alphas
    serves all folds; each fold computes a path down the grid, and so does all the data. The answer is the point of the
    latter at the best alpha.

    Parameters
    ----------
    alphas : int or array-like, default=100
        The strengths to choose from; or how many, on a geometric grid from alpha_max, the smallest alpha that keeps
        every penalised feature out, down to ``eps * alpha_max``. For penalties without a kink at zero, which keep no
        feature out, the grid starts at 1000 times the alpha_max of l1, that of y with standard deviation 1 for a square
        such as `L2`, whose alpha has no units of y.
    eps : float, default=None
        Where a grid ends. None is 1e-3 if the sum of the sample weights is larger than the number of features, else
        1e-2; a thousandth of that for a square.
    cv : int, cross-validation generator or iterable, default=None
        How the rows are split, as for :class:`sklearn.linear_model.LogisticRegressionCV`: None is 5-fold and a number
        that many folds, both stratified by class.
    n_jobs : int, default=None
        Number of paths that are computed at the same time, in threads. None is 1; one path by itself uses the threads
        that OpenMP gives. The answer does not depend on it.
    one_standard_error : bool, default=False
        Whether to take `alpha_1se_` instead of the alpha with the best score: fewer features at a score that cannot be
        told from the best.
    scoring : str or callable, default=None
        What is maximised, a name or a scorer of scikit-learn, such as ``"accuracy"`` or ``"roc_auc"``. None minimises
        the mean log-loss.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=True
        Whether the penalty sees coefficients of standardised columns. Each fold standardises by its own training rows.
    feature_weights : array-like of shape (n_features,), default=None
        Factors of the penalty: 0 leaves a feature unpenalised, inf keeps it out. None: 1 everywhere.
    feature_groups : array-like of shape (n_features,) or "across_classes", default=None
        Labels; features with equal labels are in or out together, as in :class:`AdaptiveDropoutClassifier`. None: every
        feature by itself.
    solver : {"auto", "irls"}, default="auto"
        As in :class:`AdaptiveDropoutClassifier`. ``"irls"`` starts afresh at every alpha.
    max_iter : int, default=100
        Largest number of reweightings at one alpha.
    tol : float, default=1e-6
        Target of the certificate, as in :class:`AdaptiveDropoutClassifier`.
    verbose : int, default=0
        1 prints a line per path. With scikit-learn 1.9 or newer progress can also be followed with its callbacks
        (``set_callbacks``): each path is a task, each alpha a task of it.
    class_weight : dict or "balanced", default=None
        Factors of the weights of the rows by class, in the fits as well as in the log-loss of the test rows and in its
        average over folds: the same as that `sample_weight`. ``"balanced"`` is computed once, on all the data.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels of the rows that count.
    alpha_ : float
        The alpha chosen; 0 if there is nothing to explain.
    alpha_1se_ : float
        The largest alpha whose mean score is within one standard error of the best mean score.
    alphas_ : ndarray of shape (n_alphas,)
        The grid, decreasing.
    score_path_ : ndarray of shape (n_alphas, n_folds)
        What `scoring` says of the test rows of each fold; without `scoring` minus their mean log-loss, weighted by
        `sample_weight` and `class_weight`.
    fold_weights_ : ndarray of shape (n_folds,)
        Sums of the weights of the test rows, by which folds are averaged.
    coef_path_ : ndarray of shape (n_features, n_alphas) or (n_classes * n_features, n_alphas)
        Coefficients on all the data, at every alpha; with more than two classes class by class.
    path_ : RegularizationPath
        The whole path on all the data.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients at `alpha_` on all the data; zeros are exact. float32 if X is.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The intercepts, 0 without.
    eta_, keep_prob_ : ndarray of the shape of `coef_`
        The masks, as in :class:`AdaptiveDropoutClassifier`.
    n_iter_, objective_, dual_gap_, kkt_residual_, converged_, noise_scale_ : number
        As in :class:`AdaptiveDropoutClassifier`, for the fit on all the data at `alpha_`, which starts from the point
        of its path.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during fit, if X has string column names.

    See Also
    --------
    AdaptiveDropoutClassifier : One alpha, or ``alpha="auto"`` without cross-validation.
    dropout_path : The path by itself.
    CVDisplay : Draws the scores.

    Notes
    -----
    Scores are averaged over folds with the weights of their test rows, :math:`S_f`; their standard error is
    :math:`\sqrt{\sum_f S_f (e_f - \bar e)^2 / (\sum_f S_f\,(F - 1))}` with F folds. Rows of weight 0 count nowhere, but
    a splitter that counts rows, such as the default one, sees them. Every class must be in the training part of every
    fold.

    Folds share the data: no fold copies X.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from pyreweight import AdaptiveDropoutClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaptiveDropoutClassifierCV(30, eps=0.01, one_standard_error=True).fit(X, y)
    >>> int((model.coef_ != 0).sum())
    3
    >>> model.score_path_.shape
    (30, 5)
    """

    _estimator = AdaptiveDropoutClassifier

    def __init__(
        self,
        alphas=100,
        *,
        eps=None,
        cv=None,
        n_jobs=None,
        one_standard_error=False,
        scoring=None,
        penalty="variational_dropout",
        fit_intercept=True,
        standardize=True,
        feature_weights=None,
        feature_groups=None,
        solver="auto",
        max_iter=100,
        tol=1e-6,
        verbose=0,
        class_weight=None,
    ):
        self.alphas = alphas
        self.eps = eps
        self.cv = cv
        self.n_jobs = n_jobs
        self.one_standard_error = one_standard_error
        self.scoring = scoring
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.feature_weights = feature_weights
        self.feature_groups = feature_groups
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.class_weight = class_weight

    def _check_folds(self, model, problem, folds) -> None:
        codes = problem.Y[:, 0]
        for i, fold in enumerate(folds):
            missing = np.setdiff1d(np.arange(len(model.classes_)), codes[fold.train_weight > 0].astype(int))
            if len(missing):
                label = model.classes_.tolist()[missing[0]]
                raise ValueError(
                    f"fold {i} of cv has no training row of the class {label!r}: every class must be in the training "
                    "part of every fold; shuffle, stratify, or take fewer folds"
                )
