"""Tables as the command line takes them: what to predict, from which columns, by regression or classification."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures

N_FOLDS = 5
# The peers split each training part into five folds again, and R2 needs two rows in a test fold.
MIN_ROWS = 2 * N_FOLDS
# Whole numbers of at most so many different values are taken for classes.
MAX_CODES = 10


@dataclass(frozen=True)
class Data:
    """A problem as the user has it, and the step that turns its columns into numbers."""

    title: str
    X: Any
    y: np.ndarray
    columns: list[str]
    encoder: Any
    classes: bool = False  # whether y has labels of classes


def load_demo() -> Data:
    """Diabetes with its two-way interactions: 442 rows, 10 columns, 55 features."""
    bunch = load_diabetes()
    encoder = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    return Data("diabetes with two-way interactions", bunch.data, bunch.target, list(bunch.feature_names), encoder)


def load_csv(path: Path, target: str, sep: str, drop: Sequence[str], task: str = "auto") -> Data:
    """Read a problem from a CSV file; text columns are one-hot encoded.

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
    task : {"auto", "regression", "classification"}, default="auto"
        What to do; ``"auto"`` classifies if the target is text or boolean, or has whole numbers of at most 10 different
        values.

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
    numeric = pd.api.types.is_numeric_dtype(y) and not pd.api.types.is_bool_dtype(y)
    if task == "regression" and not numeric:
        example = repr(y.iloc[0]) if len(y) else "no rows"
        raise ValueError(f"the target {target!r} is not numeric (first value: {example}), so there is no regression")
    if len(y) < MIN_ROWS:
        raise ValueError(f"{path} has {len(y)} rows; {N_FOLDS}-fold cross-validation needs at least {MIN_ROWS}")
    if y.nunique() == 1:
        raise ValueError(f"the target {target!r} is constant: there is nothing to predict")
    few_codes = numeric and y.nunique() <= MAX_CODES and bool((y == y.round()).all())
    classes = task == "classification" or (task == "auto" and (not numeric or few_codes))
    if classes:
        check_classes(y, target)
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
    text_target = classes and not pd.api.types.is_numeric_dtype(y)
    labels = y.astype(str).to_numpy() if text_target else y.to_numpy(dtype=None if classes else float)
    return Data(str(path), X, labels, list(X.columns), encoder, classes)


def check_classes(y, target: str) -> None:
    """Refuse labels of which cross-validation has too few."""
    counts = y.value_counts()
    if len(counts) > len(y) / 2:
        raise ValueError(
            f"the target {target!r} has {len(counts)} different values in {len(y)} rows: too many for classes"
        )
    if counts.min() < MIN_ROWS:
        raise ValueError(
            f"{target!r} has only {counts.min()} rows of the class {counts.idxmin()!r}, and cross-validation "
            f"needs {MIN_ROWS}: leave them out or join classes"
        )
