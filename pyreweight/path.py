"""Regularization paths."""

from ._base import check_one_target, fit_path, warn_about_points
from ._labels import groups_of_classes, numbered_labels
from .regressor import AdaptiveDropoutRegressor
from .regularization_path import RegularizationPath, make_path
from .validation import REGRESSION_LOSSES, check_alphas, check_eps, check_loss, check_problem


def dropout_path(
    X,
    y,
    *,
    loss="squared",
    penalty="variational_dropout",
    alphas=100,
    eps=None,
    sample_weight=None,
    fit_intercept=True,
    standardize=True,
    feature_weights=None,
    feature_groups=None,
    max_iter=100,
    tol=1e-6,
    verbose=0,
) -> RegularizationPath:
    r"""Compute the models of :class:`AdaptiveDropoutRegressor` at many strengths of the penalty.

    Each point starts from the one before, from the strongest penalty to the weakest, and has the certificate of a
    single fit. For convex penalties it is the single fit at that alpha; for others it can be another stationary point,
    except with the losses that are not squared, whose points each come from the lasso.

    Parameters
    ----------
    X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
        Data, as :meth:`AdaptiveDropoutRegressor.fit` takes it.
    y : array-like of shape (n_samples,)
        Target values; 0 and 1 for the logistic loss, the class numbers 0, 1, ... for the softmax loss.
    loss : {"squared", "huber", "poisson", "logistic", "softmax"}, default="squared"
        The loss, as in :class:`AdaptiveDropoutRegressor`; ``"logistic"`` and ``"softmax"`` are those of
        :class:`AdaptiveDropoutClassifier` for two classes and for more.
    penalty : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The penalty or dropout strategy, as an object or by its snake_case name with default parameters.
    alphas : int or array-like, default=100
        The strengths, each of which is computed; or how many, on a geometric grid from alpha_max, the smallest alpha
        that keeps every penalised feature out, down to ``eps * alpha_max``. For penalties without a kink at zero, which
        keep no feature out, the grid starts at 1000 times the alpha_max of l1, that of y with standard deviation 1 for
        a square such as `L2`, whose alpha has no units of y.
    eps : float, default=None
        Where a grid ends. None is 1e-3 if the sum of the sample weights is larger than the number of features, else
        1e-2; a thousandth of that for a square.
    sample_weight : array-like of shape (n_samples,), default=None
        Nonnegative weights: 0 is a row removed, k is a row k times. None is 1 everywhere.
    fit_intercept : bool, default=True
        Whether to fit an intercept; without it columns are not centred.
    standardize : bool, default=True
        Whether the penalty sees coefficients of standardised columns.
    feature_weights : array-like of shape (n_features,), default=None
        Factors of the penalty: 0 leaves a feature unpenalised, inf keeps it out. None: 1 everywhere.
    feature_groups : array-like of shape (n_features,) or "across_classes", default=None
        Labels; features with equal labels are in or out together, as in :class:`AdaptiveDropoutRegressor`. None: every
        feature by itself. Softmax loss: as in :class:`AdaptiveDropoutClassifier`, within each class, or with
        ``"across_classes"`` those of a feature for all classes.
    max_iter : int, default=100
        Largest number of reweightings at one alpha.
    tol : float, default=1e-6
        Target of the certificate, as in :class:`AdaptiveDropoutRegressor`.
    verbose : int, default=0
        1 prints a line per alpha.

    Returns
    -------
    RegularizationPath
        The models, in decreasing order of alpha.

    Raises
    ------
    ValueError
        If an argument is out of its range; the message names it.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If the target set by `tol` was not met at some alpha.

    See Also
    --------
    AdaptiveDropoutRegressorCV : Chooses alpha by cross-validation.
    sklearn.linear_model.lasso_path : The path of the lasso.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import dropout_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> path = dropout_path(X, y, penalty="mcp")
    >>> path.coefs_.shape
    (10, 100)
    >>> best = path.select("bic")
    >>> int((path.coefs_[:, best] != 0).sum())
    6
    >>> print(path.predict(X[:3], path.alphas_[best]).round())
    [206.  72. 176.]
    """
    model = AdaptiveDropoutRegressor(
        1.0,
        penalty=penalty,
        fit_intercept=fit_intercept,
        standardize=standardize,
        feature_weights=feature_weights,
        feature_groups=feature_groups,
        max_iter=max_iter,
        tol=tol,
        verbose=verbose,
    )
    encode = numbered_labels if isinstance(loss, str) and loss == "softmax" else None
    problem = check_problem(model, X, y, sample_weight, encode=encode)
    check_one_target(problem, "dropout_path", stacklevel=3)
    problem.loss = check_loss(loss, problem.Y, (*REGRESSION_LOSSES, "logistic", "softmax"))
    if encode:
        across = isinstance(feature_groups, str)
        problem.feature_groups = groups_of_classes(problem.feature_groups, int(problem.Y.max()) + 1, across)
    answer = fit_path(model, problem, check_alphas(alphas), check_eps(eps, problem), progress=_printer(verbose))
    warn_about_points("dropout_path", model, [answer], stacklevel=3)
    return make_path(answer, problem, bool(fit_intercept))


def _printer(verbose):
    """Print a line per alpha, or nothing."""
    if not verbose:
        return None

    def progress(index, alpha, nonzeros, objective, converged):
        print(
            f"point {index + 1}: alpha {alpha:.4g}, nonzero {nonzeros}, objective {objective:.6g}"
            + ("" if converged else ", not converged"),
            flush=True,
        )

    return progress
