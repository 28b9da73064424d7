"""What a sweep keeps comes back exactly, and what cannot be kept is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweeps_parts import RETURNED, assert_same, lines_of, return_it, run

from sweeps import grid
from sweeps_lines import line_of, restored

# Results come back exactly


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.dictionaries(st.text(), SCALARS, max_size=4))
def test_scalars_come_back_bit_for_bit(result):
    assert_same([restored(line_of({}, {}, result))], [result])


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "<i8", ">i4", "u8", "f2", "<f4", ">f8", "<f8", "c8", "c16"]
)
@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (2, 3, 4)])
def test_arrays_come_back_bit_for_bit(tmp_path, dtype, shape):
    # Random bits: every kind of number, subnormal, infinite and not a number included.
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    bits = np.random.default_rng(count).integers(
        0, 2 if dtype == "?" else 256, count, dtype=np.uint8
    )
    RETURNED["value"] = {"array": np.frombuffer(bits.tobytes(), dtype).reshape(shape)}
    fresh = run(return_it, [{"i": 0}], tmp_path)
    assert_same(fresh, [{"i": 0} | RETURNED["value"]])
    assert_same(run(return_it, [{"i": 0}], tmp_path), fresh)


def test_special_numbers_and_numpy_scalars(tmp_path):
    third = np.float32(1) / 3
    RETURNED["value"] = {
        "zero": -0.0,
        "inf": -np.inf,
        "nan": float("nan"),
        "tiny": 5e-324,
        "sum": 0.1 + 0.2,
        "huge": 10**300 + 1,
        "third": third,
        "int": np.uint64(2**64 - 1),
        "bool": np.True_,
        "double": np.float64(0.1),
        "dtype": "<f8",
        "shape": "()",
        "base64": "AAAA",
    }
    plain = {"third": float(third), "int": 2**64 - 1, "bool": True, "double": 0.1}
    fresh = run(return_it, [{"i": np.int32(0)}], tmp_path)
    assert_same(fresh, [{"i": 0} | RETURNED["value"] | plain])
    assert_same(run(return_it, [{"i": 0}], tmp_path), fresh)


def test_a_result_with_only_the_keys_of_a_kept_array(tmp_path):
    RETURNED["value"] = {"dtype": "<f8", "shape": 3, "base64": "AAAA"}
    assert run(return_it, [{"i": 0}], tmp_path) == [{"i": 0, **RETURNED["value"]}]


def test_arrays_come_back_writable_and_in_their_shape(tmp_path):
    RETURNED["value"] = {"a": np.asfortranarray(np.arange(6.0).reshape(2, 3))[:, ::2]}
    (record,) = run(return_it, [{"i": 0}], tmp_path)
    assert record["a"].tolist() == [[0, 2], [3, 5]]
    record["a"][0, 0] = 7


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            [1.0],
            "the result must be a dict whose keys are strings and no names of parameters, got [",
        ),
        (None, "the result must be a dict"),
        ({1: 2.0}, "the result must be a dict whose keys are strings"),
        ({"i": 2.0}, "no names of parameters, got {'i': 2.0}"),
        (
            {"y": [1.0]},
            "y must be a number, a string, None or a numpy array of numbers, got list [1.0]",
        ),
        ({"y": (1, 2)}, "y must be a number"),
        (
            {"y": 1j},
            "y must be a number, a string, None or a numpy array of numbers, got complex 1j",
        ),
        ({"y": np.longdouble(1) / 3}, "y must be a number"),
        ({"y": np.array([None])}, "y must be a number"),
        ({"y": np.array(["a"])}, "y must be a number"),
        ({"y": np.ma.masked_array([1.0], [True])}, "y must be a number"),
        ({"y": np.datetime64("2019-04-01")}, "y must be a number"),
        ({"x": 1.0, "y": object}, "y must be a number"),
    ],
)
def test_a_result_that_cannot_be_stored_is_refused_at_the_first_point(tmp_path, value, message):
    RETURNED["value"] = value
    with pytest.raises(TypeError) as error:
        run(return_it, grid(i=range(5)), tmp_path)
    assert 'the point {"i": 0} failed: ' in str(error.value)
    assert message in str(error.value) and "(0 of 5 points are finished and kept)" in str(
        error.value
    )
    assert lines_of(tmp_path) == []


def test_an_integer_too_long_to_be_read_again_is_refused(tmp_path):
    RETURNED["value"] = {"n": 10**5000}
    with pytest.raises(
        RuntimeError, match=r'the point {"i": 0} failed: ValueError: Exceeds the limit'
    ):
        run(return_it, grid(i=range(5)), tmp_path)
