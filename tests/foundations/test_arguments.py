"""Bad input is refused with the name of the argument, its bound and its value; good input comes back unchanged."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.activations import erf, gaussian, relu, sine, through_numpy
from randomfeatures.foundations.arguments import broadcast, common_namespace, generator, integer, real, real_array

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1", None, True, 1j, np.array([1.0]), 0.0, -3])
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
        (["1"], "t must be an array of numpy, torch or JAX, or numbers that numpy reads, got list of dtype <U1"),
        (np.array([1j]), "t must hold real numbers, got dtype complex128"),
        (np.array(0.5), r"t must have 1 axes, got shape \(\)"),
        (np.array([0.5, math.nan]), r"t must hold finite numbers >= -1 and <= 1, got nan at index \(1,\)"),
        (np.array([0.5, 0.0, -1.5]), r"t must hold finite numbers >= -1 and <= 1, got -1.5 at index \(2,\)"),
        (np.array([math.inf]), r"t must hold finite numbers >= -1 and <= 1, got inf at index \(0,\)"),
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
    with pytest.raises(ValueError, match=r"u, v must have shapes that broadcast together, got \(2,\), \(3,\)"):
        broadcast(u=np.ones(2), v=np.ones(3))
    with pytest.raises(ValueError, match="v must be a finite real number, got nan"):
        broadcast(u=np.ones(2), v=math.nan)


def test_libraries_do_not_mix():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="x, y must be arrays of one library, got numpy, torch"):
        common_namespace(x=np.ones(2), y=torch.ones(2))
    with pytest.raises(ValueError, match=r"u, v must have shapes that broadcast together, got \(2,\), \(3,\)"):
        broadcast(u=torch.ones(2), v=torch.ones(3))


def test_a_seed_is_no_generator():
    rng = np.random.default_rng(0)
    assert generator("rng", rng) is rng
    for value in (7, None, np.random):
        with pytest.raises(ValueError, match=r"rng must be a numpy\.random\.Generator, got "):
            generator("rng", value)


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


def test_through_numpy_comes_back_to_torch_and_refuses_a_gradient():
    torch = pytest.importorskip("torch")
    value = through_numpy(np.cbrt, torch.tensor([8.0, 27.0]))
    assert isinstance(value, torch.Tensor)
    assert value.dtype == torch.float32
    assert_close(value.numpy(), [2, 3], 1e-6)
    with pytest.raises(RuntimeError, match="requires grad"):
        through_numpy(np.cbrt, torch.tensor([8.0], requires_grad=True))


@given(NUMBERS)
def test_gaussian_never_overflows(z):
    assert 0 <= float(gaussian(np.array([z]))[0]) <= 1
