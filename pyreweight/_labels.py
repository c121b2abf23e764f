"""Labels of classes as the core takes them."""

from numbers import Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

_LARGEST = 2.0**53  # beyond, scikit-learn takes floating-point labels for numbers


def encode_labels(y, sample_weight, class_weight) -> tuple[np.ndarray, NDArray[np.float64], NDArray[np.float64]]:
    """Return the classes, the labels as their numbers, and the weights of the rows times those of their classes."""
    classes, codes = _two_numbers(y) or _any_labels(y)
    if len(classes) == 1:
        raise ValueError(
            "y must have two classes or more among the rows that count; they all have the one class "
            f"{classes.tolist()[0]!r}"
        )
    factors = _class_factors(class_weight, classes, codes, sample_weight)
    return classes, codes.astype(np.float64), sample_weight * factors[codes]


def _any_labels(y):
    """Return the classes in their order, and the labels as their numbers."""
    check_classification_targets(y)
    return np.unique(y, return_inverse=True)


def _two_numbers(y):
    """Do the same without sorting, where the labels are two integers; None elsewhere."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf" or y.size == 0:
        return None
    classes = np.array([y.min(), y.max()])
    if classes[0] == classes[1] or not (abs(classes) < _LARGEST).all() or (classes != np.trunc(classes)).any():
        return None
    codes = y == classes[1]
    return (classes, codes.astype(np.intp)) if (codes | (y == classes[0])).all() else None


def numbered_labels(y, sample_weight) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return labels that are the numbers of their classes, and the weights of the rows."""
    classes = np.unique(y)
    if len(classes) == 1 or not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError("y must consist of the class numbers 0, 1, ..., and have all of them, for loss='softmax'")
    return np.asarray(y, dtype=np.float64), sample_weight


def groups_of_classes(of_features, n_classes, across):
    """Return the groups of all coefficients, class by class, from those of the features, (0,) for none.

    `across`: those of a feature for all classes are one group.
    """
    if across or of_features.size == 0:
        return np.tile(of_features, n_classes)
    return np.concatenate([of_features + k * (of_features.max() + 1) for k in range(n_classes)])


def _class_factors(class_weight, classes, codes, sample_weight) -> NDArray[np.float64]:
    """Return the factor of each class."""
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str) and class_weight == "balanced":
        totals = np.bincount(codes, weights=sample_weight)
        return totals.sum() / (len(totals) * totals)
    if not isinstance(class_weight, dict):
        raise ValueError(f"class_weight must be None, 'balanced' or a dict, got {class_weight!r}")
    factors = np.ones(len(classes))
    for label, factor in class_weight.items():
        place = np.flatnonzero(classes == label)
        if len(place) == 0:
            raise ValueError(f"class_weight names the class {label!r}, but y has {classes.tolist()}")
        if not isinstance(factor, Real) or not 0 < float(factor) < np.inf:
            raise ValueError(f"class_weight must be positive and finite, got {factor!r} for the class {label!r}")
        factors[place] = factor
    return factors
