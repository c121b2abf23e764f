"""Sparse linear regression with the strength of the penalty chosen by cross-validation."""

from ._cross_validation import CrossValidated
from .regressor import AdaptiveDropoutRegressor


class AdaptiveDropoutRegressorCV(CrossValidated, AdaptiveDropoutRegressor):
    r"""Linear regression with adaptive dropout, the strength of the penalty chosen by cross-validation.

    The objective and the remaining parameters are those of :class:`AdaptiveDropoutRegressor`. One grid of alphas serves
    all folds; each fold computes a path down the grid, and so does all the data. The answer is the point of the latter
    at the best alpha.

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
        How the rows are split, as for :class:`sklearn.linear_model.LassoCV`; None is 5-fold.
    n_jobs : int, default=None
        Number of paths that are computed at the same time, in threads. None is 1; one path by itself uses the threads
        that OpenMP gives. The answer does not depend on it.
    one_standard_error : bool, default=False
        Whether to take `alpha_1se_` instead of the alpha with the smallest error: fewer features at an error that
        cannot be told from the smallest.
    scoring : str or callable, default=None
        What is maximised, a name or a scorer of scikit-learn. None minimises the mean loss of the test rows: the
        squared error, the Huber loss with the threshold of the fold, half the Poisson deviance.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy.
    loss : {"squared", "huber", "poisson"}, default="squared"
        The loss, as in :class:`AdaptiveDropoutRegressor`; it is the error of the cross-validation, too.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=True
        Whether the penalty sees coefficients of standardised columns. Each fold standardises by its own training rows.
    feature_weights : array-like of shape (n_features,), default=None
        Factors of the penalty: 0 leaves a feature unpenalised, inf keeps it out. None: 1 everywhere.
    feature_groups : array-like of shape (n_features,), default=None
        Labels; features with equal labels are in or out together, as in :class:`AdaptiveDropoutRegressor`. None: every
        feature by itself.
    solver : {"auto", "irls"}, default="auto"
        As in :class:`AdaptiveDropoutRegressor`. ``"irls"`` starts afresh at every alpha.
    max_iter : int, default=100
        Largest number of reweightings at one alpha.
    tol : float, default=1e-6
        Target of the certificate, as in :class:`AdaptiveDropoutRegressor`.
    verbose : int, default=0
        1 prints a line per path. With scikit-learn 1.9 or newer progress can also be followed with its callbacks
        (``set_callbacks``): each path is a task, each alpha a task of it.

    Attributes
    ----------
    alpha_ : float
        The alpha chosen; 0 if there is nothing to explain, for instance because y is constant.
    alpha_1se_ : float
        The largest alpha whose mean error is within one standard error of the smallest mean error.
    alphas_ : ndarray of shape (n_alphas,)
        The grid, decreasing.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error on the test rows of each fold, weighted by `sample_weight`; only with ``loss="squared"``.
        Where the square of y is beyond double precision it is inf or 0; the choice is made on errors in other units.
    score_path_ : ndarray of shape (n_alphas, n_folds)
        What `scoring` says of the same, or minus the mean loss; only with `scoring` or another loss than squared.
    fold_weights_ : ndarray of shape (n_folds,)
        Sums of the sample weights of the test rows, by which folds are averaged.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients on all the data, at every alpha.
    path_ : RegularizationPath
        The whole path on all the data.
    coef_ : ndarray of shape (n_features,)
        Coefficients at `alpha_` on all the data; zeros are exact. float32 if X is.
    intercept_ : float
        The intercept, 0 without.
    eta_, keep_prob_ : ndarray of shape (n_features,)
        The masks, as in :class:`AdaptiveDropoutRegressor`.
    n_iter_, objective_, dual_gap_, kkt_residual_, converged_, noise_scale_ : number
        As in :class:`AdaptiveDropoutRegressor`, for the fit on all the data at `alpha_`, which starts from the point of
        its path.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during fit, if X has string column names.

    See Also
    --------
    AdaptiveDropoutRegressor : Needs no cross-validation: ``alpha="auto"``.
    dropout_path : The path by itself.
    CVDisplay : Draws the errors.

    Notes
    -----
    Errors are averaged over folds with the weights of their test rows, :math:`S_f`; their standard error is
    :math:`\sqrt{\sum_f S_f (e_f - \bar e)^2 / (\sum_f S_f\,(F - 1))}` with F folds. Rows of weight 0 count nowhere, but
    a splitter that counts rows, such as the default one, sees them.

    Folds share the data: no fold copies X. Where rows are many, columns few, and no row is tested twice, they
    share their products, too, so that the whole takes little longer than one path.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import AdaptiveDropoutRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaptiveDropoutRegressorCV(one_standard_error=True).fit(X, y)
    >>> int((model.coef_ != 0).sum())
    6
    >>> model.mse_path_.shape
    (100, 5)
    """

    _estimator = AdaptiveDropoutRegressor

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
        loss="squared",
        fit_intercept=True,
        standardize=True,
        feature_weights=None,
        feature_groups=None,
        solver="auto",
        max_iter=100,
        tol=1e-6,
        verbose=0,
    ):
        self.alphas = alphas
        self.eps = eps
        self.cv = cv
        self.n_jobs = n_jobs
        self.one_standard_error = one_standard_error
        self.scoring = scoring
        self.penalty = penalty
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.feature_weights = feature_weights
        self.feature_groups = feature_groups
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = False
        return tags
