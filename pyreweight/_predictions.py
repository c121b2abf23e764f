"""What a fitted linear classifier predicts."""

import numpy as np
import scipy.sparse as sp
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted

from ._data import check_data


class ClassPredictions:
    """Predictions from `coef_` (1, n_features) for two classes and (n_classes, n_features) for more."""

    coef_: np.ndarray
    intercept_: np.ndarray
    classes_: np.ndarray

    def decision_function(self, X):
        """Return the predictor of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            b + X w. Two classes: positive values stand for ``classes_[1]``; more: the largest in the row counts.
        """
        check_is_fitted(self, "coef_")
        X = check_data(self, X, reset=False)
        z = safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
        return z.ravel() if len(self.classes_) == 2 else z

    def predict(self, X):
        """Return the more probable class of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        z = self.decision_function(X)
        return self.classes_[(z > 0).astype(int) if z.ndim == 1 else z.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        z = self.decision_function(X)
        return np.stack([expit(-z), expit(z)], axis=1) if z.ndim == 1 else softmax(z, axis=1)

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`; finite also where a probability rounds to 0.
        """
        z = self.decision_function(X)
        return np.stack([log_expit(-z), log_expit(z)], axis=1) if z.ndim == 1 else log_softmax(z, axis=1)

    def sparsify(self):
        """Turn `coef_` into a sparse matrix, in place; predictions stay the same.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        check_is_fitted(self, "coef_")
        self.coef_ = sp.csr_matrix(self.coef_)
        return self

    def densify(self):
        """Turn `coef_` back into an array.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        check_is_fitted(self, "coef_")
        self.coef_ = self.coef_.toarray() if sp.issparse(self.coef_) else self.coef_
        return self
