"""Every function of arrays, with every kind of input that users have: converted, or one error."""

import re
from fractions import Fraction

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.activations import erf, gaussian, relu, sine
from randomfeatures.foundations.arguments import converted, real_array, real_arrays
from randomfeatures.foundations.dual_activations import (
    dual_erf,
    dual_gaussian,
    dual_relu,
    dual_relu_general,
    dual_sine,
    dual_step,
)
from randomfeatures.foundations.hermite import hermite
from randomfeatures.foundations.sphere import (
    gegenbauer,
    monomial_eigenvalue,
    multiplicity,
    sample_cosines,
    sample_sphere,
)
from randomfeatures.limits.anti_concentration import distribution
from randomfeatures.limits.concentration_two_waves import wave_kernel
from randomfeatures.limits.triangle_wave import triangle_wave, truncated_wave
from randomfeatures.power.kernels import arc_cosine, network_prior, neural_tangent
from randomfeatures.power.polynomials import ball_coefficient
from randomfeatures.power.polynomials_harmonics import evaluate
from randomfeatures.power.random_features import (
    NormalEquations,
    ReLUFeatures,
    minimum_norm,
    ridge,
)

torch = pytest.importorskip("torch")

# Small integers over 4: every dtype, float16 too, holds them exactly, and so do the integers alone.
Z = np.array([[1.0, 0.0, 0.25], [-0.5, 1.0, 0.75]])
WHOLE = np.array([[1.0, 0.0, 1.0], [-1.0, 1.0, 0.0]])
P = {(1, 1, 0): 2, (0, 0, 2): 1}
FUNCTIONS = {
    "relu": relu,
    "erf": erf,
    "sine": sine,
    "gaussian": gaussian,
    "hermite": lambda z: hermite(3, z),
    "gegenbauer": lambda z: gegenbauer(3, 4, z),
    "dual_step": dual_step,
    "dual_relu": dual_relu,
    "dual_relu_general": lambda z: dual_relu_general(1.0, 2, 0.5, z, 0.25),
    "dual_erf": lambda z: dual_erf(1.0, 2, z),
    "dual_sine": lambda z: dual_sine(1.0, 2, 0.5, z),
    "dual_gaussian": lambda z: dual_gaussian(2, 1.0, z),
    "arc_cosine": lambda z: arc_cosine(z, z, 1, 2),
    "neural_tangent": lambda z: neural_tangent(z, z, 2),
    "network_prior": lambda z: network_prior(z, z, 2, 1),
    "evaluate": lambda z: evaluate(P, z),
    "ridge": lambda z: ridge(z, z, 0.5),
    "minimum_norm": lambda z: minimum_norm(z, z),
    "normal equations": lambda z: NormalEquations().add(z, z).ridge(0.5),
    "weights": lambda z: ReLUFeatures(z, [0.5, 1])([[1.0, -1.0, 2.0]]),
    "features": lambda z: ReLUFeatures(Z, [0.5, 1])(z),
    "triangle_wave": triangle_wave,
    "truncated_wave": lambda z: truncated_wave(z, 5),
    "wave_kernel": lambda z: wave_kernel(1.0, z),
}


def pandas_frame(z):
    return pytest.importorskip("pandas").DataFrame(z, columns=list("abc"))


def fractions(z):
    return [[Fraction(float(a)) for a in row] for row in z]


def read_only(z):
    z = z.copy()
    z.flags.writeable = False
    return z


KINDS = {
    "list": np.ndarray.tolist,
    "tuples": lambda z: tuple(map(tuple, z.tolist())),
    "list of arrays": list,
    "fractions": fractions,
    "big-endian": lambda z: z.astype(">f8"),
    "negative strides": lambda z: np.ascontiguousarray(z[::-1, ::-1])[::-1, ::-1],
    "Fortran order": np.asfortranarray,
    "read-only": read_only,
    "frame": pandas_frame,
    "masked, nothing hidden": lambda z: np.ma.masked_array(z, mask=np.zeros(z.shape, dtype=bool)),
    "matrix": lambda z: z.view(type("Subclass", (np.ndarray,), {})),
    "longdouble": lambda z: z.astype(np.longdouble),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_what_numpy_reads_is_an_array_of_float64(function, kind):
    value = function(kind(Z))
    assert type(value) is np.ndarray
    assert value.dtype == np.float64
    assert value.dtype.isnative
    assert np.array_equal(value, function(Z))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.float16, ">i4", ">f4"])
def test_integers_become_double_and_halves_single_precision(function, dtype):
    value = function(WHOLE.astype(dtype))
    expected = np.float32 if np.dtype(dtype).kind == "f" else np.float64
    if function not in (FUNCTIONS["weights"],):  # there the rows decide, a list
        assert value.dtype == expected
    assert np.array_equal(value, function(WHOLE.astype(expected)))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_torch_tensors_of_every_kind(function):
    for tensor, dtype in (
        (torch.tensor(WHOLE), torch.float64),
        (torch.tensor(WHOLE).int(), torch.float64),
        (torch.tensor(WHOLE).half(), torch.float32),
        (torch.tensor(WHOLE).bfloat16(), torch.float32),
        (torch.tensor(WHOLE.T).T, torch.float64),
    ):
        value = function(tensor)
        if function is FUNCTIONS["weights"]:
            assert isinstance(value, np.ndarray)
            continue
        assert isinstance(value, torch.Tensor)
        assert value.dtype == dtype
        assert np.allclose(value.numpy(), function(WHOLE), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_torch_gradients_and_vmap(function):
    if function is FUNCTIONS["weights"]:
        pytest.skip("weights are fixed numbers")
    z = torch.tensor(Z, requires_grad=True)
    value = function(z)
    assert value.requires_grad
    batch = torch.stack([z.detach(), z.detach() / 2])
    if function is FUNCTIONS["normal equations"]:
        return  # a sum that is kept is no function of one batch
    together = torch.func.vmap(function)(batch)
    alone = torch.stack([function(rows) for rows in batch])
    assert torch.allclose(together, alone, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_jax_with_and_without_double_precision(function):
    jax = pytest.importorskip("jax")
    truth = function(Z)
    for double, error in ((False, 2e-5), (True, 1e-12)):
        with jax.enable_x64(double):
            z = jax.numpy.asarray(Z)
            if function is FUNCTIONS["weights"]:
                assert np.array_equal(function(z), truth)  # numbers that all libraries hold
                continue
            whole = function is FUNCTIONS["normal equations"]  # a sum that is kept needs values
            value = function(z) if whole else jax.jit(function)(z)
            assert isinstance(value, jax.Array)
            assert value.dtype == (np.float64 if double else np.float32)
            assert np.max(np.abs(np.asarray(value) - truth)) < error * max(1, np.max(np.abs(truth)))


STRANGE = {
    "masked": (lambda z: np.ma.masked_array(z, mask=z > 0.9), "must have no masked entries, got 2"),
    "text": (lambda z: [["1", "2", "3"]], "must be an array of numpy, torch or JAX, or numbers"),
    "None": (lambda z: None, "each entry must be a finite real number, got None"),
    "a missing number": (lambda z: [[1.0, None, 2.0]], "each entry must be .* got None"),
    "NaN": (lambda z: z * np.nan, r"must hold finite numbers.*, got nan at index \(0, 0\)"),
    "complex": (lambda z: z + 0j, "must hold real numbers, got dtype complex128"),
    "ragged": (lambda z: [[1.0, 2.0, 3.0], [1.0]], "must be an array of numpy, torch or JAX"),
    "huge": (lambda z: [[10**400, 1, 1]], r"each entry must be .* got an integer near 1e\+400"),
    "dates": (lambda z: z.astype("M8[s]"), "must be an array of numpy, torch or JAX, or numbers"),
    "dictionary": (lambda z: {"a": 1}, "each entry must be a finite real number, got {'a': 1}"),
    "sparse tensor": (lambda z: torch.tensor(z).to_sparse(), "must be a dense array, got layout"),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
@pytest.mark.parametrize(("make", "message"), STRANGE.values(), ids=STRANGE.keys())
def test_what_is_no_array_of_numbers_is_one_error(function, make, message):
    with pytest.raises(ValueError, match=message):
        function(make(Z))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_other_libraries_are_refused_by_name(function):
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(
        ValueError, match=r"must be an array of numpy, torch or JAX.* got array_api_strict"
    ):
        function(strict.asarray(Z))


def test_other_frames_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    assert np.array_equal(real_array("x", frame), [[1, 0.5], [2, 1.5]])
    assert np.array_equal(real_array("x", frame["a"]), [1, 2])
    assert np.array_equal(real_array("x", frame.convert_dtypes()), [[1, 0.5], [2, 1.5]])
    with pytest.raises(ValueError, match="x must have no masked entries, got 1"):
        real_array("x", pandas.array([1, None], dtype="Int64"))
    with pytest.raises(ValueError, match="x, each entry must be a finite real number, got 'u'"):
        real_array("x", pandas.DataFrame({"a": [1.0], "b": ["u"]}))


def test_pairs_of_arguments():
    value = ball_coefficient(P, Z.tolist(), [0.5, -0.5])
    assert np.array_equal(value, ball_coefficient(P, Z, np.array([0.5, -0.5])))
    assert np.array_equal(
        distribution([0, 0.5, 1], 1.0), distribution(np.array([0, 0.5, 1.0]), 1.0)
    )
    x = torch.tensor(Z)
    assert isinstance(arc_cosine(x, Z.tolist(), 1, 1), torch.Tensor)
    assert isinstance(arc_cosine(Z.tolist(), x, 1, 1), torch.Tensor)
    assert arc_cosine(x.float(), x, 1, 1).dtype == torch.float64
    assert isinstance(ReLUFeatures(Z[::-1], np.zeros(2)[::-1])(x), torch.Tensor)
    assert isinstance(ReLUFeatures(x, [0, 0])(Z), np.ndarray)
    with pytest.raises(ValueError, match="x, y must be arrays of one library, got numpy, torch"):
        arc_cosine(Z, x, 1, 1)


def test_numbers_do_not_change_the_dtype_and_lists_do():
    single = np.ones(2, dtype=np.float32)
    for number in (2, 2.0, np.float64(2), Fraction(2)):
        assert [a.dtype for a in real_arrays(x=single, y=number)] == [np.float32] * 2
    assert [a.dtype for a in real_arrays(x=single, y=[2.0])] == [np.float64] * 2
    assert [a.dtype for a in real_arrays(x=np.float32(1), y=np.float32(2))] == [np.float32] * 2
    x, y = real_arrays(x=[[1.0]], y=torch.ones(1, dtype=torch.float32), ndim=(2, 1))
    assert (x.dtype, y.dtype) == (torch.float64, torch.float64)
    with pytest.raises(ValueError, match=r"y must have 1 axes, got shape \(1, 1\)"):
        real_arrays(x=[[1.0]], y=[[1.0]], ndim=(2, 1))


def test_conversion_within_torch_keeps_the_derivative():
    x = torch.ones(2, dtype=torch.float32, requires_grad=True)
    assert converted(x, torch.ones(1, dtype=torch.float64)).requires_grad
    with pytest.raises(RuntimeError, match="requires grad"):
        converted(x, np.ones(1))


@given(st.lists(st.integers(-(2**60), 2**60), min_size=1, max_size=5))
def test_integers_are_rounded_once(numbers):
    assert real_array("x", numbers).tolist() == [float(a) for a in numbers]
    assert real_array("x", torch.tensor(numbers)).tolist() == [float(a) for a in numbers]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: sample_cosines(rng, 3, 10**400), "d must be an integer >= 1 and <= 1e+300"),
        (
            lambda rng: sample_cosines(rng, 10**400, 3),
            "n must be an integer >= 0 and <= 1000000000000",
        ),
        (
            lambda rng: sample_sphere(rng, 3, 10**400),
            "d must be an integer >= 1 and <= 1000000000000",
        ),
        (lambda rng: multiplicity(10**400, 10**400), "d or k must be an integer <= 1000000000"),
        (
            lambda rng: monomial_eigenvalue(3, 10**400, 2),
            "m must be an integer >= 0 and <= 1000000000",
        ),
        (lambda rng: hermite(10**400, 0.5), "m_max must be an integer >= 0 and <= 1000000000"),
        (lambda rng: ridge(Z, Z, 10**400), "penalty must be a finite real number >= 0"),
        (lambda rng: arc_cosine(Z, Z, 10**400, 1), "degree must be an integer >= 0 and <= 1"),
    ],
)
def test_huge_integers_are_named_not_overflowed(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call(np.random.default_rng(0))


def test_huge_dimensions_that_have_a_value():
    cosines = sample_cosines(np.random.default_rng(0), 200_000, 10**200)
    assert_close(np.mean(cosines**2) * 1e200, 1, 0.013)
    assert multiplicity(10**400, 1) == 10**400
