"""What the estimators with cross-validation share: the choice of alpha among the points of warm-started paths."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from sklearn.base import is_classifier
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

from ._base import check_one_target, grid_of_alphas, warn_about_points
from ._callbacks import CallbackSupport, PathTasks, with_callbacks
from ._folds import make_folds, mean_and_standard_error, run_paths, share_folds
from .regularization_path import make_path
from .validation import check_alphas, check_eps


class CrossValidated(CallbackSupport):
    """Fits an estimator at the alpha chosen by cross-validation.

    A class derives from this and from the estimator, which it names in `_estimator`; its parameters are `alphas`,
    `eps`, `cv`, `n_jobs`, `one_standard_error`, `scoring` and those of the estimator but alpha and warm_start.
    """

    _estimator: type

    @with_callbacks
    def fit(self, X, y, sample_weight=None, **params):
        """Choose alpha by cross-validation and fit all the data with it.

        Parameters
        ----------
        X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
            Data. float64 and float32, dense in C or Fortran order or sparse in CSC, are used where they lie; of CSR and
            the other sparse formats one copy by columns is made. Nothing is written to X, sparse X never made dense.
        y : array-like of shape (n_samples,)
            Target values, or labels of the classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights, used in the fits, in the errors and in their average over folds.
        **params : dict
            Metadata for the splitter, such as ``groups``, and for the scorer; with metadata routing enabled
            (``sklearn.set_config(enable_metadata_routing=True)``).

        Returns
        -------
        self : estimator
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
        problem = model._problem(X, y, sample_weight, owner=self)
        check_one_target(problem, type(self).__name__, stacklevel=4)
        if not isinstance(self.one_standard_error, bool | np.bool_):
            raise ValueError(f"one_standard_error must be True or False, got {self.one_standard_error!r}")
        if self.n_jobs is not None and not (isinstance(self.n_jobs, Integral) and self.n_jobs != 0):
            raise ValueError(f"n_jobs must be None or an integer other than 0, got {self.n_jobs!r}")
        alphas, eps = check_alphas(self.alphas), check_eps(self.eps, problem)
        folds = make_folds(self._splitter(y), X, y, sample_weight, problem, routed.splitter.split)
        self._check_folds(model, problem, folds)
        problem.shared = share_folds(model, problem, folds, alphas if isinstance(alphas, int) else len(alphas))
        if isinstance(alphas, int):
            alphas = grid_of_alphas(model, problem, alphas, eps)

        names = [f"fold {i + 1} of {len(folds)}" for i in range(len(folds))] + ["all data"]
        tasks = PathTasks(self, names, len(alphas))
        answers = run_paths(model, problem, alphas, eps, folds, self.n_jobs, tasks, names)
        warn_about_points(type(self).__name__, model, answers, stacklevel=4)
        fitted, badness = self._errors(problem, answers[:-1])
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
        fitted["alphas_"], fitted["alpha_1se_"] = alphas, float(alphas[with_fewest])
        fitted["path_"] = make_path(answers[-1], problem, bool(self.fit_intercept))
        self._refit(model, problem, answers[-1], with_fewest if self.one_standard_error else best)
        # Only now: a fit that fails or is interrupted leaves nothing half done.
        for name in ("mse_path_", "score_path_"):
            vars(self).pop(name, None)
        vars(self).update(fitted)
        vars(self).update((name, value) for name, value in vars(model).items() if name not in model.get_params())
        tasks.close()
        return self

    @property
    def coef_path_(self):
        """Coefficients on all the data, of shape (n_features, n_alphas)."""
        return self.path_.coefs_

    def _errors(self, problem, answers) -> tuple[dict, np.ndarray]:
        """Return the attribute with the mean losses on the test rows of the folds, and what is to be minimised."""
        errors, units = (np.column_stack([answer[key] for answer in answers]) for key in ("test_error", "test_unit"))
        with np.errstate(over="ignore", under="ignore"):
            in_units_of_y = errors * units * units
        fitted = {"mse_path_": in_units_of_y} if problem.loss == "squared" else {"score_path_": -in_units_of_y}
        # The choice must not depend on the units of y, in which the errors can overflow or vanish.
        return fitted, errors * (units / units.max()) ** 2

    def _choose(self, badness, weights) -> tuple[int, int]:
        """Return the indices of the best alpha and of the largest within a standard error of it."""
        mean, error = mean_and_standard_error(badness, weights)
        usable = np.isfinite(mean)
        if not usable.any():
            of_what = "the mean loss of the test rows overflows" if self.scoring is None else "scoring is not finite"
            raise ValueError(f"{of_what} at every alpha")
        mean[~usable] = np.inf
        # Scores such as the accuracy have ties, which rounding must not decide: the largest alpha of the best.
        best = int(np.argmax(mean <= mean.min() + 1e-12 * abs(mean.min())))
        return best, int(np.argmax(mean <= mean[best] + error[best]))

    def _refit(self, model, problem, answer, chosen) -> None:
        """Fit all the data at the chosen alpha, from the point of its path; alpha 0 stands for the null model."""
        alpha, coefs = float(answer["alpha"][chosen]), answer["coefs"][:, [chosen]]
        start = np.asfortranarray(coefs.toarray(), dtype=np.float64)
        problem = replace(problem, alpha=alpha if alpha > 0 else np.nan, one_target=True)
        model._solve(problem, start=start, stacklevel=7)

    def _model(self):
        """Return the estimator with the parameters of this object; its alpha is of no consequence."""
        parameters = self.get_params(deep=False)
        names = self._estimator().get_params(deep=False)
        return self._estimator(1.0, **{name: parameters[name] for name in names if name in parameters})

    def _check_folds(self, model, problem, folds) -> None:
        """Refuse folds that the estimator cannot be trained on."""

    def _splitter(self, y=None):
        return check_cv(self.cv, y, classifier=is_classifier(self))

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
        router.add(splitter=self._splitter(), method_mapping=MethodMapping().add(caller="fit", callee="split"))
        if self.scoring is not None:
            router.add(scorer=self._scorer(), method_mapping=MethodMapping().add(caller="fit", callee="score"))
        return router


def _scores(scorer, model, problem, fold, answer, score_params):
    """Score the points of one path on the test rows of its fold; nan without test rows."""
    if len(fold.test) == 0:
        return np.full(len(answer["alpha"]), np.nan)
    X, y = problem.X[fold.test_rows], model._decode(problem.Y[fold.test_rows])
    params = _check_method_params(np.empty((fold.n_samples, 1)), score_params, indices=fold.test)
    model.n_features_in_ = X.shape[1]
    scores = []
    for i in range(len(answer["alpha"])):
        model._set_point(answer["coefs"][:, [i]].toarray(), answer["intercept"][[i]])
        scores.append(scorer(model, X, y, **params))
    return np.array(scores, dtype=np.float64)
