"""More than two classes: the l1 problem of the softmax loss, judged as in ``objective``.

    F(W) = (1/n) sum_i (log sum_k exp(x_i'w_k) - x_i'w_{y_i}) + alpha sum |w_jk|

y holds the numbers of the classes. The coefficients of a solution, class by class, are one column of K p entries.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax, xlogy

from .objective import one_hot
from .problem import Problem


@dataclass(frozen=True)
class SoftmaxProblem(Problem):
    """An objective of the softmax loss and what solvers want to know besides."""

    @property
    def classes(self):
        """Number of classes K."""
        return int(self.y.max()) + 1

    @property
    def coefficients(self):
        """Number of coefficients."""
        return self.classes * self.X.shape[1]

    @property
    def labels(self):
        """The numbers of the classes."""
        return self.y

    def loss_and_pull(self, coef):
        """Loss at the coefficients (K p,), and the indicators less the probabilities, (n, K)."""
        z = self.X @ coef.reshape(self.classes, -1).T
        indicators = one_hot(self.y)
        loss = logsumexp(z, axis=1) - (indicators * z).sum(axis=1)
        return loss.mean(), indicators - softmax(z, axis=1)

    def values(self, coefs):
        """F at each column of ``coefs``, shape (k,)."""
        losses = np.array([self.loss_and_pull(coef)[0] for coef in coefs.T])
        return losses + self.alphas * np.abs(coefs).sum(axis=0)

    def gaps(self, coefs):
        """Bounds on ``F(W) - min F``, shape (k,).

        The dual is the mean entropy of what lies between the indicators and the probabilities, as near to these as the
        correlations allow.
        """
        dual, n, indicators = [], len(self.y), one_hot(self.y)
        for coef, alpha in zip(coefs.T, self.alphas, strict=True):
            pull = self.loss_and_pull(coef)[1]
            correlation = np.abs(self.X.T @ pull).max()
            q = indicators - min(1.0, n * alpha / correlation if correlation > 0 else 1.0) * pull
            dual.append(-xlogy(q, q).sum() / n)
        return self.values(coefs) - np.array(dual)
