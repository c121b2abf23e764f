"""Prints how many threads a fit adds to a process: alone, and in the workers of a grid search; and whether both agree.

Argument: the number of workers.
"""

import json
import os
import sys

import numpy as np
from sklearn.model_selection import GridSearchCV

from pyreweight import AdaptiveDropoutRegressor


class Counting(AdaptiveDropoutRegressor):
    """Records how many threads more there are after the fit."""

    def fit(self, X, y):
        before = len(os.listdir("/proc/self/task"))
        super().fit(X, y)
        self.threads_ = len(os.listdir("/proc/self/task")) - before
        return self


def added_threads(model, X, y):
    return model.threads_


rng = np.random.default_rng(0)
X = rng.standard_normal((1400, 1100))
y = X[:, :20].sum(axis=1) + rng.standard_normal(1400)
grid = {"alpha": [0.02, 0.05]}
# The threads first: a process that has them already adds none.
workers = GridSearchCV(Counting(penalty="l1"), grid, cv=2, n_jobs=int(sys.argv[1]), refit=False, scoring=added_threads)
inside = [workers.fit(X, y).cv_results_[f"split{i}_test_score"].tolist() for i in (0, 1)]
alone = Counting(0.02, penalty="l1").fit(X, y).threads_
searches = [GridSearchCV(AdaptiveDropoutRegressor(penalty="l1"), grid, cv=2, n_jobs=n).fit(X, y) for n in (1, 2)]
same = [s.best_estimator_.coef_.tobytes() + s.cv_results_["mean_test_score"].tobytes() for s in searches]
print(json.dumps({"alone": alone, "inside": [count for fold in inside for count in fold], "same": same[0] == same[1]}))
