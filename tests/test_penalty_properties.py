"""Laws that every registered penalty obeys, whatever its parameters; a new penalty is covered without a new line."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pyreweight._native import core
from pyreweight.penalties import get_penalty

every_penalty = pytest.mark.parametrize("name", core.penalty_names())
positive = st.floats(-4, 3).map(lambda e: 10.0**e)
strength = st.floats(-1, 0.7).map(lambda e: 10.0**e)
step_size = st.floats(-2, 1.6).map(lambda e: 10.0**e)
EXTREMES = np.array([0, 1e-300, 1e-160, 1e-80, 1e-20, 1e-8, 1e-3, 1, 30, 1e3, 1e8, 1e9, 1e20, 1e80, 1e160, 1e300])


@st.composite
def penalties(draw, name):
    """The penalty of that name with parameters around its defaults."""
    penalty = get_penalty(name)
    for parameter, default in penalty.get_params().items():
        if isinstance(default, str):
            continue  # chooses among rules that have names of their own
        if default is None:
            value = draw(st.none() | st.floats(0.2, 5.0))
        elif default == 0:
            value = draw(st.floats(-2.0, 2.0))
        else:
            value = default * draw(st.just(1.0) | st.floats(0.3, 3.0))
        penalty.set_params(**{parameter: value})
    try:
        penalty.slope_at_zero  # noqa: B018
    except ValueError:
        assume(False)
    return penalty


def curvature(penalty, t, alpha):
    return core.evaluate_penalty(*penalty._core_arguments(), "curvature", np.atleast_1d(t), alpha)


def zero_threshold(penalty, alpha, step):
    return core.zero_threshold(*penalty._core_arguments(), alpha, step)


def prox_objective(penalty, x, z, alpha, step):
    return (x - z) ** 2 / 2 + step * alpha * penalty.value(x, alpha)


@every_penalty
@given(data=st.data(), t=positive, alpha=strength)
def test_eta_is_t_over_the_derivative(name, data, t, alpha):
    penalty = data.draw(penalties(name))
    slope, eta = penalty.derivative(t, alpha), penalty.eta(t, alpha)
    if slope == 0:
        assert eta == np.inf
    elif eta < np.inf:  # it may overflow where the slope does not underflow
        assert eta * slope == pytest.approx(t, rel=1e-12)


@every_penalty
@given(data=st.data(), t=positive, alpha=strength)
def test_derivative_is_that_of_the_value(name, data, t, alpha):
    penalty = data.draw(penalties(name))
    h = 1e-7 * t
    below, here, above = penalty.value([t - h, t, t + h], alpha)
    left, right = (here - below) / h, (above - here) / h
    error = 2e-6 * (abs(left) + abs(right) + here / t)
    # At a kink any slope between those of the two sides will do.
    assert min(left, right) - error <= penalty.derivative(t, alpha) <= max(left, right) + error


@every_penalty
@given(data=st.data(), t=positive, alpha=strength)
def test_curvature_is_the_derivative_of_the_derivative(name, data, t, alpha):
    penalty = data.draw(penalties(name))
    h = 1e-6 * t
    below, here, above = penalty.derivative([t - h, t, t + h], alpha)
    left, right = (here - below) / h, (above - here) / h
    unit = here / t + abs(left)
    assume(abs(left - right) < 1e-3 * unit)  # otherwise a kink of the derivative lies between t - h and t + h
    assert curvature(penalty, t, alpha)[0] == pytest.approx((left + right) / 2, rel=1e-5, abs=1e-5 * unit)


@every_penalty
@given(data=st.data(), a=positive, b=positive, alpha=strength)
def test_quadratic_of_the_eta_trick_majorises(name, data, a, b, alpha):
    penalty = data.draw(penalties(name))
    bound = penalty.value(a, alpha) + (b - a) * (b + a) / (2 * penalty.eta(a, alpha))
    assert penalty.value(b, alpha) <= bound + 1e-12 * (penalty.value(a, alpha) + penalty.value(b, alpha))


@every_penalty
@given(data=st.data(), t=st.just(0.0) | positive, x=st.just(0.0) | positive, alpha=strength)
def test_majoriser_of_one_reweighting(name, data, t, x, alpha):
    penalty = data.draw(penalties(name))
    (l1,), (l2,) = core.majorise_penalty(*penalty._core_arguments(), np.array([t]), alpha)
    assert l1 >= 0
    assert l2 >= 0
    rises = t == 0 and penalty.slope_at_zero > 0 and curvature(penalty, t, alpha)[0] == np.inf
    if np.isfinite(l1) and np.isfinite(l2):
        rise = l1 * (x - t) + l2 * (x - t) * (x + t) / 2
        values = penalty.value([t, x], alpha)
        assert values[1] - values[0] <= rise + 1e-12 * (values.sum() + (l1 + l2 * (x + t)) * (x + t))
        # It touches with the same slope, so a fixed point of the reweighting is stationary.
        # Not so at 0 where the derivative rises with infinite slope: no parabola does, and the prox releases zeros.
        assert rises or l1 + l2 * t == pytest.approx(penalty.derivative(t, alpha), rel=1e-12)
    else:
        assert t == 0


@every_penalty
@given(data=st.data(), t=positive, eta=positive, alpha=strength)
def test_value_is_the_minimum_over_eta(name, data, t, eta, alpha):
    penalty = data.draw(penalties(name))
    value, best = penalty.value(t, alpha), penalty.eta(t, alpha)
    assert (t * (t / best) + penalty.conjugate(best, alpha)) / 2 == pytest.approx(value, rel=1e-10)
    assert (t * (t / eta) + penalty.conjugate(eta, alpha)) / 2 >= value * (1 - 1e-12)


@every_penalty
@given(data=st.data(), alpha=strength)
def test_monotone_faces(name, data, alpha):
    penalty = data.draw(penalties(name))
    t = np.concatenate([[0.0], np.geomspace(1e-8, 1e8, 400)])
    for face in (penalty.eta(t, alpha), penalty.keep_prob(t, alpha), penalty.conjugate(t, alpha)):
        finite = face[np.isfinite(face)]
        assert np.all(finite[1:] >= finite[:-1] * (1 - 1e-13))
        assert not np.isfinite(face[finite.size :]).any()
    keep = penalty.keep_prob(t, alpha)
    assert np.all((keep >= 0) & (keep <= 1))


@every_penalty
@given(data=st.data(), z=st.just(0.0) | positive, alpha=strength, step=step_size)
def test_prox_is_a_global_minimiser(name, data, z, alpha, step):
    penalty = data.draw(penalties(name))
    x = penalty.prox(z, alpha, step)
    assert 0 <= x <= z
    others = np.concatenate(
        [np.linspace(0, z, 500), z * np.geomspace(1e-6, 1, 200), x * (1 + np.linspace(-0.1, 0.1, 21))]
    )
    best = prox_objective(penalty, others, z, alpha, step).min()
    assert prox_objective(penalty, x, z, alpha, step) <= best + 1e-13 * (z * z + abs(best))
    if x > 0:
        pull = step * alpha * penalty.derivative(x, alpha)
        assert x + pull == pytest.approx(z, rel=1e-11)
    assert penalty.prox(-z, alpha, step) == -x


@every_penalty
@given(data=st.data(), alpha=strength, step=step_size)
def test_zero_threshold_is_that_of_the_prox(name, data, alpha, step):
    penalty = data.draw(penalties(name))
    threshold = zero_threshold(penalty, alpha, step)
    if penalty.slope_at_zero > 0:
        assert threshold > 0
        assert penalty.prox(threshold * (1 - 1e-9), alpha, step) == 0
        assert penalty.prox(threshold * (1 + 1e-9), alpha, step) > 0
        assert threshold <= step * alpha * penalty.slope_at_zero * (1 + 1e-15)
    else:
        assert threshold == 0
        z = 10.0
        if step * alpha * penalty.derivative(1e-300, alpha) < z:  # the prox is a number that a double can hold
            assert penalty.prox(z, alpha, step) > 0


@every_penalty
@given(data=st.data(), w=positive, alpha=strength, factor=st.floats(0.1, 10))
def test_strength_and_scale(name, data, w, alpha, factor):
    """A tied scale makes alpha * value homogeneous in (w, alpha); without a scale the value ignores alpha."""
    penalty = data.draw(penalties(name))
    if "scale" in penalty.get_params():
        penalty.set_params(scale=None)
        scaled = penalty.value(factor * w, factor * alpha)
        assert scaled == pytest.approx(factor * penalty.value(w, alpha), rel=1e-13)
        penalty.set_params(scale=alpha)
        assert penalty.value(w, 7.0) == get_penalty(name).set_params(**penalty.get_params()).value(w, alpha)
    else:
        assert penalty.value(w, factor * alpha) == penalty.value(w, alpha)


@every_penalty
@given(data=st.data(), alpha=strength)
def test_declared_character(name, data, alpha):
    penalty = data.draw(penalties(name))
    t = np.geomspace(1e-3, 1e3, 300) * alpha
    slope = penalty.derivative(t, alpha)
    assert penalty.convex == bool(np.all(np.diff(slope) >= -1e-12 * slope[:-1]))
    properties = core.penalty_properties(*penalty._core_arguments())
    bend = curvature(penalty, t, alpha)
    parabola = np.ptp(bend) == 0 and np.allclose(np.diff(slope), bend[0] * np.diff(t), rtol=1e-9, atol=1e-12 * slope[0])
    assert properties["linear_quadratic"] == parabola
    assert penalty.slope_at_zero == penalty.derivative(0, alpha)
    if "scale" in penalty.get_params():
        assert penalty.slope_at_zero in (0, 1, np.inf)
    assert penalty.value(0, alpha) == 0
    assert penalty.separable
    assert penalty.subquadratic


@every_penalty
@given(data=st.data(), alpha=st.sampled_from([1e-100, 1e-3, 1.0, 1e100]))
def test_extremes_of_the_double_range(name, data, alpha):
    penalty = data.draw(penalties(name))
    t = np.append(EXTREMES, np.inf)
    faces = [penalty.value(t, alpha), penalty.derivative(t, alpha), penalty.eta(t, alpha), penalty.conjugate(t, alpha)]
    for face in [*faces, penalty.keep_prob(t, alpha)]:
        assert np.all(face >= 0)
    assert not np.isnan(curvature(penalty, t, alpha)).any()
    assert np.all(faces[0][1:] >= faces[0][:-1] * (1 - 1e-14))
    for step in (1e-200, 1e-20, 1.0, 1e20, 1e200):  # step * alpha stays a number
        assert zero_threshold(penalty, alpha, step) >= 0
        x = penalty.prox(t, alpha, step)
        assert np.all((x >= 0) & (x <= t))
        assert np.all(np.diff(x[:-1]) >= 0)


@every_penalty
def test_values_are_even_and_keep_the_shape(name):
    penalty = get_penalty(name)
    w = np.array([[-2.0, 0.5, 0.0], [3.0, -0.1, 1.0]])
    for face in (penalty.value, penalty.derivative, penalty.eta, penalty.keep_prob):
        assert_array_equal(face(w), face(-w))
        assert face(w).shape == w.shape
        assert face(w.T)[1, 0] == face(w)[0, 1] == face(0.5)
        assert np.ndim(face(0.5)) == 0
        assert face([]).shape == (0,)
    assert penalty.conjugate(np.abs(w)).shape == w.shape
    assert_allclose(penalty.prox(w), -penalty.prox(-w))
    assert penalty.prox(np.inf) == np.inf
    assert penalty.prox(-np.inf) == -np.inf
