"""Cross-validation of the strength of the penalty."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import _check_method_params

from ._base import check_one_target, fit_problem, grid_of_alphas, warn_about_points
from ._callbacks import CallbackSupport, PathTasks, with_callbacks
from ._folds import make_folds, mean_and_standard_error, run_paths
from .path import make_path
from .regressor import AdaptiveDropoutRegressor
from .validation import check_alphas, check_eps, check_problem


class AdaptiveDropoutRegressorCV(CallbackSupport, AdaptiveDropoutRegressor):
    r"""Linear regression with adaptive dropout, the strength of the penalty chosen by cross-validation.

    The objective and the remaining parameters are those of :class:`AdaptiveDropoutRegressor`. One grid of alphas serves
    all folds; each fold computes a path down the grid, and so does all the data. The answer is the point of the latter
    at the best alpha.

    Parameters
    ----------
    alphas : int or array-like, default=100
        The strengths to choose from; or how many, on a geometric grid from alpha_max, the smallest alpha that keeps
        every penalised feature out, down to ``eps * alpha_max``. For penalties without a kink at zero, which keep no
        feature out, the grid starts at 1000 times the alpha_max of l1.
    eps : float, default=None
        Where a grid ends. None is 1e-3 if the sum of the sample weights is larger than the number of features, else
        1e-2.
    cv : int, cross-validation generator or iterable, default=None
        How the rows are split, as for :class:`sklearn.linear_model.LassoCV`; None is 5-fold.
    n_jobs : int, default=None
        Number of paths that are computed at the same time, in threads. None is 1; one path by itself uses the threads
        that OpenMP gives. The answer does not depend on it.
    one_standard_error : bool, default=False
        Whether to take `alpha_1se_` instead of the alpha with the smallest error: fewer features at an error that
        cannot be told from the smallest.
    scoring : str or callable, default=None
        What is maximised, a name or a scorer of scikit-learn. None minimises the mean squared error.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=True
        Whether the penalty sees coefficients of standardised columns. Each fold standardises by its own training rows.
    feature_weights : array-like of shape (n_features,), default=None
        Factors of the penalty: 0 leaves a feature unpenalised, inf keeps it out. None: 1 everywhere.
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
        Mean squared error on the test rows of each fold, weighted by `sample_weight`. Where the square of y is beyond
        double precision it is inf or 0; the choice is made on errors in other units.
    score_path_ : ndarray of shape (n_alphas, n_folds)
        What `scoring` says of the same; only with `scoring`.
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

    Folds share the data: no fold copies X.

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
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.feature_weights = feature_weights
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    @with_callbacks
    def fit(self, X, y, sample_weight=None, **params):
        """Choose alpha by cross-validation and fit all the data with it.

        Parameters
        ----------
        X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
            Data, as :meth:`AdaptiveDropoutRegressor.fit` takes it.
        y : array-like of shape (n_samples,)
            Target values.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights, used in the fits, in the errors and in their average over folds.
        **params : dict
            Metadata for the splitter, such as ``groups``, and for the scorer; with metadata routing enabled
            (``sklearn.set_config(enable_metadata_routing=True)``).

        Returns
        -------
        self : AdaptiveDropoutRegressorCV
            The fitted estimator.

        Raises
        ------
        ValueError
            If an argument or a parameter is out of its range; the message names it.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If the target set by `tol` was not met at some point of some path.
        """
        routed = self._route(sample_weight, params)
        model = self._model()
        problem = check_problem(model, X, y, sample_weight, owner=self)
        check_one_target(problem, type(self).__name__, stacklevel=4)
        if not isinstance(self.one_standard_error, bool | np.bool_):
            raise ValueError(f"one_standard_error must be True or False, got {self.one_standard_error!r}")
        if self.n_jobs is not None and not (isinstance(self.n_jobs, Integral) and self.n_jobs != 0):
            raise ValueError(f"n_jobs must be None or an integer other than 0, got {self.n_jobs!r}")
        alphas, eps = check_alphas(self.alphas), check_eps(self.eps, problem)
        folds = make_folds(self.cv, X, y, sample_weight, routed.splitter.split)
        if isinstance(alphas, int):
            alphas = grid_of_alphas(model, problem, alphas, eps)

        names = [f"fold {i + 1} of {len(folds)}" for i in range(len(folds))] + ["all data"]
        tasks = PathTasks(self, names, len(alphas))
        answers = run_paths(model, problem, alphas, eps, folds, self.n_jobs, tasks, names)
        warn_about_points(type(self).__name__, model, answers, stacklevel=4)
        errors, units = (
            np.column_stack([answer[key] for answer in answers[:-1]]) for key in ("test_error", "test_unit")
        )
        with np.errstate(over="ignore", under="ignore"):
            fitted = {"mse_path_": errors * units * units}
        # The choice must not depend on the units of y, in which the errors can overflow or vanish.
        badness = errors * (units / units.max()) ** 2
        if self.scoring is not None:
            scorer, score_params = self._scorer(), routed.scorer.score
            scores = [
                _scores(scorer, model, problem, fold, answer, score_params)
                for fold, answer in zip(folds, answers, strict=False)
            ]
            fitted["score_path_"] = np.column_stack(scores)
            badness = -fitted["score_path_"]
        fitted["fold_weights_"] = np.array([fold.test_weight.sum() for fold in folds])
        best, with_fewest = self._choose(badness, fitted["fold_weights_"])
        chosen = with_fewest if self.one_standard_error else best
        self._refit(problem, alphas[chosen], answers[-1]["coefs"][:, [chosen]])
        # Only now: a fit that fails or is interrupted leaves nothing half done.
        self.alphas_, self.alpha_1se_ = alphas, float(alphas[with_fewest])
        self.path_ = make_path(answers[-1], problem, bool(self.fit_intercept))
        for name, value in fitted.items():
            setattr(self, name, value)
        tasks.close()
        return self

    @property
    def coef_path_(self):
        """Coefficients on all the data, of shape (n_features, n_alphas)."""
        return self.path_.coefs_

    def _choose(self, badness, weights) -> tuple[int, int]:
        """Return the indices of the best alpha and of the largest within a standard error of it."""
        mean, error = mean_and_standard_error(badness, weights)
        usable = np.isfinite(mean)
        if not usable.any():
            of_what = "the mean squared error overflows" if self.scoring is None else "scoring is not finite"
            raise ValueError(f"{of_what} at every alpha")
        mean[~usable] = np.inf
        best = int(np.argmin(mean))
        return best, int(np.argmax(mean <= mean[best] + error[best]))

    def _refit(self, problem, alpha, coefs) -> None:
        """Fit all the data at the chosen alpha, from the point of its path; alpha 0 stands for the null model."""
        start = np.asfortranarray(coefs.toarray(), dtype=np.float64)
        problem = replace(problem, alpha=float(alpha) if alpha > 0 else np.nan, one_target=True)
        fit_problem(self, problem, start=start, stacklevel=6)

    def _model(self) -> AdaptiveDropoutRegressor:
        """Return the regressor with the parameters of this object; its alpha is of no consequence."""
        parameters = self.get_params(deep=False)
        names = AdaptiveDropoutRegressor().get_params(deep=False)
        return AdaptiveDropoutRegressor(1.0, **{name: parameters[name] for name in names if name in parameters})

    def _scorer(self):
        return check_scoring(self, scoring=self.scoring)

    def _route(self, sample_weight, params):
        """Return who gets which metadata."""
        _raise_for_params(params, self, "fit")
        if _routing_enabled():
            return process_routing(self, "fit", sample_weight=sample_weight, **params)
        score = {} if sample_weight is None else {"sample_weight": sample_weight}
        return Bunch(splitter=Bunch(split={}), scorer=Bunch(score=score))

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        MetadataRouter
            What ``fit`` hands to the splitter and the scorer.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(splitter=check_cv(self.cv), method_mapping=MethodMapping().add(caller="fit", callee="split"))
        if self.scoring is not None:
            router.add(scorer=self._scorer(), method_mapping=MethodMapping().add(caller="fit", callee="score"))
        return router

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = False
        return tags


def _scores(scorer, model, problem, fold, answer, score_params):
    """Score the points of one path on the test rows of its fold; nan without test rows."""
    if len(fold.test) == 0:
        return np.full(len(answer["alpha"]), np.nan)
    X, y = problem.X[fold.test_rows], problem.Y[fold.test_rows, 0]
    params = _check_method_params(np.empty((fold.n_samples, 1)), score_params, indices=fold.test)
    model.n_features_in_ = X.shape[1]
    scores = []
    for i, intercept in enumerate(answer["intercept"]):
        model.coef_, model.intercept_ = answer["coefs"][:, [i]].toarray()[:, 0], intercept
        scores.append(scorer(model, X, y, **params))
    return np.array(scores, dtype=np.float64)
