"""The solvers compared, one file per package: classes of ``Solver``, listed in ``SOLVERS`` in the order of the tables.

To add one, write a class in a file of this folder and put it in the list.
"""

from ._base import Solver
from .adelie import Adelie, AdelieCov
from .celer import Celer, CelerProxNewton, CelerReweighted
from .glmnet import Glmnet
from .glum import Glum
from .pycasso import Pycasso
from .pyreweight import Pyreweight
from .scikit_learn import Liblinear, NewtonCD, Saga, Sklearn, SklearnGram
from .skglm import Skglm, SkglmGram
from .split import SplitLbfgs

SOLVERS: list[Solver] = [
    Pyreweight(),
    Sklearn(),
    SklearnGram(),
    Liblinear(),
    Saga(),
    NewtonCD(),
    SplitLbfgs(),
    Celer(),
    CelerProxNewton(),
    CelerReweighted(),
    Skglm(),
    SkglmGram(),
    Adelie(),
    AdelieCov(),
    Glum(),
    Pycasso(),
    Glmnet(),
]

__all__ = ["SOLVERS", "Solver"]
