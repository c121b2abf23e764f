"""One workload of the benchmark: data, loss, penalty and alphas, as the solvers get them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from . import datasets
from .objective import Objective, alpha_max


@dataclass(frozen=True)
class Workload:
    """A data set with a loss, a penalty, and one alpha (``alpha_max / ratio``) or a path of 100 (``ratio=None``)."""

    data: str
    penalty: str = "l1"
    loss: str = "squared"
    ratio: float | None = None

    @property
    def loss_prefix(self):
        """What names begin with for a loss other than the squared one."""
        return "" if self.loss == "squared" else f"{self.loss} "

    @property
    def name(self):
        """What the tables call it."""
        where = "path" if self.ratio is None else f"/{self.ratio:g}"
        return f"{self.data} {self.loss_prefix}{self.penalty} {where}"

    def load(self, folder, n_alphas=100):
        """Return the problem; ``datasets.Unavailable`` if its file is not in ``folder``."""
        X, y = prepare(*datasets.load(self.data, folder), self.loss)
        top = alpha_max(X, y, self.loss)
        if self.ratio is not None:
            alphas = np.array([top / self.ratio])
        else:
            alphas = top * np.geomspace(1, 1e-3 if X.shape[0] > X.shape[1] else 1e-2, n_alphas)
        if self.loss == "softmax":
            from .softmax import SoftmaxProblem

            return SoftmaxProblem(X, y, alphas, self.loss, self.penalty)
        return Problem(X, y, alphas, self.loss, self.penalty)


def prepare(X, y, loss="squared"):
    """X and y on which nobody pays for an intercept or for a copy.

    Dense columns are centred, of variance one and in Fortran order; constant ones go. Sparse columns are scaled to
    mean square one and stay sparse (CSC). y is centred for the squared loss.
    """
    if sparse.issparse(X):
        X = sparse.csc_array(X)
        squares = X.multiply(X).sum(axis=0)
        X = sparse.csc_array(X[:, squares > 0] @ sparse.diags_array(np.sqrt(X.shape[0] / squares[squares > 0])))
        X.sort_indices()
        # Most packages compared take 32-bit indices only.
        X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    else:
        X = np.asfortranarray(StandardScaler().fit_transform(X[:, np.ptp(X, axis=0) > 0]))
    return X, y - y.mean() if loss == "squared" else y


@dataclass(frozen=True)
class Problem(Objective):
    """An objective and what solvers want to know besides."""

    threads: int = 1

    @property
    def shape(self):
        """Rows and columns of X."""
        return self.X.shape

    @property
    def coefficients(self):
        """Number of coefficients at one alpha."""
        return self.X.shape[1]

    @property
    def sparse(self):
        """Whether X is sparse."""
        return sparse.issparse(self.X)

    @property
    def path(self):
        """Whether there is more than one alpha."""
        return len(self.alphas) > 1

    @cached_property
    def rows(self):
        """X in the layout of solvers that go through the rows: C order or CSR. Made before the clock starts."""
        return sparse.csr_array(self.X) if self.sparse else np.ascontiguousarray(self.X)

    @cached_property
    def labels(self):
        """The labels as 0 and 1."""
        return (self.y > 0).astype(float)
