"""Rules of the catalogue far from where they are used: ends of the double range, of the parameters, of cancellation."""

import mpmath
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
    CustomDropout,
    CustomPenalty,
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

POINTS = [*(10.0**e for e in (-300, -160, -80, -20, -12, -9, -6, -3)), 0.1, 0.5, 1.0, 2.0, 30.0, 690.0]
POINTS += [10.0**e for e in (3, 6, 9, 12, 20, 80, 160, 300)]

# P(u), P'(u), f(eta) and the eta above which f is positive, as they are written in books.
FORMULAS = {
    Cauchy: (lambda u: mpmath.log(1 + u**2) / 2, lambda u: u / (1 + u**2), lambda e: mpmath.log(e) - 1 + 1 / e, 1),
    LogSquare: (
        lambda u: mpmath.log(1 + u**2),
        lambda u: 2 * u / (1 + u**2),
        lambda e: 2 * mpmath.log(2 * e) - 2 + 1 / e,
        0.5,
    ),
    GemanMcClure: (
        lambda u: u**2 / 2 / (1 + u**2),
        lambda u: u / (1 + u**2) ** 2,
        lambda e: (1 - 1 / mpmath.sqrt(e)) ** 2,
        1,
    ),
    Exponential: (
        lambda u: 1 - mpmath.exp(-u),
        lambda u: mpmath.exp(-u),
        lambda e: 2 - (2 + mpmath.lambertw(e)) * mpmath.exp(-mpmath.lambertw(e)),
        0,
    ),
    VariationalBayesDropout: (
        lambda u: u / (u + mpmath.sqrt(u**2 + 4)) + mpmath.asinh(u / 2),
        lambda u: 2 / (u + mpmath.sqrt(u**2 + 4)),
        lambda e: mpmath.log(1 + e),
        0,
    ),
}


def agrees(got, exact, rtol):
    """Relative agreement, or absolute near the ends of the double range."""
    exact = mpmath.re(exact)
    if exact > 1.7e308:
        return got == np.inf
    return abs(got - exact) <= max(rtol * abs(exact), mpmath.mpf(10) ** -307)


@pytest.mark.parametrize("cls", FORMULAS, ids=lambda cls: cls.__name__)
def test_closed_forms_hold_from_end_to_end_of_the_double_range(cls):
    penalty = cls(scale=1.0)
    value, slope, conjugate, least = FORMULAS[cls]
    with mpmath.workdps(1300):  # the books' formulas cancel
        for u in POINTS:
            exact = mpmath.mpf(u)
            assert agrees(penalty.value(u), value(exact), 1e-14), u
            assert agrees(penalty.derivative(u), slope(exact), 1e-14 * max(1, u if cls is Exponential else 1)), u
            if slope(exact) > 1e-300:
                assert agrees(penalty.eta(u), exact / slope(exact), 1e-14 * max(1, u if cls is Exponential else 1)), u
            eta = least + u
            if eta > least:
                assert agrees(penalty.conjugate(eta), conjugate(mpmath.mpf(eta)), 1e-13), eta
            else:
                assert penalty.conjugate(eta) <= 1e-15


@pytest.mark.parametrize("eta", [1e-300, 1e-20, 1e-6, 0.1, 1.0, 10.0, 1e10, 1e200, 1e300])
def test_conjugate_of_geman(eta):
    with mpmath.workdps(350):
        target = mpmath.log(mpmath.mpf(eta))
        log_u = mpmath.findroot(lambda x: x + 2 * mpmath.log1p(mpmath.exp(x)) - target, min(target, target / 3))
        u = mpmath.exp(log_u)
        exact = u * (2 * u + 1) / (u + 1) ** 2
        assert agrees(Geman(scale=1.0).conjugate(eta), exact, 1e-14)


ENDS = [
    L1(),
    L2(),
    ElasticNet(l1_ratio=0.0),
    ElasticNet(l1_ratio=1e-12),
    ElasticNet(l1_ratio=1.0),
    Lp(p=1e-3),
    Lp(p=0.999),
    Lp(p=1.001),
    Lp(p=2.0),
    LogSum(scale=1e-100),
    LogSum(scale=1e100),
    SCAD(a=1 + 1e-6, scale=1),
    SCAD(a=1e12),
    MCP(gamma=1e-8),
    MCP(gamma=1e12),
    BernoulliDropout(rate=1e-12),
    BernoulliDropout(rate=1 - 1e-12),
    VariationalDropout("molchanov"),
    VariationalDropout("molchanov", scale=1e-100),
    VariationalDropout("molchanov", scale=1e100),
    PowerDropout(q=1e-3, c=1e-3),
    PowerDropout(q=1e-3, c=1e3),
    PowerDropout(q=1.999, c=1e-3),
    PowerDropout(q=1.999, c=1e3),
    CappedL1(theta=1e-8),
    CappedL1(theta=1e8),
    Huber(scale=1e-100),
    Huber(scale=1e100),
    Exponential(scale=1e-100),
    Exponential(scale=1e100),
    Geman(scale=1e-100),
    Geman(scale=1e100),
    GemanMcClure(scale=1e-100),
    GemanMcClure(scale=1e100),
    LogSquare(scale=1e-100),
    Cauchy(scale=1e100),
    Standout(slope=1, bias=-700),
    Standout(slope=1e-3, bias=-650),
    Standout(slope=1e3, bias=700),
    VariationalDropout(scale=1e-100),
    VariationalDropout(scale=1e100),
    VariationalBayesDropout(scale=1e-100),
    VariationalBayesDropout(scale=1e100),
    *(HardConcrete(b, g, z) for b in (1e-6, 0.05, 2 / 3, 2) for g in (-10, -0.1, -0.01) for z in (1.01, 1.1, 11)),
]


def test_every_rule_of_the_registry_is_taken_to_its_ends():
    assert {penalty._core_arguments()[0] for penalty in ENDS} == set(core.penalty_names())


@pytest.mark.parametrize("penalty", ENDS, ids=repr)
@pytest.mark.parametrize("alpha", [1e-3, 1.0])
def test_ends_of_the_parameters(penalty, alpha):
    t = np.array([0.0, *POINTS, np.inf])
    arguments = penalty._core_arguments()
    faces = {face: core.evaluate_penalty(*arguments, face, t, alpha) for face in ("value", "derivative", "eta")}
    faces["conjugate"], faces["keep"] = penalty.conjugate(t, alpha), penalty.keep_prob(t, alpha)
    for face in faces.values():
        assert np.all(face >= 0)
    assert not np.isnan(core.evaluate_penalty(*arguments, "curvature", t, alpha)).any()
    for face in ("value", "eta", "conjugate", "keep"):
        assert np.all(faces[face][1:] >= faces[face][:-1] * (1 - 1e-13))
    for step in (1e-100, 1e-6, 1.0, 1e6, 1e100):
        x = penalty.prox(t, alpha, step)
        assert np.all((x >= 0) & (x <= t))
        assert np.all(np.diff(x[:-1]) >= 0)
        kept = (x > 1e-290) & (t < np.inf) & (penalty.derivative(x, alpha) < np.inf)  # v x of a plain ridge overflows
        assert_allclose(x[kept] + step * alpha * penalty.derivative(x[kept], alpha), t[kept], rtol=1e-9)


def brute_force(beta, gamma, zeta, t, nodes=60):
    """2 Gam(t) and the best a on a fine grid, a = inf included, from the moments of the gate."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    x, weight = (x + 1) / 2, weight / 2
    r = ((x - gamma) / (zeta - x)) ** beta
    r0 = (-gamma / zeta) ** beta
    a = np.geomspace(r0 * 1e-5, r.max() * 1e5, 20001)[:, None]
    kept = a / (a + r)
    mean, square = (weight * kept).sum(axis=1), (2 * weight * x * kept).sum(axis=1)
    cost = np.outer(t**2, (square - mean**2) / mean**2) + a[:, 0] / (a[:, 0] + r0)
    return np.minimum(cost.min(axis=1), 1.0)


@pytest.mark.parametrize("beta", [0.05, 0.3, 2 / 3, 1.0, 2.0])
@pytest.mark.parametrize(("gamma", "zeta"), [(-0.1, 1.1), (-0.01, 1.01), (-1.0, 1.1), (-0.1, 4.0), (-10.0, 11.0)])
def test_hard_concrete_is_the_minimum_over_all_gates(beta, gamma, zeta):
    penalty = HardConcrete(beta, gamma, zeta, scale=1.0)
    plateau = penalty.value(1e10)
    m = np.sqrt(0.5 / plateau)
    t = np.geomspace(1e-2, 10, 300)
    exact = brute_force(beta, gamma, zeta, t) / 2
    got = m**2 * penalty.value(t / m)
    assert np.all(got <= exact + 1e-12)
    assert_allclose(got, exact, rtol=1e-6)  # the grid's own error
    slope = penalty.derivative(np.concatenate([[0], t / m]))
    assert np.all(np.diff(slope) <= 1e-14)


def test_hard_concrete_jumps_where_its_two_minima_are_equal():
    penalty = HardConcrete(scale=1.0)
    m = 1.4751987292198627  # reference value
    low, high = 0.5 / m, 0.6 / m
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if penalty.derivative(middle) == 0 else (middle, high)
    assert low * m == pytest.approx(0.534989, abs=1e-6)
    assert penalty.eta(low) == pytest.approx(2.3529, abs=1e-4)
    assert penalty.eta(high) == np.inf
    assert penalty.value(low) == pytest.approx(penalty.value(high), rel=1e-12)


def test_hard_concrete_of_temperature_zero_is_mcp():
    u = np.concatenate([np.geomspace(1e-6, 0.9, 50), [1.5, 10]])
    hard, mcp = HardConcrete(beta=1e-8, scale=1), MCP(gamma=1, scale=1)
    assert_allclose(hard.value(u), mcp.value(u), rtol=1e-7)
    assert_allclose(hard.derivative(u), mcp.derivative(u), rtol=1e-6)
    assert_allclose(hard.prox(2 * u, step=0.5), mcp.prox(2 * u, step=0.5), rtol=1e-6)


@pytest.mark.parametrize("points", [np.array([0.0, *POINTS]), np.array(POINTS[::-1])], ids=["rising", "falling"])
def test_custom_penalties_from_end_to_end_of_the_double_range(points):
    """The same rule from callables: what is integrated numerically, and what is not."""
    own, ours = CustomPenalty(lambda t: 1 / (1 + t), np.log1p), LogSum(scale=1.0)
    strategy = CustomDropout(lambda t: t / (1 + t))  # the strategy of l1
    for penalty, rule in ((own, ours), (strategy, L1())):
        assert_allclose(penalty.keep_prob(points), rule.keep_prob(points), rtol=1e-12)
        told = points < (1e300 if penalty is own else 1e6)  # beyond, the callable itself says 1 up to rounding
        assert_allclose(penalty.derivative(points[told]), rule.derivative(points[told]), rtol=1e-9)
        assert_allclose(penalty.eta(points[told]), rule.eta(points[told]), rtol=1e-9)
        assert_allclose(penalty.value(points[told]), rule.value(points[told]), rtol=1e-8)
        assert_allclose(penalty.prox(points[told]), rule.prox(points[told]), rtol=1e-6, atol=1e-12)
        assert np.all(np.isfinite(penalty.value(points[told])))
        x = penalty.prox(points)
        assert np.all((x >= 0) & (x <= points))
