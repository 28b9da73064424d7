"""The activations: their formulas, what they return, and that nothing overflows."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.activations import erf, gaussian, relu, sine

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def test_activations_are_their_formulas():
    z = np.array([-2.5, -0.3, 0.0, 0.7, 1.9])
    assert_close(relu(z), [0, 0, 0, 0.7, 1.9], 0)
    assert_close(erf(z), [math.erf(t) for t in z], 4e-16)
    assert_close(sine(z), [math.sin(t) for t in z], 4e-16)
    assert_close(gaussian(z), [math.exp(-t * t / 2) for t in z], 4e-16)


@pytest.mark.parametrize("activation", [relu, erf, sine, gaussian])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_return_what_went_in(activation, dtype):
    z = np.linspace(-3, 3, 12).reshape(3, 4).astype(dtype)
    value = activation(z)
    assert (type(value), value.dtype, value.shape) == (np.ndarray, z.dtype, (3, 4))
    with pytest.raises(ValueError, match=r"z must hold finite numbers, got nan at index \(1,\)"):
        activation(np.array([0.0, math.nan]))
    torch = pytest.importorskip("torch")
    other = activation(torch.asarray(z))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy(), value, 1e-6 if dtype == "float32" else 1e-15)


@given(NUMBERS)
def test_gaussian_never_overflows(z):
    assert 0 <= float(gaussian(np.array([z]))[0]) <= 1
