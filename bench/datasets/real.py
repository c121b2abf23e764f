"""Real data sets: those of scikit-learn, and files the user has in a folder (``--data``)."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.preprocessing import PolynomialFeatures

from ._registry import Unavailable, dataset


def content(folder, file):
    """Arrays of an .npz file."""
    path = folder / file
    if not path.is_file():
        raise Unavailable(f"no {file} in {folder}")
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def stored(folder, file, data="X", target="y"):
    """Return the data and one target of an .npz file."""
    arrays = content(folder, file)
    return arrays[data], arrays[target]


def stored_sparse(folder, file, prefix="X", target="y"):
    """CSR parts ``X_data``, ``X_indices``, ``X_indptr``, ``X_shape`` and labels of an .npz file."""
    arrays = content(folder, file)
    data, indices, indptr, shape = (arrays[f"{prefix}_{part}"] for part in ("data", "indices", "indptr", "shape"))
    return sparse.csr_array((data.astype(float), indices, indptr), shape=shape), signs(arrays[target])


def signs(labels):
    """Two labels as -1 and 1, the larger one positive."""
    return np.where(labels == np.unique(labels)[1], 1.0, -1.0)


@dataset("diabetes")
def diabetes(folder):
    return load_diabetes(return_X_y=True)


@dataset("diabetes-interactions")
def diabetes_interactions(folder):
    X, y = load_diabetes(return_X_y=True)
    return PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(X), y


@dataset("breast-cancer")
def breast_cancer(folder):
    X, y = load_breast_cancer(return_X_y=True)
    return X, signs(y)


@dataset("digits")
def digits(folder):
    return load_digits(return_X_y=True)


@dataset("mnist")
def mnist(folder):
    return stored(folder, "mnist.npz", data="X_train", target="y_train")


@dataset("prostate")
def prostate(folder):
    return stored(folder, "prostate.npz")


@dataset("riboflavin")
def riboflavin(folder):
    return stored(folder, "riboflavin.npz")


@dataset("wine-red")
def wine_red(folder):
    return stored(folder, "wine_red.npz")


@dataset("wine-white")
def wine_white(folder):
    return stored(folder, "wine_white.npz")


@dataset("mice-snp")
def mice_snp(folder):
    return stored(folder, "mice_snp.npz", target="y_bmi")


@dataset("leukemia")
def leukemia(folder):
    X, y = stored(folder, "leukemia_golub.npz")
    return np.log10(np.clip(X, 100, 16_000)), signs(y)


@dataset("colon")
def colon(folder):
    X, y = stored(folder, "colon_alon.npz")
    return np.log10(X), signs(y)


@dataset("spambase")
def spambase(folder):
    X, y = stored(folder, "spambase.npz")
    return X, signs(y)


@dataset("madelon")
def madelon(folder):
    arrays = content(folder, "madelon.npz")
    return np.vstack([arrays["X_train"], arrays["X_valid"]]), signs(np.r_[arrays["y_train"], arrays["y_valid"]])


@dataset("saheart")
def saheart(folder):
    path = folder / "saheart.csv.gz"
    if not path.is_file():
        raise Unavailable(f"no {path.name} in {folder}")
    table = pd.read_csv(path)
    return table.drop(columns="chd").replace({"Present": 1, "Absent": 0}).astype(float), signs(table["chd"])


@dataset("movie-reviews")
def movie_reviews(folder):
    return stored_sparse(folder, "movie_review_bow.npz")


@dataset("a9a")
def a9a(folder):
    return stored_sparse(folder, "a9a.npz", prefix="X_train", target="y_train")


@dataset("w8a")
def w8a(folder):
    return stored_sparse(folder, "w8a.npz", prefix="X_train", target="y_train")
