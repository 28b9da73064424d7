"""Bad input is refused with the name of the argument, its bound and its value; good input is
converted once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.arguments import (
    broadcast,
    common_namespace,
    generator,
    integer,
    real,
    real_array,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, "1", None, True, 1j, np.array([1.0]), 0.0, -3]
)
def test_real_refuses(value):
    with pytest.raises(ValueError, match=r"R must be a finite real number > 0, got ") as error:
        real("R", value, above=0)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("value", [2.0, math.nan, "1", None, True, 0, 11, np.array([3])])
def test_integer_refuses(value):
    with pytest.raises(ValueError, match=r"d must be an integer >= 1 and <= 10, got "):
        integer("d", value, at_least=1, at_most=10)


@given(NUMBERS, NUMBERS)
def test_real_keeps_the_bounds_themselves(low, value):
    if value >= low:
        assert real("x", value, at_least=low) == value
    else:
        with pytest.raises(ValueError, match="x must be a finite real number >= "):
            real("x", value, at_least=low)
    with pytest.raises(ValueError, match="x must be a finite real number > "):
        real("x", low, above=low)


def test_numbers_of_numpy_are_numbers_and_integers_may_be_huge():
    assert real("x", np.float32(0.5)) == 0.5
    assert type(integer("d", np.int64(7))) is int
    assert integer("d", 10**400) == 10**400


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            ["1"],
            "t must be an array of numpy, torch or JAX, or numbers .* got list of dtype <U1",
        ),
        (np.array([1j]), "t must hold real numbers, got dtype complex128"),
        (np.array(0.5), r"t must have 1 axes, got shape \(\)"),
        (
            np.array([0.5, math.nan]),
            r"t must hold finite numbers >= -1 and <= 1, got nan at index \(1,\)",
        ),
        (
            np.array([0.5, 0.0, -1.5]),
            r"t must hold finite numbers >= -1 and <= 1, got -1.5 at index \(2,\)",
        ),
        (
            np.array([math.inf]),
            r"t must hold finite numbers >= -1 and <= 1, got inf at index \(0,\)",
        ),
    ],
)
def test_real_array_refuses(value, message):
    with pytest.raises(ValueError, match=message):
        real_array("t", value, ndim=1, at_least=-1, at_most=1)


def test_an_array_without_axes_is_a_number():
    with pytest.raises(ValueError, match=r"t must be a finite real number >= 0, got -1\.5"):
        real_array("t", np.array(-1.5), at_least=0)


def test_broadcast():
    u, v, w = broadcast(u=np.ones((2, 1), dtype=np.float32), v=np.ones(3, dtype=np.float32), w=2.0)
    assert u.shape == v.shape == w.shape == (2, 3)
    assert u.dtype == v.dtype == w.dtype == np.float32
    assert broadcast(u=1.0, v=2)[1].dtype == np.float64
    with pytest.raises(
        ValueError, match=r"u, v must have shapes that broadcast together, got \(2,\), \(3,\)"
    ):
        broadcast(u=np.ones(2), v=np.ones(3))
    with pytest.raises(ValueError, match="v must be a finite real number, got nan"):
        broadcast(u=np.ones(2), v=math.nan)


def test_libraries_do_not_mix():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="x, y must be arrays of one library, got numpy, torch"):
        common_namespace(x=np.ones(2), y=torch.ones(2))
    with pytest.raises(
        ValueError, match=r"u, v must have shapes that broadcast together, got \(2,\), \(3,\)"
    ):
        broadcast(u=torch.ones(2), v=torch.ones(3))


def test_a_seed_is_no_generator():
    rng = np.random.default_rng(0)
    assert generator("rng", rng) is rng
    for value in (7, None, np.random):
        with pytest.raises(ValueError, match=r"rng must be a numpy\.random\.Generator, got "):
            generator("rng", value)
