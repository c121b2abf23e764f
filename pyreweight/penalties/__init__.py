"""Penalties and dropout strategies: two faces of the same objects."""

from sklearn.base import clone

from .base import Penalty
from .classical import L1, L2, MCP, SCAD, CappedL1, ElasticNet, Huber, LogSum, Lp
from .custom import CustomDropout, CustomPenalty
from .dropout import BernoulliDropout, HardConcrete, PowerDropout, Standout
from .fixed_strength import FixedStrength
from .ranking import TargetedDropout, TopK
from .redescending import Cauchy, Exponential, Geman, GemanMcClure, LogSquare
from .relevance import ARD
from .variational import VariationalBayesDropout, VariationalDropout

__all__ = [
    "ARD",
    "L1",
    "L2",
    "MCP",
    "SCAD",
    "BernoulliDropout",
    "CappedL1",
    "Cauchy",
    "CustomDropout",
    "CustomPenalty",
    "ElasticNet",
    "Exponential",
    "FixedStrength",
    "Geman",
    "GemanMcClure",
    "HardConcrete",
    "Huber",
    "LogSquare",
    "LogSum",
    "Lp",
    "Penalty",
    "PowerDropout",
    "Standout",
    "TargetedDropout",
    "TopK",
    "VariationalBayesDropout",
    "VariationalDropout",
    "get_penalty",
]

_DEFAULTS: tuple[Penalty, ...] = (
    L1(),
    L2(),
    ElasticNet(),
    Lp(),
    LogSum(),
    LogSquare(),
    Cauchy(),
    GemanMcClure(),
    Geman(),
    Exponential(),
    Huber(),
    CappedL1(),
    SCAD(),
    MCP(),
    BernoulliDropout(),
    PowerDropout(),
    Standout(),
    VariationalDropout(),
    VariationalDropout(approximation="molchanov"),
    VariationalBayesDropout(),
    HardConcrete(),
    TopK(),
    TargetedDropout(),
    ARD(),
)
_BY_NAME = {penalty._core_arguments()[0]: penalty for penalty in _DEFAULTS}


def get_penalty(penalty: str | Penalty) -> Penalty:
    """Penalty object for a name, with default parameters; an object is returned as it is.

    Parameters
    ----------
    penalty : str or Penalty
        A snake_case name such as ``"variational_dropout"``, or an instance.

    Returns
    -------
    Penalty
        The instance.

    Raises
    ------
    ValueError
        If the name is unknown (the message lists the known ones), or `penalty` is neither a name nor an instance.

    Examples
    --------
    >>> from pyreweight.penalties import get_penalty
    >>> get_penalty("mcp")
    MCP()
    """
    if isinstance(penalty, Penalty):
        return penalty
    if isinstance(penalty, str):
        if penalty not in _BY_NAME:
            raise ValueError(f"unknown penalty {penalty!r}; known penalties: {', '.join(sorted(_BY_NAME))}")
        return clone(_BY_NAME[penalty])
    hint = "; write penalty=MCP(), not penalty=MCP" if isinstance(penalty, type) else ""
    raise ValueError(f"penalty must be a name or an instance of pyreweight.penalties.Penalty, got {penalty!r}{hint}")
