"""Penalties and dropout strategies: two faces of the same objects."""

from .base import Penalty
from .classical import L1, L2, MCP, SCAD, ElasticNet, LogSum, Lp
from .dropout import BernoulliDropout, Standout, VariationalDropout

__all__ = [
    "L1",
    "L2",
    "MCP",
    "SCAD",
    "BernoulliDropout",
    "ElasticNet",
    "LogSum",
    "Lp",
    "Penalty",
    "Standout",
    "VariationalDropout",
    "get_penalty",
]

_CLASSES: dict[str, type[Penalty]] = {
    cls._name: cls
    for cls in (L1, L2, ElasticNet, Lp, LogSum, MCP, SCAD, BernoulliDropout, Standout, VariationalDropout)
}


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
        if penalty not in _CLASSES:
            raise ValueError(f"unknown penalty {penalty!r}; known penalties: {', '.join(sorted(_CLASSES))}")
        return _CLASSES[penalty]()
    hint = "; write penalty=MCP(), not penalty=MCP" if isinstance(penalty, type) else ""
    raise ValueError(f"penalty must be a name or an instance of pyreweight.penalties.Penalty, got {penalty!r}{hint}")
