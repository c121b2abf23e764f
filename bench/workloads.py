"""The workloads of a full and of a quick run."""

from .problem import Workload

NONCONVEX = ["mcp", "scad", "log_sum", "lp"]


def _l1(data, *ratios, loss="squared"):
    return [Workload(data, loss=loss, ratio=ratio) for ratio in ratios]


FULL = [
    *(
        w
        for name in ["diabetes-interactions", "riboflavin", "leukemia", "few-rows", "ill-conditioned", "correlated"]
        for w in _l1(name, 10, 100, None)
    ),
    *_l1("wide", 10, 100, None),
    *_l1("tall", 10, 100, None),
    *_l1("mice-snp", 10, 100),
    *_l1("movie-reviews", 10, 100, None),
    *_l1("a9a", 10, 100, None),
    *_l1("text-like", 10, 100, None),
    *(w for name in ["leukemia", "colon", "spambase"] for w in _l1(name, 10, 100, None, loss="logistic")),
    *(w for name in ["a9a", "w8a", "movie-reviews"] for w in _l1(name, 10, 100, None, loss="logistic")),
    *(w for name in ["tall-labels", "wide-labels", "text-like-labels"] for w in _l1(name, 10, 100, loss="logistic")),
    *(w for name in ["digits", "mnist"] for w in _l1(name, 10, 100, loss="softmax")),
    *(
        Workload(data, penalty, ratio=r)
        for penalty in NONCONVEX
        for data in ["nonconvex", "riboflavin"]
        for r in (5, None)
    ),
    *(Workload(data, penalty, ratio=10) for penalty in NONCONVEX for data in ["wide", "tall", "movie-reviews"]),
]

# In the order of importance: what does not fit into the time is left out.
QUICK = [
    *_l1("correlated-small", 10, 100, None),
    *_l1("tall-small", 10, 100, None),
    *_l1("wide-small", 10, None),
    *_l1("ill-conditioned", 10, 100),
    *_l1("few-rows", 10, None),
    *_l1("diabetes-interactions", 10, 100, None),
    *_l1("text-like-small", 10, None),
    *_l1("breast-cancer", 10, loss="logistic"),
    *_l1("leukemia", 10, loss="logistic"),
    *_l1("a9a", 10, loss="logistic"),
    Workload("nonconvex-small", "mcp", ratio=5),
    Workload("nonconvex-small", "mcp"),
    Workload("nonconvex-small", "log_sum", ratio=5),
]

# Of a quick run, those that were the best peer of a row of a full run or close to it, which leaves out what needs many
# seconds to compile for a row it does not win.
_PEERS = {
    "one fit": ["sklearn", "sklearn-gram", "celer", "skglm-gram", "adelie", "adelie-cov"],
    "path": ["sklearn-gram", "celer", "adelie", "adelie-cov", "glmnet"],
    "logistic": ["liblinear", "newton-cd", "celer", "celer-pn"],
    "nonconvex": ["skglm", "celer-reweighted", "pycasso"],
    "log_sum": ["celer-reweighted"],  # skglm had not arrived after a minute
}


def quick_peers(workload):
    """Names of the solvers that a quick run compares on a workload."""
    if workload.penalty != "l1":
        return _PEERS.get(workload.penalty, _PEERS["nonconvex"])
    if workload.loss == "logistic":
        return _PEERS["logistic"]
    return _PEERS["path" if workload.ratio is None else "one fit"]
