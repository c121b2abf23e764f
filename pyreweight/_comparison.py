"""Adaptive dropout beside scikit-learn's l1 models with cross-validated strength, printed as a table."""

import sys
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from ._table import N_FOLDS, Data

# Names as the table shows them, scikit-learn's scorers and their signs.
SCORES = {
    False: {"R2": ("r2", 1)},
    True: {"accuracy": ("accuracy", 1), "log-loss": ("neg_log_loss", -1)},
}


def peer(data: Data):
    """Return scikit-learn's l1 model with its strength chosen by cross-validation."""
    if not data.classes:
        return LassoCV()
    is_new = parse_version(sklearn.__version__) >= parse_version("1.8")
    options = {"l1_ratios": (1,), "use_legacy_attributes": False} if is_new else {"penalty": "l1"}
    solver = "liblinear" if len(np.unique(data.y)) == 2 else "saga"
    return LogisticRegressionCV(solver=solver, scoring="neg_log_loss", random_state=0, **options)


def cross_validate_fold(pipeline: Pipeline, data: Data, split: tuple[np.ndarray, np.ndarray]) -> tuple:
    """Scores, number of features, seconds of one fit, and whether the fit warned that it did not converge."""
    scorers = [scorer for scorer, _ in SCORES[data.classes].values()]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        fold = cross_validate(
            pipeline, data.X, data.y, cv=[split], scoring=scorers, return_estimator=True, error_score="raise"
        )
    unconverged = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    for other in caught:
        if other not in unconverged:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    scores = [sign * fold[f"test_{scorer}"][0] for scorer, sign in SCORES[data.classes].values()]
    kept = np.count_nonzero(np.any(np.atleast_2d(fold["estimator"][0][-1].coef_) != 0, axis=0))
    return *scores, kept, fold["fit_time"][0], bool(unconverged)


def compare(data: Data, model) -> None:
    """Print scores, number of features and seconds per fit of `model` and of its peer, means over the folds."""
    rival = peer(data)
    models = {
        type(model).__name__: make_pipeline(data.encoder, model),
        type(rival).__name__: make_pipeline(data.encoder, StandardScaler(), rival),
    }
    rows: dict[str, list[tuple]] = {name: [] for name in models}
    folds = (StratifiedKFold if data.classes else KFold)(N_FOLDS, shuffle=True, random_state=0)
    for k, split in enumerate(folds.split(data.X, data.y), start=1):
        print(f"fold {k} of {N_FOLDS}", file=sys.stderr, flush=True)
        for name, pipeline in models.items():
            rows[name].append(cross_validate_fold(pipeline, data, split))

    classes = f", {len(np.unique(data.y))} classes" if data.classes else ""
    print(f"{data.title}: {len(data.y)} rows{classes}, {N_FOLDS}-fold cross-validation, means over the folds\n")
    print(f"{'':28}" + "".join(f"{name:>10}" for name in [*SCORES[data.classes], "features", "seconds"]))
    for name, values in rows.items():
        *scores, kept, seconds, unconverged = np.mean(values, axis=0)
        note = f"  (not converged in {unconverged * N_FOLDS:.0f} of {N_FOLDS} fits)" if unconverged else ""
        print(f"{name:28}" + "".join(f"{score:10.3f}" for score in scores) + f"{kept:10.1f}{seconds:10.4f}{note}")


def describe(data: Data, fitted: Pipeline) -> None:
    """Print the coefficients that a fitted pipeline keeps, the most certain first."""
    model = fitted[-1]
    names = fitted[:-1].get_feature_names_out(data.columns)
    coef, keep_prob = np.atleast_2d(model.coef_), np.atleast_2d(model.keep_prob_)
    kept = np.argwhere(coef)
    kept = kept[np.argsort(-keep_prob[tuple(kept.T)], kind="stable")]
    n_features = len(np.unique(kept[:, 1]))
    print(f"\nFit on all {len(data.y)} rows: {n_features} of {len(names)} features kept, alpha = {model.alpha_:.4g}")
    if data.classes and len(coef) == 1:
        print(f"Positive coefficients speak for {model.classes_[1]}, negative ones for {model.classes_[0]}.")
    labels = [f"{names[j]} ({model.classes_[k]})" if len(coef) > 1 else names[j] for k, j in kept]
    if labels:
        width = max(len("feature"), *map(len, labels))
        print(f"\n{'feature':{width}}{'coefficient':>14}{'keep probability':>18}")
        for label, place in zip(labels, map(tuple, kept), strict=True):
            print(f"{label:{width}}{coef[place]:14.5g}{keep_prob[place]:18.3f}")
