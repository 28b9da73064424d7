"""Ball arithmetic behind the population error: when its precision is enough, when it gives up."""

import math
from dataclasses import replace

import numpy as np
import pytest

from randomfeatures.sharp.population_error import NotConvergedWarning, balls, population_error

pytest.importorskip("flint")

CLOSE = np.array([[1.0, k * 1e-14] for k in range(6)])
"""Six neurons so close that 128 bits do not decide."""


def test_the_precision_rises_until_the_interval_is_as_narrow_as_asked_for():
    """At the first precision that gives an interval, half of its width is asked for."""
    goal, width, bits = np.array([[0.6, 0.8]]), math.inf, iter(balls.PRECISIONS)
    while not width < 0.1:
        with balls.working_precision(next(bits)):
            rows, goals = balls._integer_rows(CLOSE), balls._integer_rows(goal)
            (error,), _ = balls._solution(rows, goals)
            width = 2 * float(error.rad()) if error.is_finite() else math.inf
    found = balls.enclosure_in_balls(CLOSE, goal, tolerance=width)
    assert found.reached(width) and found.width < 0.01 * width


def test_coefficients_that_are_no_floats_are_given_up_for_zeros():
    with balls.working_precision(128):
        assert balls._interval(balls.ball(0.1), [1.0, math.inf], True) == (0.0, 0.5, [0.0, 0.0])
        assert balls._interval(balls.ball(math.nan), [1.0], True) == (0.0, 0.5, [0.0])
        assert balls._interval(balls.ball(0.125), [1.0], True) == (0.125, 0.125, [1.0])


def test_an_interval_in_balls_that_is_wider_is_not_taken(monkeypatch):
    found = balls.enclosure_in_balls(CLOSE, CLOSE[:1], 1e-8)
    wide = replace(found, lower=0 * found.lower, upper=0 * found.upper + 0.5)
    monkeypatch.setattr(balls, "enclosure_in_balls", lambda *arguments: wide)
    with pytest.warns(NotConvergedWarning):
        result = population_error(CLOSE, CLOSE[:1], tolerance=1e-15)
    assert result.method == "dense" and result.upper[0] < 0.4
