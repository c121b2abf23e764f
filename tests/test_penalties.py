"""The Python side of the penalties: names, parameters, errors, and the accuracy of exact variational dropout."""

import inspect
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from pyreweight import penalties
from pyreweight._native import core
from pyreweight.penalties import (
    L1,
    MCP,
    SCAD,
    BernoulliDropout,
    CappedL1,
    ElasticNet,
    HardConcrete,
    Lp,
    PowerDropout,
    Standout,
    VariationalDropout,
    get_penalty,
)

classes = [item for item in vars(penalties).values() if inspect.isclass(item) and issubclass(item, penalties.Penalty)]
classes.remove(penalties.Penalty)
names = [*core.penalty_names(), *core.penalty_names(separable=False)]
# Made from other objects, so without a name that stands for them.
made = [penalties.CustomPenalty, penalties.CustomDropout, penalties.FixedStrength]
every_class = pytest.mark.parametrize("cls", [c for c in classes if c not in made], ids=lambda cls: cls.__name__)


def test_every_registered_name_is_that_of_a_class():
    for name in names:
        assert get_penalty(name)._core_arguments()[0] == name
    assert {type(get_penalty(name)) for name in names} == set(classes) - set(made)
    assert {cls._name for cls in classes} <= {*names, *(cls._name for cls in made)}
    assert {cls.__name__ for cls in classes} <= set(penalties.__all__)


@pytest.mark.parametrize("cls", classes, ids=lambda cls: cls.__name__)
def test_every_class_has_a_docstring_a_row_in_the_readme_and_tests_of_its_own(cls):
    """Rules of the registry are tested by walking it, against references and by property; the rest by name."""
    for needed in ("References", "Examples", ">>>", "math:", " 0", "Parameters"):
        assert needed in cls.__doc__ or (needed == "Parameters" and not inspect.signature(cls).parameters)
    assert re.search(r"convex|concave", cls.__doc__, re.IGNORECASE)
    here = Path(__file__).resolve()
    readme = (here.parents[1] / "README.md").read_text()
    (row,) = re.findall(rf"^\| `{cls.__name__}[(`].*\|$", readme, re.MULTILINE)
    assert row.count("|") == 6
    for parameter in inspect.signature(cls).parameters:
        assert parameter in ("scale", "approximation") or parameter in row
    walked = (here.parent / "test_penalty_properties.py").read_text()
    assert "core.penalty_names()" in walked
    own = ("test_penalty_custom.py", "test_penalty_ranking.py", "test_ard.py")
    by_name = "".join((here.parent / name).read_text() for name in own)
    assert cls._name in core.penalty_names() or cls.__name__ in by_name


def test_a_name_gives_a_new_object_each_time():
    get_penalty("mcp").set_params(gamma=7)
    assert get_penalty("mcp").gamma == 3


@every_class
def test_parameters_and_defaults_agree_with_the_core(cls):
    penalty = cls()
    name, given = penalty._core_arguments()
    numbers = [parameter for parameter, value in penalty.get_params().items() if not isinstance(value, str)]
    assert penalty.separable == (name in core.penalty_names())
    assert numbers == sorted(core.penalty_parameters(name))
    t = np.geomspace(1e-3, 1e3, 50)
    for face in ("value", "eta", "conjugate"):
        assert_array_equal(
            core.evaluate_penalty(name, given, face, t, 1.0), core.evaluate_penalty(name, {}, face, t, 1.0)
        )


@every_class
def test_scikit_learn_manners(cls):
    penalty = cls()
    assert repr(penalty) == f"{cls.__name__}()"
    assert isinstance(clone(penalty), cls)
    assert isinstance(get_penalty(penalty._name), cls)
    assert get_penalty(penalty) is penalty
    for parameter in penalty.get_params():
        marker = object()
        assert cls(**{parameter: marker}).get_params()[parameter] is marker


def test_parameters_show_in_the_representation():
    assert repr(MCP(gamma=2.5)) == "MCP(gamma=2.5)"
    assert MCP().set_params(gamma=7).get_params() == {"gamma": 7, "scale": None}


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (MCP(gamma=0), "gamma of mcp must be > 0, got 0"),
        (MCP(gamma=np.inf), "gamma of mcp must be > 0"),
        (MCP(gamma=np.nan), "gamma of mcp must not be NaN"),
        (MCP(gamma="3"), "gamma of mcp must be a real number"),
        (MCP(gamma=True), "gamma of mcp must be a real number"),
        (MCP(gamma=None), "gamma of mcp must be a real number"),
        (MCP(scale=0), "scale of mcp must be None or > 0"),
        (MCP(scale=np.inf), "scale of mcp must be None or > 0"),
        (SCAD(a=1), "a of scad must be > 1"),
        (ElasticNet(l1_ratio=1.5), "l1_ratio of elastic_net must be >= 0 and <= 1"),
        (Lp(p=0), "p of lp must be > 0 and <= 2"),
        (Lp(p=2.01), "p of lp must be > 0 and <= 2"),
        (BernoulliDropout(rate=1), "rate of bernoulli_dropout must be >= 0 and < 1"),
        (Standout(slope=-1), "slope of standout must be > 0"),
        (Standout(bias=np.inf), "bias of standout must be"),
        (CappedL1(theta=0), "theta of capped_l1 must be > 0"),
        (PowerDropout(q=2), "q of power_dropout must be > 0 and < 2"),
        (PowerDropout(c=0), "c of power_dropout must be > 0"),
        (HardConcrete(beta=0), "beta of hard_concrete must be > 0 and <= 2"),
        (HardConcrete(gamma=0), "gamma of hard_concrete must be >= -10 and <= -0.01"),
        (HardConcrete(zeta=1), "zeta of hard_concrete must be >= 1.01 and <= 11"),
        (VariationalDropout(scale=-1), "scale of variational_dropout must be None or > 0"),
    ],
    ids=repr,
)
def test_a_bad_parameter_is_named_at_use(penalty, message):
    for use in (penalty.value, penalty.derivative, penalty.eta, penalty.keep_prob, penalty.conjugate, penalty.prox):
        with pytest.raises(ValueError, match=re.escape(message)):
            use(1.0)
    with pytest.raises(ValueError, match=re.escape(message)):
        penalty.convex  # noqa: B018


@pytest.mark.parametrize("alpha", [0, -1.0, np.inf, np.nan, "1", None, True, [1.0]])
def test_a_bad_alpha_is_named(alpha):
    for use in (L1().value, L1().derivative, L1().eta, L1().keep_prob, L1().conjugate, L1().prox):
        with pytest.raises(ValueError, match=r"alpha must"):
            use(1.0, alpha=alpha)


@pytest.mark.parametrize("step", [0, -1.0, np.inf, np.nan, "1"])
def test_a_bad_step_is_named(step):
    with pytest.raises(ValueError, match=r"step must"):
        L1().prox(1.0, step=step)


@pytest.mark.parametrize("bad", [np.nan, [1.0, np.nan], "a", [1j], None, [{}]])
def test_bad_points_are_named(bad):
    for use, argument in [(L1().value, "w"), (L1().keep_prob, "w"), (L1().conjugate, "eta"), (L1().prox, "z")]:
        with pytest.raises(ValueError, match=f"^{argument} must"):
            use(bad)


def test_negative_eta_is_refused():
    with pytest.raises(ValueError, match="eta must be nonnegative"):
        L1().conjugate([1.0, -1e-12])


def test_unknown_penalties_are_refused_with_the_known_ones():
    for refuse in (get_penalty, core.penalty_parameters, lambda name: core.penalty_properties(name, {})):
        with pytest.raises(ValueError, match=r"unknown penalty 'lasso'.*bernoulli_dropout, .*, variational_dropout"):
            refuse("lasso")
    with pytest.raises(ValueError, match=r"penalty must be a name or an instance.*not penalty=MCP"):
        get_penalty(MCP)
    with pytest.raises(ValueError, match="penalty must be a name or an instance"):
        get_penalty(3)


def test_the_core_refuses_what_the_classes_cannot_send():
    with pytest.raises(ValueError, match="mcp has no parameter delta"):
        core.penalty_properties("mcp", {"delta": 1.0})
    with pytest.raises(ValueError, match="unknown face 'omega'"):
        core.evaluate_penalty("l1", {}, "omega", np.ones(1), 1.0)
    with pytest.raises(TypeError):
        core.evaluate_penalty("l1", {}, "value", np.ones(1, dtype=np.float32), 1.0)


def test_an_unknown_approximation_is_named():
    for approximation in ("taylor", None, 1):
        with pytest.raises(ValueError, match="approximation of variational_dropout must be 'exact' or 'molchanov'"):
            VariationalDropout(approximation).value(1.0)


def dawson_ratio(eta):
    """D(x) / x at x = sqrt(eta / 2), D the Dawson function."""
    x = mpmath.sqrt(eta / 2)
    return mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x) / x


def exact_kl(eta):
    """Twice the KL divergence, 4 times the integral of the Dawson function."""
    return eta * mpmath.hyp2f2(1, 1, mpmath.mpf(3) / 2, 2, -eta / 2)


@pytest.mark.parametrize("eta", [*np.geomspace(1e-12, 1e3, 31), 60.0, 95.9, 96.1])
def test_variational_dropout_is_exact_to_a_few_units_in_the_last_place(eta):
    """All faces at the t of this eta against mpmath; 95.9 and 96.1 straddle the change of series."""
    penalty = VariationalDropout(scale=1.0)
    with mpmath.workdps(40):
        eta = mpmath.mpf(float(eta))
        slope = mpmath.sqrt(dawson_ratio(eta))
        t = float(eta * slope)
        # t is rounded; move eta to the exact root for the rounded t.
        eta = mpmath.findroot(lambda e: e * mpmath.sqrt(dawson_ratio(e)) - t, eta)
        slope = t / eta
        first, second = slope**2, mpmath.diff(dawson_ratio, eta)
        wanted = [(t * slope + exact_kl(eta)) / 2, slope, eta, second / (2 * first + eta * second)]
        conjugate = exact_kl(mpmath.mpf(float(eta)))
    curvature = core.evaluate_penalty("variational_dropout", {"scale": 1.0}, "curvature", np.array([t]), 1.0)[0]
    got = [penalty.value(t), penalty.derivative(t), penalty.eta(t), curvature]
    for ours, exact in zip(got, wanted, strict=True):
        assert ours == pytest.approx(float(exact), rel=4e-15)
    assert penalty.conjugate(float(eta)) == pytest.approx(float(conjugate), rel=2e-15)


def molchanov_kl(eta):
    """Twice Molchanov's fit of the KL divergence."""
    k1, k2, k3 = (mpmath.mpf(k) for k in ("0.63576", "1.87320", "1.48695"))
    return 2 * k1 / (1 + mpmath.exp(k2 - k3 * mpmath.log(eta))) + mpmath.log1p(eta)


@pytest.mark.parametrize("eta", [*np.geomspace(1e-30, 1e12, 43), 0.024, 0.228])
def test_molchanov_is_exact_to_a_few_units_in_the_last_place(eta):
    penalty = VariationalDropout("molchanov", scale=1.0)
    with mpmath.workdps(60):
        t = float(eta * mpmath.sqrt(mpmath.diff(molchanov_kl, mpmath.mpf(float(eta)))))
        # t is rounded; move eta to the exact root for the rounded t.
        eta = mpmath.findroot(lambda e: e * mpmath.sqrt(mpmath.diff(molchanov_kl, e)) - t, mpmath.mpf(float(eta)))
        first, second = mpmath.diff(molchanov_kl, eta), mpmath.diff(molchanov_kl, eta, 2)
        wanted = [(t * t / eta + molchanov_kl(eta)) / 2, t / eta, eta, second / (2 * first + eta * second)]
        conjugate = molchanov_kl(mpmath.mpf(float(eta)))
    bend = core.evaluate_penalty(*penalty._core_arguments(), "curvature", np.array([t]), 1.0)[0]
    for ours, exact in zip([penalty.value(t), penalty.derivative(t), penalty.eta(t)], wanted[:3], strict=True):
        assert ours == pytest.approx(float(exact), rel=4e-15)
    # It passes zero where the derivative turns.
    assert bend == pytest.approx(float(wanted[3]), rel=1e-13, abs=1e-14 * float(wanted[1]) / t)
    assert penalty.conjugate(float(eta)) == pytest.approx(float(conjugate), rel=2e-15)
