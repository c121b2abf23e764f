"""Penalties and strategies from functions: every built-in rule given as a function is the same penalty."""

import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import clone

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import CustomDropout, CustomPenalty, get_penalty

ALPHA = 0.1
POINTS = np.concatenate([[0], np.geomspace(1e-6, 1e3, 46)])


class Recorded:
    """A function that remembers how often it was called."""

    def __init__(self, func):
        self.func, self.calls = func, 0

    def __call__(self, t):
        self.calls += 1
        return self.func(t)


def as_custom(penalty, kind):
    """The penalty at the strength ALPHA as functions of t."""
    if kind == "derivative":
        return CustomPenalty(lambda t: penalty.derivative(t, ALPHA))
    return CustomDropout(lambda t: 1 / (1 + 1 / penalty.eta(t, ALPHA)))


@pytest.fixture(params=["derivative", "keep_prob"])
def kind(request):
    return request.param


every_penalty = pytest.mark.parametrize("name", core.penalty_names())


@every_penalty
def test_a_function_of_a_built_in_rule_has_its_faces(name, kind):
    penalty = get_penalty(name)
    custom = as_custom(penalty, kind)
    # 1 - q is known to the rounding of q only, which is relative to the slope t (1 - q) / q.
    lost = (0 if kind == "derivative" else 1e-15) * POINTS
    slope = penalty.derivative(POINTS[1:], ALPHA)
    assert np.all(np.abs(custom.derivative(POINTS[1:]) - slope) <= 1e-12 * slope + lost[1:])
    assert custom.slope_at_zero == pytest.approx(penalty.slope_at_zero, rel=1e-9)
    value = penalty.value(POINTS, ALPHA)
    assert np.all(np.abs(custom.value(POINTS) - value) <= 1e-12 * value + lost * POINTS)
    near = POINTS[POINTS < 10]
    assert_allclose(1 / custom.eta(near[1:]), 1 / penalty.eta(near[1:], ALPHA), rtol=1e-9, atol=1e-14)
    assert custom.eta(0.0) == pytest.approx(penalty.eta(0.0, ALPHA), rel=1e-9)
    if name != "hard_concrete":  # its conjugate is not the least one in the jump of eta
        assert_allclose(custom.conjugate(near), penalty.conjugate(near, ALPHA), rtol=1e-10, atol=1e-14)
    assert custom.convex == penalty.convex
    assert custom.separable
    z = np.linspace(0, 6, 41) + 1e-3
    for step in (0.2, 1.0, 8.0):
        assert_allclose(custom.prox(z, ALPHA, step), penalty.prox(z, ALPHA, step), rtol=1e-9, atol=1e-12)
        ours, theirs = (core.zero_threshold(*p._core_arguments(), ALPHA, step) for p in (custom, penalty))
        assert ours == pytest.approx(theirs, rel=1e-9)
    t, pull = near[1:], slope[: len(near) - 1] / near[1:]
    below, here, above = (bend(penalty, t * factor) for factor in (1 - 1e-5, 1, 1 + 1e-5))
    sides = [penalty.derivative(t * factor, ALPHA) for factor in (1 - 1e-5, 1 + 1e-5)]
    # No kink and no jump of the derivative around t.
    smooth = (np.abs(above - below) <= 1e-3 * pull) & (np.abs(sides[1] - sides[0]) <= 0.1 * sides[0])
    assert smooth.sum() > 20
    assert np.all(np.abs(bend(custom, t) - here)[smooth] <= (1e-6 * np.abs(here) + 1e-9 * pull + 1e-9)[smooth])


def bend(penalty, t):
    return core.evaluate_penalty(*penalty._core_arguments(), "curvature", t, ALPHA)


@every_penalty
def test_a_function_of_a_built_in_rule_gives_its_fit(name, kind, simulate):
    # Clear enough that there is no lower minimum to be found: functions are not asked coordinate by coordinate.
    X, y, _ = simulate(120, 30, correlation=0.3, noise=0.3)
    penalty = get_penalty(name)
    custom = as_custom(penalty, kind)
    wanted = AdaptiveDropoutRegressor(ALPHA, penalty=penalty).fit(X, y)
    got = AdaptiveDropoutRegressor(ALPHA, penalty=custom).fit(X, y)
    assert got.converged_
    assert_allclose(got.coef_, wanted.coef_, rtol=1e-8, atol=1e-9)
    assert_allclose(got.keep_prob_, wanted.keep_prob_, rtol=1e-8, atol=1e-9)
    assert got.objective_ == pytest.approx(wanted.objective_, rel=1e-11)
    paper = [AdaptiveDropoutRegressor(ALPHA, penalty=p, solver="irls", max_iter=5, tol=1.0) for p in (penalty, custom)]
    assert_allclose(paper[0].fit(X, y).coef_, paper[1].fit(X, y).coef_, rtol=1e-9, atol=1e-12)


def test_functions_are_called_a_few_times_per_reweighting(simulate):
    X, y, _ = simulate(100, 60)
    func = Recorded(lambda t: 1 / (1 + t / ALPHA))
    model = AdaptiveDropoutRegressor(ALPHA, penalty=CustomPenalty(func)).fit(X, y)
    assert model.n_iter_ >= 3
    assert func.calls <= 15 + 6 * model.n_iter_


@settings(max_examples=25)
@given(power=st.floats(-0.95, 1.0), factor=st.floats(0.01, 100), t=st.floats(-250, 250).map(lambda e: 10.0**e))
def test_powers_are_integrated_from_end_to_end_of_the_double_range(power, factor, t):
    assume(abs(power) > 1e-3)  # a power this close to 0 looks like a jump at 0
    penalty = CustomPenalty(lambda x: factor * x**power)
    exact = factor * np.longdouble(t) ** np.longdouble(1 + power) / (1 + np.longdouble(power))
    if 1e-300 < exact < 1e300:
        assert penalty.value(t) == pytest.approx(float(exact), rel=1e-11)


def test_a_given_value_is_used_and_checked():
    penalty = CustomPenalty(lambda t: 1 / (1 + t), value_func=lambda t: np.log1p(t) + 5)
    assert_allclose(penalty.value([0.0, 1.0]), [0, np.log(2)], rtol=1e-14)
    with pytest.raises(ValueError, match=r"value_func must be the integral of derivative_func: from t = 0 to"):
        CustomPenalty(lambda t: 1 / (1 + t), value_func=np.sqrt).value(1.0)
    with pytest.raises(ValueError, match=r"value_func returned nan at t = 0"):
        CustomPenalty(lambda t: 1 / (1 + t), value_func=lambda t: t / t).value(1.0)


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (CustomPenalty(3), "derivative_func must be callable, got 3"),
        (CustomPenalty(lambda t: t, value_func="x"), "value_func must be callable, got 'x'"),
        (CustomDropout(None), "keep_prob_func must be callable"),
        (CustomPenalty(lambda t: 1.0), r"derivative_func must return an array of the shape of its argument"),
        (CustomPenalty(lambda t: np.ones(3)), r"derivative_func must return as many values as it gets, 5, not 3"),
        (CustomPenalty(lambda t: t[:, None]), r"derivative_func must return an array of the shape of its argument"),
        (CustomPenalty(lambda t: ["a"] * len(t)), "derivative_func must return an array of real numbers"),
        (CustomPenalty(lambda t: None), "derivative_func must return an array of"),
        (CustomPenalty(lambda t: np.sin(t) / t), "derivative_func returned nan at t = 0"),
        (CustomPenalty(lambda t: np.where(t > 3, np.nan, 1.0)), r"derivative_func returned nan at t = 3\.\d+"),
        (CustomPenalty(lambda t: 1 - t), r"derivative_func must not be negative, got -.* at t = "),
        (CustomPenalty(lambda t: np.where(t > 1, np.inf, 1.0)), r"derivative_func must be finite for t > 0, got inf"),
        (CustomPenalty(lambda t: t**2), r"derivative_func must not grow faster than t"),
        (CustomPenalty(lambda t: 1 + 5 * (t > 2)), r"derivative_func must not grow faster than t, .* at t = 2\."),
        (CustomPenalty(lambda t: 1 / t), r"derivative_func must be integrable at 0, and grows like t\^-1"),
        (CustomPenalty(np.sign), "derivative_func must return its limit from the right at t = 0, got 0 beside 1"),
        (CustomDropout(lambda t: t), r"keep_prob_func must stay in \[0, 1\], got .* at t = "),
        (CustomDropout(lambda t: -t), r"keep_prob_func must stay in \[0, 1\], got -"),
        (CustomDropout(lambda t: 1 / (1 + t)), r"keep_prob_func must not decrease, and falls from .* at t = "),
        (CustomDropout(lambda t: 0.5 + 0.4 * np.sin(t)), r"keep_prob_func must not decrease"),
        (CustomDropout(lambda t: t**2 / (1 + t**2)), r"keep_prob_func must not fall at 0 as fast as t\^2"),
        (CustomDropout(lambda t: (t > 1) * 1.0), r"keep_prob_func must be positive for t > 0, got 0 at t = "),
    ],
)
def test_broken_functions_are_refused_with_the_point_of_failure(penalty, message, simulate):
    X, y, _ = simulate(20, 3)
    for use in (lambda: penalty.value(1.0), lambda: AdaptiveDropoutRegressor(0.1, penalty=penalty).fit(X, y)):
        with pytest.raises(ValueError, match=message):
            use()


def test_errors_of_the_functions_reach_the_user_unchanged(simulate):
    X, y, _ = simulate(60, 10)
    error = ZeroDivisionError("of the user's own")

    def fails(t):
        raise error

    def fails_late(t):
        late.calls += 1
        if late.calls > 12:
            raise error
        return 1 / (1 + t)

    late = Recorded(fails_late)
    late.calls = 0
    for use in (
        lambda: CustomPenalty(fails).value(1.0),
        lambda: CustomDropout(fails).prox(1.0),
        lambda: AdaptiveDropoutRegressor(0.1, penalty=CustomPenalty(fails)).fit(X, y),
        lambda: AdaptiveDropoutRegressor(0.1, penalty=CustomPenalty(fails_late)).fit(X, y),
    ):
        with pytest.raises(ZeroDivisionError) as caught:
            use()
        assert caught.value is error


def square_root(t):
    """The keep probability of power dropout with q = 1/2."""
    return np.sqrt(t) / (np.sqrt(t) + 1)


def test_manners_of_custom_strategies():
    strategy = CustomDropout(square_root)
    assert clone(strategy).keep_prob_func is square_root
    assert strategy.get_params() == {"keep_prob_func": square_root}
    assert "square_root" in repr(strategy)
    again = pickle.loads(pickle.dumps(strategy))
    assert_allclose(again.eta([0.0, 1.0, 4.0]), [0, 1, 2], rtol=1e-15)
    assert_allclose(strategy.eta([1.0, 4.0], alpha=3.0), [1, 2])
    assert strategy.keep_prob(4.0, alpha=2.0) == 0.5
    assert strategy.as_penalty().derivative(4.0) == pytest.approx(2)
    with pytest.raises(ValueError, match="eta must be nonnegative"):
        strategy.conjugate(-1.0)


def test_alpha_auto_needs_a_finite_positive_slope(simulate):
    X, y, _ = simulate(100, 20)
    lasso = AdaptiveDropoutRegressor(penalty="l1").fit(X, y)
    mine = AdaptiveDropoutRegressor(penalty=CustomPenalty(np.ones_like)).fit(X, y)
    assert mine.alpha_ == pytest.approx(lasso.alpha_, rel=1e-9)
    assert_allclose(mine.coef_, lasso.coef_, rtol=1e-7, atol=1e-10)
    with pytest.raises(ValueError, match=r'alpha="auto" is defined for .* CustomDropout'):
        AdaptiveDropoutRegressor(penalty=CustomDropout(square_root)).fit(X, y)


@pytest.mark.parametrize(
    ("func", "message"),
    [(lambda t: t + 1j, "complex"), (lambda t: np.ma.masked_array(1 / (1 + t), mask=t > 2), "masked")],
)
def test_complex_and_masked_answers_are_refused(func, message, simulate):
    X, y, _ = simulate(40, 5)
    with pytest.raises(ValueError, match=f"derivative_func .*{message}"):
        AdaptiveDropoutRegressor(ALPHA, penalty=CustomPenalty(func)).fit(X, y)


def test_conjugate_at_infinity():
    """Twice what a bounded penalty tends to."""
    exponential, capped = CustomPenalty(lambda t: np.exp(-t)), CustomPenalty(lambda t: np.maximum(1 - t, 0))
    assert exponential.conjugate(np.inf) == pytest.approx(2, rel=1e-10)
    assert capped.conjugate(np.inf) == pytest.approx(1, rel=1e-10)
    assert CustomPenalty(lambda t: 1 / (1 + t)).conjugate(np.inf) == np.inf
