"""The methods, libraries, precisions and arguments of the population error; long runs."""

import signal
import subprocess
import sys
import time
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from checks import assert_close
from population_error_parts import neurons

from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.sharp.population_error import (
    NotConvergedWarning,
    balls,
    population_error,
    solve,
)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture(params=["torch", "numpy alone"])
def engine(request, monkeypatch):
    """The matrix-free method in torch, and where torch cannot be imported."""
    if request.param == "torch":
        pytest.importorskip("torch")
    else:
        monkeypatch.setattr(solve, "torch_or_none", lambda: None)
    return request.param


@pytest.mark.parametrize(("r", "d"), [(700, 20), (900, 6), (300, 40)])
def test_dense_and_iterative_agree(engine, r, d):
    """With more than one tile, a last tile that is not full, and degrees 0, 1 and 2 of the
    preconditioner."""
    rng = np.random.default_rng(r)
    weights, directions = neurons(rng, r, d), neurons(rng, 3, d)
    dense, iterative = (
        population_error(weights, directions, method=method) for method in ("dense", "iterative")
    )
    assert isinstance(iterative.error, np.ndarray) and iterative.coefficients.dtype == np.float64
    assert (dense.lower_bound, iterative.lower_bound) == ("rigorous", "probable")
    energy = np.sum(directions**2, axis=1) / 2
    assert np.all(iterative.lower <= dense.upper) and np.all(dense.lower <= iterative.upper)
    assert (
        np.all(iterative.upper - iterative.lower <= 1e-8 * energy)
        and dense.converged
        and iterative.converged
    )
    assert_close(iterative.error, dense.error, 1e-8 * energy)
    assert 1 <= iterative.iterations <= 100
    again = population_error(weights, directions, method="iterative")
    assert np.array_equal(again.error, iterative.error) or engine == "torch"
    assert np.all(np.abs(again.error - iterative.error) <= 1e-12 * energy)


def test_too_few_iterations_are_said_aloud(rng, monkeypatch, engine):
    weights, directions = sample_sphere(rng, 600, 5), sample_sphere(rng, 2, 5)
    truth = population_error(weights, directions, method="dense")
    monkeypatch.setattr(solve, "MAX_ITERATIONS", 6)
    with pytest.warns(NotConvergedWarning, match="after 6 iterations"):
        result = population_error(weights, directions, method="iterative")
    assert not result.converged and result.iterations == 6
    assert np.all(result.lower <= truth.lower) and np.all(truth.upper <= result.upper)


def test_torch_gives_the_numbers_of_numpy(rng):
    torch = pytest.importorskip("torch")
    weights, directions = neurons(rng, 400, 9), neurons(rng, 3, 9)
    biases = rng.standard_normal(400) * np.linalg.norm(weights, axis=1)
    for method, b in (
        ("dense", None),
        ("iterative", None),
        ("dense", biases[:100]),
        ("iterative", biases[:100]),
    ):
        w = weights if b is None else weights[:100]
        plain = population_error(w, directions, b, method=method)
        there = population_error(
            *(None if a is None else torch.from_numpy(a) for a in (w, directions, b)), method=method
        )
        assert there.error.dtype == torch.float64 and there.coefficients.shape == (len(w), 3)
        for name in ("error", "lower", "upper"):
            assert_close(
                getattr(there, name), getattr(plain, name), 1e-10 * np.sum(directions**2, axis=1)
            )
        assert there.lower_bound == plain.lower_bound


@pytest.mark.parametrize("method", ["dense", "iterative"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_single_precision_is_verified_in_double(rng, method, library):
    """The interval, rounded outwards to single precision, holds the truth of the weights as they
    are in single precision."""
    xp = pytest.importorskip(library)
    weights, directions = (xp.asarray(neurons(rng, n, 12).astype(np.float32)) for n in (500, 3))
    result = population_error(weights, directions, method=method)
    assert result.error.dtype == result.lower.dtype == result.coefficients.dtype == xp.float32
    truth = population_error(
        *(np.asarray(a).astype(float) for a in (weights, directions)), method="dense"
    )
    energy = np.sum(np.asarray(directions, dtype=float) ** 2, axis=1) / 2
    lower, upper, error = (
        np.asarray(a).astype(float) for a in (result.lower, result.upper, result.error)
    )
    assert np.all(lower <= truth.upper) and np.all(truth.lower <= upper)
    assert np.all(upper - lower <= 4e-8 * energy) and result.converged
    assert_close(error, truth.error, 4e-8 * energy)
    assert result.lower_bound == ("rigorous" if method == "dense" else "estimate")


def test_arrays_that_record_gradients_are_taken_without_them(rng):
    torch = pytest.importorskip("torch")
    weights = torch.from_numpy(sample_sphere(rng, 100, 8)).requires_grad_()
    for method in ("dense", "iterative"):
        assert not population_error(
            weights, weights[:1] + weights[1:2], method=method
        ).error.requires_grad


@pytest.mark.parametrize("method", ["dense", "iterative"])
def test_on_a_gpu(rng, method):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("NOT TESTED: a GPU against the CPU, for torch finds no CUDA device here")
    weights, directions = neurons(rng, 5000, 30), neurons(rng, 3, 30)
    there = population_error(
        *(torch.from_numpy(a).cuda() for a in (weights, directions)), method=method
    )
    assert there.error.device.type == "cuda"
    assert_close(
        there.error.cpu(),
        population_error(weights, directions, method="dense").error,
        1e-8 * np.sum(directions**2, axis=1),
    )


def test_the_iterative_method_never_has_the_matrix(monkeypatch):
    """4000 features: the matrix has 128 MB; the peak stays below 40 MB, and below twice that of
    2000 features."""
    monkeypatch.setattr(solve, "torch_or_none", lambda: None)
    peaks = []
    for r in (2000, 4000):
        rng = np.random.default_rng(0)
        weights, directions = sample_sphere(rng, r, 24), sample_sphere(rng, 2, 24)
        tracemalloc.start()
        result = population_error(weights, directions, method="iterative")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert result.converged
    assert peaks[1] < 40e6 and peaks[1] < 2 * peaks[0]


@pytest.mark.parametrize(
    ("n", "d", "biased", "method"),
    [
        (2000, 50, False, "dense"),
        (2001, 10, False, "dense"),
        (3000, 50, False, "iterative"),
        (3000, 100, False, "dense"),
        (3000, 784, False, "iterative"),
        (5000, 10, False, "dense"),
        (5000, 20, False, "iterative"),
        (9000, 20, False, "iterative"),
        (20000, 10, False, "iterative"),
        (2001, 3, False, "iterative"),
        (6000, 4, False, "dense"),
        (6001, 4, False, "iterative"),
        (2000, 50, True, "dense"),
        (4000, 50, True, "iterative"),
        (8000, 50, True, "iterative"),
        (8000, 10, True, "dense"),
        (8000, 20, True, "dense"),
        (30000, 20, True, "iterative"),
        (20000, 3, True, "dense"),
        (40000, 3, True, "iterative"),
        (2, 1, False, "dense"),
    ],
)
def test_the_method_that_is_taken(n, d, biased, method):
    rows = np.broadcast_to(0.0, (n, d))
    neurons = SimpleNamespace(rows=rows, bias=np.zeros(n) if biased else None)
    assert solve.method_for("auto", neurons) == method


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"weights": np.array([[1.0, np.nan]])},
            r"weights must hold finite numbers, got nan at index \(0, 1\)",
        ),
        ({"weights": np.array([1.0, 2.0])}, r"weights must have 2 axes, got shape \(2,\)"),
        ({"weights": "ab"}, "weights must be an array of numpy, torch or JAX"),
        ({"weights": [[1.0], [1.0, 2.0]]}, "weights must be an array of numpy, torch or JAX"),
        (
            {"weights": np.array([[1j, 2.0]])},
            "weights must hold real numbers, got dtype complex128",
        ),
        (
            {"weights": np.ma.array([[1.0, 2.0]], mask=[[0, 1]])},
            "weights must have no masked entries, got 1",
        ),
        (
            {"weights": np.ones((1, 0)), "directions": np.ones((1, 0))},
            "directions must have as many columns as weights, at least 1, got 0 and 0",
        ),
        (
            {"directions": np.ones((1, 3))},
            "directions must have as many columns as weights, at least 1, got 3 and 2",
        ),
        ({"directions": np.array([[np.inf, 1.0]])}, "directions must hold finite numbers, got inf"),
        (
            {"directions": np.array([[1e200, 1.0]])},
            "directions must have squared lengths below 1.8e",
        ),
        ({"biases": np.ones(2)}, "biases must have 1 entries, one for each row, got 2"),
        (
            {"direction_biases": np.ones(2)},
            "direction_biases must have 1 entries, one for each row, got 2",
        ),
        ({"tolerance": 0.0}, "tolerance must be a finite real number > 0, got 0.0"),
        ({"method": "fast"}, "method must be .* got 'fast'"),
        (
            {"method": "ball", "biases": np.ones(1)},
            "method must not be \"ball\" for neurons with biases, got 'ball'",
        ),
        (
            {"method": "iterative"},
            "for one dimension or one feature, got d = 2 and 1 distinct features",
        ),
        (
            {"method": "ball", "weights": np.random.default_rng(3).standard_normal((401, 2))},
            'weights must have at most 400 distinct rows for method "ball", got 401',
        ),
    ],
)
def test_wrong_arguments(change, message):
    arguments = {"weights": np.array([[1.0, 2.0]]), "directions": np.array([[1.0, 0.0]])} | change
    weights, directions = arguments.pop("weights"), arguments.pop("directions")
    with pytest.raises(ValueError, match=message):
        population_error(weights, directions, arguments.pop("biases", None), **arguments)


WEIGHTS = np.array([[1, 2, 0], [0, -3, 1], [2, 2, 2], [5, 0, 1]])
FORMS = {
    "lists": np.ndarray.tolist,
    "integers": lambda a: a,
    "half precision": lambda a: a.astype(np.float16),
    "big-endian": lambda a: a.astype(">f8"),
    "negative strides": lambda a: a.astype(float)[::-1, ::-1].copy()[::-1, ::-1],
    "columns first": lambda a: np.asfortranarray(a.astype(float)),
    "masked without a mask": lambda a: np.ma.array(a.astype(float)),
    "long doubles": lambda a: a.astype(np.longdouble),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["auto", "iterative", "ball"])
def test_what_users_hand_in(form, method):
    """The numbers of float64 arrays, in its dtype; of half precision those of single."""
    dtype = np.float32 if form == "half precision" else np.float64
    truth = population_error(WEIGHTS.astype(dtype), WEIGHTS[::2].astype(dtype) + 1, method=method)
    convert = FORMS[form]
    found = population_error(convert(WEIGHTS), convert(WEIGHTS[::2] + 1), method=method)
    assert found.error.dtype == dtype and np.array_equal(found.error, truth.error)
    assert np.array_equal(found.coefficients, truth.coefficients)


@pytest.mark.parametrize("biased", [False, True])
def test_arguments_are_left_as_they_were(biased):
    arrays = [WEIGHTS.astype(float), WEIGHTS[:2] + 0.5] + [np.ones(4)] * biased
    before = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    population_error(*arrays)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))


@pytest.mark.parametrize("method", ["dense", "iterative", "ball"])
def test_jax_gives_the_numbers_of_numpy_as_its_own(method):
    jax = pytest.importorskip("jax")
    arrays = WEIGHTS.astype(np.float32), WEIGHTS[:2].astype(np.float32) + 1
    here, there = (
        population_error(*map(f, arrays), method=method) for f in (np.asarray, jax.numpy.asarray)
    )
    for name in ("error", "lower", "upper", "coefficients", "residual"):
        assert isinstance(getattr(there, name), jax.Array)
        assert np.array_equal(getattr(here, name), getattr(there, name))


def test_frames_of_pandas_are_taken_as_arrays():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WEIGHTS)
    truth = population_error(WEIGHTS, WEIGHTS[:2] + 1)
    assert np.array_equal(population_error(frame, frame.iloc[:2] + 1).error, truth.error)


def test_libraries_do_not_mix():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="must be arrays of one library"):
        population_error(np.eye(2), torch.eye(2, dtype=torch.float64))


# --- long runs -----------------------------------------------------------------------------------


def test_progress_is_a_line_an_iteration_and_silence_is_the_default(rng, capsys):
    weights, directions = sample_sphere(rng, 300, 10), sample_sphere(rng, 1, 10)
    result = population_error(weights, directions, method="iterative", progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == result.iterations
    assert lines[0].startswith("population_error: iteration 1, residual ") and lines[0].endswith(
        " s"
    )
    population_error(weights, directions, method="iterative")
    assert capsys.readouterr() == ("", "")


def test_an_interruption_leaves_nothing_behind(rng, monkeypatch):
    """Ctrl-C in the third iteration, and in a ball: the next call gives the same numbers, threads
    and precision are as before."""
    torch, flint = pytest.importorskip("torch"), pytest.importorskip("flint")
    weights, directions = sample_sphere(rng, 300, 6), sample_sphere(rng, 1, 6)
    first = population_error(weights, directions, method="iterative")
    state = (torch.get_num_threads(), torch.is_grad_enabled(), flint.ctx.prec)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        third = lambda iteration, residual: interrupted() if iteration == 3 else None  # noqa: E731
        patch.setattr(solve, "progress", lambda wanted: third)
        with pytest.raises(KeyboardInterrupt):
            population_error(weights, directions, method="iterative")
        patch.setattr(balls, "kernel", interrupted)
        with pytest.raises(KeyboardInterrupt):
            population_error(weights[:5], directions, method="ball")
    assert (torch.get_num_threads(), torch.is_grad_enabled(), flint.ctx.prec) == state
    assert population_error(weights, directions, method="iterative").iterations == first.iterations


def test_ctrl_c_ends_a_long_run_at_once():
    """The signal comes while two threads are in a product of a second or more; they stop within a
    tile."""
    # A shell gives what it runs in the background a deaf ear for Ctrl-C; here it is heard.
    code = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, torch
torch.set_num_threads(2)
from randomfeatures.sharp.population_error import population_error
before = torch.get_num_threads()
weights = np.random.default_rng(0).standard_normal((12000, 30))
try:
    population_error(weights, weights[:1] + weights[1:2], method="iterative", progress=True)
except KeyboardInterrupt:
    print("interrupted", torch.get_num_threads() == before)
"""
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        line = run.stderr.readline()
        assert line.startswith("population_error: iteration 1, ")
        run.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert run.communicate(timeout=60) == ("interrupted True\n", "")
        assert time.monotonic() - start < 1 + 0.3 * float(line.split()[-2])
    finally:
        run.kill()


def test_the_numpy_path_runs_where_torch_cannot_be_imported():
    code = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())
import numpy as np
from randomfeatures.sharp.population_error import population_error
rng = np.random.default_rng(0)
e = population_error(rng.standard_normal((2100, 40)), rng.standard_normal((1, 40)))
print(e.method, e.converged)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (run.stdout.split(), run.stderr) == (["iterative", "True"], "")
