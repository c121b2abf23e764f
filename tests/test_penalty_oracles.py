"""Penalties against reference values computed with 40 digits from definitions only (``oracles/penalties.json``).

The references keep the literature's raw forms. Ours is ``Omega = c * Omega_raw`` with the c that gives unit slope at
zero, hence ``eta = eta_raw / c``, ``f(eta) = c f_raw(c eta)`` and ``alpha = lambda / c``.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight._native import core
from pyreweight.penalties import (
    L1,
    L2,
    MCP,
    SCAD,
    BernoulliDropout,
    CappedL1,
    Cauchy,
    ElasticNet,
    Exponential,
    Geman,
    GemanMcClure,
    HardConcrete,
    Huber,
    LogSquare,
    LogSum,
    Lp,
    PowerDropout,
    Standout,
    VariationalBayesDropout,
    VariationalDropout,
)

RTOL = 1e-12

# Without a reference prox: covered by test_penalty_properties.py.
NO_PROX = {
    "standout",
    "constant_dropout",
    "power_dropout",
    "variational_dropout",
    "variational_dropout_molchanov",
    "log1p_eta",
    "hard_concrete",
}

# Slopes at zero of the two hard concrete cases: our scale.
M1, M2 = 1.4751987292198627, 1.2755294358435074

# (reference name, its parameters, our penalty, c)
CASES = [
    ("lp", {"p": 0.5}, Lp(p=0.5), 1),
    ("lp", {"p": 1.0}, Lp(p=1), 1),
    ("lp", {"p": 1.0}, L1(), 1),
    ("lp", {"p": 1.0}, ElasticNet(l1_ratio=1), 1),
    ("lp", {"p": 1.5}, Lp(p=1.5), 1),
    ("lp", {"p": 2.0}, Lp(p=2), 1),
    ("lp", {"p": 2.0}, L2(), 1),
    ("lp", {"p": 2.0}, ElasticNet(l1_ratio=0), 1),
    ("lp", {"p": 2.0}, BernoulliDropout(rate=0.5), 1),
    ("elastic_net", {"l1_ratio": 0.3}, ElasticNet(l1_ratio=0.3), 1),
    ("elastic_net", {"l1_ratio": 0.9}, ElasticNet(l1_ratio=0.9), 1),
    ("log_sum", {"eps": 0.1}, LogSum(scale=0.1), 0.1),
    ("log_sum", {"eps": 2.0}, LogSum(scale=2), 2),
    ("log2_sum", {"eps": 0.01}, LogSquare(scale=0.1), 0.1),
    ("log2_sum", {"eps": 1.0}, LogSquare(scale=1), 1),
    ("cauchy", {"c": 0.2}, Cauchy(scale=0.2), 5),
    ("cauchy", {"c": 1.0}, Cauchy(scale=1), 1),
    ("geman_mcclure", {"c": 0.2}, GemanMcClure(scale=0.2), 5),
    ("geman_mcclure", {"c": 1.0}, GemanMcClure(scale=1), 1),
    ("geman", {"eps": 0.5}, Geman(scale=0.5), 0.5),
    ("geman", {"eps": 1.0}, Geman(scale=1), 1),
    ("exponential", {"eps": 0.5}, Exponential(scale=0.5), 0.5),
    ("exponential", {"eps": 2.0}, Exponential(scale=2), 2),
    ("huber", {"delta": 0.02}, Huber(scale=0.02), 1),
    ("huber", {"delta": 0.5}, Huber(scale=0.5), 1),
    ("capped_l1", {"theta": 0.6}, CappedL1(theta=0.6, scale=1), 1),
    ("capped_l1", {"theta": 2.4}, CappedL1(theta=2, scale=1.2), 1),
    ("scad", {"a": 3.7, "lam": 1.0}, SCAD(a=3.7, scale=1), 1),
    ("scad", {"a": 2.5, "lam": 0.3}, SCAD(a=2.5, scale=0.3), 1),
    ("mcp", {"a": 3.0, "lam": 1.1}, MCP(gamma=3, scale=1.1), 1),
    ("mcp", {"a": 0.5, "lam": 1.4142135623730951}, MCP(gamma=0.5, scale=1.4142135623730951), 1),
    ("standout", {"a": 1.0, "b": 0.0}, Standout(slope=1, bias=0, scale=1), 1),
    ("standout", {"a": 2.0, "b": -3.0}, Standout(slope=2, bias=-3, scale=1), 1),
    ("constant_dropout", {"alpha": 0.8}, BernoulliDropout(rate=0.2), 1),
    ("power_dropout", {"q": 0.5, "c": 2.0}, PowerDropout(q=0.5, c=2), 1),
    ("power_dropout", {"q": 1.0, "c": 0.3}, PowerDropout(q=1, c=0.3), 1),
    ("power_dropout", {"q": 1.5, "c": 1.0}, PowerDropout(q=1.5, c=1), 1),
    ("variational_dropout", {}, VariationalDropout(scale=1), 1),
    ("variational_dropout_molchanov", {}, VariationalDropout("molchanov", scale=1), 1),
    ("log1p_eta", {"c": 1.0}, VariationalBayesDropout(scale=1), 1),
    ("log1p_eta", {"c": 4.0}, VariationalBayesDropout(scale=0.5), 0.5),
    ("hard_concrete", {"beta": 2 / 3, "gamma": -0.1, "zeta": 1.1}, HardConcrete(scale=M1), 1 / M1),
    ("hard_concrete", {"beta": 0.5, "gamma": -0.2, "zeta": 1.2}, HardConcrete(0.5, -0.2, 1.2, scale=M2), 1 / M2),
]


def numbers(values):
    return np.array([float(v) for v in values])


@pytest.fixture(scope="module")
def oracles(shared):
    return json.loads((shared / "oracles" / "penalties.json").read_text())


def label(case):
    return f"{case[0]}-{case[2]!r}"


@pytest.fixture(params=CASES, ids=label)
def case(request, oracles):
    name, params, penalty, factor = request.param
    (found,) = [o for o in oracles["penalties"] if o["name"] == name and o["params"] == params]
    return found, penalty, factor


def test_every_reference_case_is_used(oracles):
    listed = {(o["name"], *o["params"].items()) for o in oracles["penalties"]}
    assert listed == {(name, *params.items()) for name, params, *_ in CASES}


@pytest.mark.parametrize("name", core.penalty_names())
def test_every_penalty_of_the_registry_has_references(name):
    assert name in {ours._core_arguments()[0] for _, _, ours, _ in CASES}


def test_value(case, oracles):
    reference, penalty, c = case
    assert_allclose(penalty.value(oracles["w"]), c * numbers(reference["omega"]), rtol=RTOL)


def test_derivative(case, oracles):
    reference, penalty, c = case
    assert_allclose(penalty.derivative(oracles["w"]), c * numbers(reference["slope"]), rtol=RTOL)
    assert penalty.slope_at_zero == pytest.approx(c * float(reference["slope_at_zero"]), rel=RTOL)


def test_eta(case, oracles):
    reference, penalty, c = case
    assert_allclose(penalty.eta(oracles["w"]), numbers(reference["eta_hat"]) / c, rtol=RTOL)
    assert penalty.eta(0.0) == pytest.approx(float(reference["eta_hat_at_zero"]) / c, rel=RTOL)
    assert penalty.eta(np.inf) == pytest.approx(float(reference["eta_hat_at_inf"]) / c, rel=RTOL)


@pytest.mark.parametrize("strength", ["0.01", "1"])
def test_keep_prob(case, oracles, strength):
    reference, penalty, c = case
    got = penalty.keep_prob(oracles["w"], alpha=float(strength) / c)
    assert_allclose(got, numbers(reference["alpha"][strength]), rtol=RTOL)


def test_conjugate(case, oracles):
    reference, penalty, c = case
    assert_allclose(penalty.conjugate(numbers(oracles["eta"]) / c), c * numbers(reference["f"]), rtol=RTOL)


@pytest.mark.parametrize("case", [c for c in CASES if c[0] not in NO_PROX], ids=label, indirect=True)
@pytest.mark.parametrize("step", ["0.2", "0.8"])
def test_prox(case, oracles, step):
    reference, penalty, c = case
    got = penalty.prox(oracles["prox_z"], step=float(step) / c)
    assert_allclose(got, numbers(reference["prox"][step]), rtol=RTOL)
