"""The command line: adaptive dropout beside LassoCV, on scikit-learn's diabetes data or on a CSV file.

``python -m pyreweight --help`` lists the options.
"""

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from . import AdaptiveDropoutRegressor

N_FOLDS = 5
# LassoCV splits each training part into five folds again, and R2 needs two rows in a test fold.
MIN_ROWS = 2 * N_FOLDS


@dataclass(frozen=True)
class Data:
    """A regression problem as the user has it, and the step that turns its columns into numbers."""

    title: str
    X: Any
    y: np.ndarray
    columns: list[str]
    encoder: Any


def load_demo() -> Data:
    """Diabetes with its two-way interactions: 442 rows, 10 columns, 55 features."""
    bunch = load_diabetes()
    encoder = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    return Data("diabetes with two-way interactions", bunch.data, bunch.target, list(bunch.feature_names), encoder)


def load_csv(path: Path, target: str, sep: str, drop: Sequence[str]) -> Data:
    """Read a regression problem from a CSV file; text columns are one-hot encoded.

    Parameters
    ----------
    path : Path
        The file; compressed files are recognised by their ending.
    target : str
        Name of the column to predict.
    sep : str
        What stands between two columns.
    drop : sequence of str
        Names of columns to leave out.

    Returns
    -------
    Data
        The columns other than ``target`` as a data frame.

    Raises
    ------
    ValueError
        If the file cannot be used; the message names the columns concerned.
    OSError
        If the file cannot be read.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ValueError("reading a CSV file needs pandas: pip install pandas") from None

    try:
        table = pd.read_csv(path, sep=sep)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as a CSV file in UTF-8: {str(error).strip()}") from None
    table.columns = table.columns.astype(str)
    for name in (target, *drop):
        if name not in table.columns:
            raise ValueError(f"{path} has no column {name!r}; its columns are: {', '.join(table.columns)}")
    if target in drop:
        raise ValueError(f"the target {target!r} cannot be dropped")
    table = table.drop(columns=list(drop))

    missing = table.isna().sum()
    if missing.any():
        counts = ", ".join(f"{name} ({count})" for name, count in missing[missing > 0].items())
        raise ValueError(
            f"missing values in these columns (number of rows): {counts}; fill them in, or leave columns "
            "out with --drop"
        )
    y, X = table[target], table.drop(columns=target)
    if pd.api.types.is_bool_dtype(y) or not pd.api.types.is_numeric_dtype(y):
        example = repr(y.iloc[0]) if len(y) else "no rows"
        raise ValueError(f"the target {target!r} is not numeric (first value: {example}); only regression is offered")
    if len(y) < MIN_ROWS:
        raise ValueError(f"{path} has {len(y)} rows; {N_FOLDS}-fold cross-validation needs at least {MIN_ROWS}")
    if y.nunique() == 1:
        raise ValueError(f"the target {target!r} is constant: there is nothing to predict")
    if X.shape[1] == 0:
        raise ValueError(f"{path} has no column besides the target {target!r}")

    text = list(X.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes]])
    for name in text:
        if (levels := X[name].nunique()) > len(X) / 2:
            raise ValueError(
                f"text column {name!r} has {levels} different values in {len(X)} rows and looks like an "
                f"identifier; leave it out with --drop {name!r}"
            )
    names = [*X.columns, *(f"{name}_{level}" for name in text for level in X[name].unique())]
    encoder = make_column_transformer(
        ("passthrough", [name for name in X.columns if name not in text]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), text),
        verbose_feature_names_out=len(set(names)) < len(names),
    )
    return Data(str(path), X, y.to_numpy(dtype=float), list(X.columns), encoder)


def cross_validate_fold(pipeline: Pipeline, data: Data, split: tuple[np.ndarray, np.ndarray]) -> tuple:
    """R2, number of features, seconds of one fit, and whether the fit warned that it did not converge."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        fold = cross_validate(pipeline, data.X, data.y, cv=[split], return_estimator=True, error_score="raise")
    unconverged = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    for other in caught:
        if other not in unconverged:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    kept = np.count_nonzero(fold["estimator"][0][-1].coef_)
    return fold["test_score"][0], kept, fold["fit_time"][0], bool(unconverged)


def compare(data: Data, model: AdaptiveDropoutRegressor) -> None:
    """Print R2, number of features and seconds per fit of ``model`` and of LassoCV, means over the folds."""
    models = {
        type(model).__name__: make_pipeline(data.encoder, model),
        "LassoCV": make_pipeline(data.encoder, StandardScaler(), LassoCV()),
    }
    rows: dict[str, list[tuple]] = {name: [] for name in models}
    folds = KFold(N_FOLDS, shuffle=True, random_state=0)
    for k, split in enumerate(folds.split(data.X), start=1):
        print(f"fold {k} of {N_FOLDS}", file=sys.stderr, flush=True)
        for name, pipeline in models.items():
            rows[name].append(cross_validate_fold(pipeline, data, split))

    print(f"{data.title}: {len(data.y)} rows, {N_FOLDS}-fold cross-validation, means over the folds\n")
    print(f"{'':26}{'R2':>8}{'features':>10}{'seconds':>10}")
    for name, values in rows.items():
        r2, kept, seconds, unconverged = np.mean(values, axis=0)
        note = f"  (not converged in {unconverged * N_FOLDS:.0f} of {N_FOLDS} fits)" if unconverged else ""
        print(f"{name:26}{r2:8.3f}{kept:10.1f}{seconds:10.4f}{note}")


def describe(data: Data, fitted: Pipeline) -> None:
    """Print the features a fitted pipeline keeps, the most certain first."""
    model = fitted[-1]
    names = fitted[:-1].get_feature_names_out(data.columns)
    kept = np.flatnonzero(model.coef_)
    kept = kept[np.argsort(-model.keep_prob_[kept], kind="stable")]
    print(f"\nFit on all {len(data.y)} rows: {len(kept)} of {len(names)} features kept, alpha = {model.alpha_:.4g}")
    if len(kept):
        width = max(len("feature"), *(len(names[j]) for j in kept))
        print(f"\n{'feature':{width}}{'coefficient':>14}{'keep probability':>18}")
        for j in kept:
            print(f"{names[j]:{width}}{model.coef_[j]:14.5g}{model.keep_prob_[j]:18.3f}")


def alpha(text: str) -> float | str:
    """Turn the text given for ``--alpha`` into ``"auto"`` or a number."""
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'auto'") from None


def separator(text: str) -> str:
    """Turn the text given for ``--sep`` into one character; ``tab`` stands for the tabulator."""
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a single character")
    return text


def build_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="python -m pyreweight",
        description="Compares AdaptiveDropoutRegressor with scikit-learn's LassoCV by 5-fold cross-validation, then "
        "lists the features it keeps on all rows. Without arguments it uses scikit-learn's diabetes data with all "
        "two-way interactions.",
        epilog="Text columns are one-hot encoded; missing values are refused. Both methods standardise the features.",
    )
    parser.add_argument("data", nargs="?", type=Path, metavar="DATA.csv", help="a CSV file with a header line")
    parser.add_argument("--target", metavar="COLUMN", help="the column of DATA.csv to predict (numeric)")
    parser.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of DATA.csv to leave out; may be repeated",
    )
    parser.add_argument(
        "--sep", type=separator, default=",", metavar="CHAR", help="separator of DATA.csv, or 'tab' (default: a comma)"
    )
    parser.add_argument(
        "--penalty",
        default="variational_dropout",
        metavar="NAME",
        help="penalty or dropout strategy (default: %(default)s); a wrong name lists the known ones",
    )
    parser.add_argument(
        "--alpha",
        type=alpha,
        default="auto",
        metavar="NUMBER",
        help="penalty strength, or 'auto' to set it from the noise level (default: %(default)s)",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="MODEL.joblib",
        help="save the pipeline fitted on all rows; joblib.load(...).predict takes a data frame with "
        "the columns of DATA.csv (without a file: the ten diabetes columns)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Raises
    ------
    SystemExit
        With code 2 and a message on standard error if an argument or the data cannot be used.
    """
    parser = build_parser()
    args = parser.parse_args(argv)
    if (args.data is None) != (args.target is None):
        parser.error("DATA.csv and --target COLUMN go together")
    if args.data is None and args.drop:
        parser.error("--drop needs DATA.csv")
    if args.save is not None and not args.save.resolve().parent.is_dir():
        parser.error(f"--save: no such directory: {args.save.resolve().parent}")
    if args.save is not None and args.save.is_dir():
        parser.error(f"--save: {args.save} is a directory; name a file")
    try:
        data = load_demo() if args.data is None else load_csv(args.data, args.target, args.sep, args.drop)
        model = AdaptiveDropoutRegressor(alpha=args.alpha, penalty=args.penalty)
        compare(data, model)
        fitted = make_pipeline(data.encoder, model).fit(data.X, data.y)
        describe(data, fitted)
        if args.save is not None:
            joblib.dump(fitted, args.save)
            print(f"\nsaved to {args.save}")
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
