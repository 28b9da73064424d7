"""All bounds by one function: its numbers are those of the theorems' functions, for a neuron of any
norm, and what has no number says why."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from randomfeatures.foundations.sphere import multiplicity, sample_sphere
from randomfeatures.limits import any_coefficients, bounded_coefficients
from randomfeatures.sharp import sandwich, sandwich_prediction
from randomfeatures.sharp.every_bound import numbers
from randomfeatures.sharp.optimum import (
    almost_every_direction_bound,
    features_needed,
    optimal_error,
)
from randomfeatures.sharp.population_error import population_error
from randomfeatures.sharp.sandwich_rate import full_degree_bound, log_full_degree_width
from randomfeatures.sharp.spectrum import neuron_spectrum

BOOK = Path(__file__).parents[2] / "book"
DIMENSIONS = st.integers(2, 40) | st.integers(2, 1000)
ERRORS = st.floats(-4, -0.31).map(lambda exponent: 10**exponent)


# --- the numbers


@pytest.mark.parametrize(("d", "r"), [(2, 7), (3, 9), (5, 33), (10, 100), (20, 400)])
def test_the_best_error_is_what_the_largest_eigenvalues_leave(d, r):
    """By brute force: the eigenvalues one by one, from large to small."""
    spectrum = neuron_spectrum(d, 30)
    flat = np.repeat(spectrum, [int(multiplicity(d, k)) if k <= 8 else 1 for k in range(31)])
    truth = 0.5 - np.sort(flat)[::-1][:r].sum()
    assert numbers(d, r=r).best_error.value == pytest.approx(truth, rel=1e-9)
    needed = numbers(d, error=truth * (1 + 1e-9)).best_width.value
    assert needed == r


@pytest.mark.parametrize(("d", "r"), [(5, 60), (10, 150)])
def test_given_random_features_lie_between_the_best_and_the_proved(d, r):
    rng = np.random.default_rng(3)
    theta = sample_sphere(rng, 200, d)
    draws = [population_error(sample_sphere(rng, r, d), theta).error.mean() for _ in range(8)]
    measured, answer = np.mean(draws), numbers(d, r=r)
    assert answer.best_error.value < measured < answer.random_error_proved.value
    assert measured == pytest.approx(answer.random_error_predicted.value, rel=0.15)
    assert answer.half_error.value < measured


@given(DIMENSIONS, st.integers(1, 10**9))
@example(784, 4096)
@example(2, 10**9)
@example(1000, 10**9)
def test_errors_are_those_of_the_functions(d, r):
    answer = numbers(d, r=r)
    assert answer.best_error.value == pytest.approx(optimal_error(d, r), rel=2e-15)
    proved, label = answer.random_error_proved.value, answer.random_error_proved.label
    by_sum = sandwich.expected_error_bound(d, r)
    by_degrees = min(full_degree_bound(d, r, K) for K in (2, 4, 6, 8, 10))
    assert proved <= min(by_sum, by_degrees)
    assert (proved == by_sum) == (label == "prop-sandwich")
    half = max(almost_every_direction_bound(d, r, 0.5, K) for K in (0, 2, 4, 6, 8, 10))
    assert answer.half_error.value >= half
    order = [answer.best_error.log, answer.random_error_predicted.log, math.log(proved)]
    assert answer.random_error_predicted.value == sandwich_prediction.predicted_error(d, r)
    off = "this is above what is proved" in answer.random_error_predicted.assumes
    assert order[0] < order[2] and order[0] < order[1]
    assert off == (order[1] > order[2]) and (not off or r < 40)


@given(DIMENSIONS, ERRORS)
@example(784, 0.01)
@example(1000, 1e-9)
@example(10, 1e-7)
def test_widths_are_those_of_the_functions(d, error):
    answer = numbers(d, error=error)
    assert answer.best_width.value == features_needed(d, error)
    enough = min(sandwich.log_width_enough(d, error), log_full_degree_width(d, error))
    assert answer.random_width_proved.log == enough
    assert (answer.random_width_proved.label == "thm-full-degrees") == (
        enough < sandwich.log_width_enough(d, error)
    )
    half = sandwich.log_most_directions_width(d, error, 0.5)
    assert answer.half_width.log == half or (math.isnan(answer.half_width.log) and half < 0)
    R = bounded_coefficients.wave_norm(1, error)
    if d >= 3 and 2 * math.sqrt(d) / math.pi <= R:
        bounded = bounded_coefficients.log_coefficient_bound(d, error, 1 / math.sqrt(2), R)
        assert answer.any_coefficients.log == any_coefficients.log_width_bound(d, R)
        assert answer.bounded_coefficients.log == bounded
        assert bounded < answer.any_coefficients.log < half
    else:
        assert answer.any_coefficients.value is answer.bounded_coefficients.value is None
    best = answer.best_width.log
    assert answer.half_width.value is None or answer.half_width.log < best
    predicted = sandwich_prediction.log_predicted_width(d, error)
    assert answer.random_width_predicted.log == max(0.0, predicted)
    off = "this is above what is proved" in answer.random_width_predicted.assumes
    assert off == (predicted > enough)
    assert predicted < enough or enough < math.log(40)


@pytest.mark.parametrize(("d", "r"), [(2, 1000), (3, 10**4), (5, 10**6), (12, 10**9)])
def test_the_free_degree_is_nearly_the_best_one(d, r):
    """All degrees are tried where the numbers try every tenth."""
    answer, degrees = numbers(d, r=r), [*range(2, 1000, 2), *range(1000, 20000, 20)]
    half = max(almost_every_direction_bound(d, r, 0.5, K) for K in degrees)
    assert 0.97 * half <= answer.half_error.value <= half
    proved = min(full_degree_bound(d, r, K) for K in degrees)
    assert proved <= answer.random_error_proved.value <= 1.03 * proved


def test_the_theorem_that_is_named_gives_the_number():
    """One of three is the best in each of these places."""
    width, error = (numbers(784, error=e).random_width_proved for e in (0.01, 1e-4))
    assert (width.label, error.label) == ("prop-sandwich", "thm-full-degrees")
    bounds = [numbers(10, r=r).random_error_proved.label for r in (100, 10**5)]
    assert bounds == ["prop-sandwich", "thm-full-degrees"]


@given(st.integers(2, 200), st.integers(1, 10**6), ERRORS)
def test_more_features_and_a_larger_error_are_easier(d, r, error):
    here, there = numbers(d, r=r, error=error), numbers(d, r=2 * r, error=error / 2)
    for name, entry in here.entries().items():
        other = there.entries()[name]
        if name == "trained" or math.isnan(entry.log) or math.isnan(other.log):
            continue
        assert other.log < entry.log if "error" in name else other.log >= entry.log, name


@given(st.integers(2, 50), st.integers(1, 10**5), ERRORS, st.integers(-40, 40))
def test_only_the_error_over_the_squared_norm_matters(d, r, error, power):
    unit = numbers(d, r=r, error=error).entries()
    other = numbers(d, r=r, error=error * 4.0**power, norm=2.0**power).entries()
    for name, entry in unit.items():
        if "error" in name and entry.value is not None:
            assert other[name].value == entry.value * 4.0**power
        else:
            assert other[name] == entry


# --- a bias


def test_with_a_bias_only_what_is_proved_for_it_has_a_number():
    answer = numbers(100, r=4096, error=0.04, norm=2.0, bias=1.0)
    assert answer.relative_bias == 0.5 and answer.relative_error == 0.01
    assert answer.best_width.value == features_needed(100, 0.01, bias=0.5) == 104866
    assert answer.best_error.value == 4 * optimal_error(100, 4096, bias=0.5)
    for name, entry in answer.entries().items():
        if name not in ("best_width", "best_error", "any_coefficients", "bounded_coefficients"):
            assert entry.value is None and "no number" in entry.assumes, name
    assert "without a bias" in answer.random_width_proved.assumes
    assert "random" not in answer.sentences()
    assert numbers(10, error=1e-4, bias=0.5).any_coefficients == (
        numbers(10, error=1e-4).any_coefficients
    )


def test_a_bias_that_asks_for_too_many_degrees_says_so():
    entry = numbers(2, r=4096, bias=0.5).best_error
    assert entry.value is None and "degree 1024" in entry.assumes


# --- what has no number


def test_the_zero_function():
    answer = numbers(5, error=0.5)
    for entry in (answer.best_width, answer.random_width_predicted, answer.random_width_proved):
        assert (entry.value, entry.text) == (0, "0")
    assert answer.half_width.value is None
    assert numbers(5, error=math.nextafter(0.5, 0)).best_width.value == 1


def test_one_random_feature_can_be_enough():
    """Its logarithm is zero: no mistake for no feature at all."""
    answer = numbers(1000, error=0.47)
    assert answer.random_width_proved.value == 1 and answer.random_width_predicted.value == 1


def test_the_paper_has_no_number_and_says_where_it_applies():
    for d in (3, 10, 40):
        at, below = (numbers(d, error=e, norm=float(d) ** 3).paper for e in (0.02, 0.0202))
        assert at.value is below.value is None
        assert at.assumes.endswith("is reached here")
        assert below.assumes.endswith("is not reached here")


@pytest.mark.parametrize("d", [3, 10, 784])
def test_the_bounds_by_way_of_the_wave_begin_where_it_is_long_enough(d):
    """On both sides of R_ρ = 2√d/π, that is ‖w‖/√ε = 40 (2√d/π + 4/5)²."""
    ratio = 40 * (2 * math.sqrt(d) / math.pi + 0.8) ** 2
    before, after = (numbers(d, error=1.0, norm=ratio * side) for side in (0.999, 1.001))
    assert before.any_coefficients.value is before.bounded_coefficients.value is None
    assert "is below 2√d/π" in before.any_coefficients.assumes
    least = d / 2 - math.log(4)  # the bound of the theorem itself, at the smallest wave
    assert least < after.any_coefficients.log < least + 0.01 * d
    assert after.bounded_coefficients.value >= 1
    assert numbers(2, error=1e-9).any_coefficients.assumes == "no number: the wave needs d ≥ 3"


@pytest.mark.parametrize(("d", "error"), [(1000, 1e-12), (10**6, 1e-4), (3, 1e-60), (2, 1e-200)])
def test_far_away_numbers_are_logarithms(d, error):
    answer = numbers(d, error=error)
    assert answer.best_width.value == features_needed(d, error)
    assert answer.best_width.log == pytest.approx(math.log(answer.best_width.value))
    assert answer.random_width_proved.log > answer.best_width.log
    assert print_fits(answer)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"d": 1, "r": 5}, "d must be an integer >= 2"),
        ({"d": 10**6 + 1, "r": 5}, "d must be an integer >= 2 and <= "),
        ({"d": 5.0, "r": 5}, "d must be an integer"),
        ({"d": 5}, "r or error must be given, got neither"),
        ({"d": 5, "r": 0}, "r must be an integer >= 1, got 0"),
        ({"d": 5, "r": 2.5}, "r must be an integer"),
        ({"d": 5, "error": 0.0}, "error must be a finite real number > 0, got 0.0"),
        ({"d": 5, "error": math.nan}, "error must be a finite real number"),
        ({"d": 5, "error": "1 %"}, "error must be a finite real number"),
        ({"d": 5, "error": 0.1, "norm": 0}, "norm must be a finite real number > 0, got 0"),
        ({"d": 5, "error": 0.1, "norm": 1e200}, "error / norm² must be a finite real number"),
        ({"d": 5, "error": 1e300, "norm": 1e-9}, "error / norm² must be a finite real number"),
        ({"d": 5, "r": 5, "bias": math.inf}, "bias must be a finite real number, got inf"),
        ({"d": 5, "r": 5, "bias": 1.0, "norm": 1e-310}, "bias / norm must be a finite"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        numbers(**arguments)


# --- the table


def print_fits(answer):
    lines = str(answer).splitlines()
    return all(len(line) <= 76 for line in [*lines, *answer.sentences().splitlines()])


@given(DIMENSIONS, st.integers(1, 10**9), ERRORS, st.sampled_from([0.0, 0.5]))
@example(784, 4096, 0.01, 0.0)
def test_every_entry_is_printed_with_its_theorem_and_what_it_assumes(d, r, error, bias):
    answer = numbers(d, r=r, error=max(error, 1e-3), bias=bias)
    text = str(answer)
    assert print_fits(answer)
    notes = dict(re.findall(r"^(\w): (.*(?:\n {3}.*)*)", text, re.M))
    notes = {mark: " ".join(note.split()) for mark, note in notes.items()}
    rows = re.findall(r"^(\w) (.) (\S+) +(.*?) +(\S+|Theorem 4.2 there)$", text, re.M)
    entries = answer.entries().values()
    assert [(sign, *row) for _, sign, *row in rows] == [
        (entry.sign, entry.text, entry.name, entry.label) for entry in entries
    ]
    assert [notes[row[0]] for row in rows] == [entry.assumes for entry in entries]


def test_each_label_is_one_of_the_book():
    text = "\n".join(path.read_text(encoding="utf-8") for path in BOOK.rglob("*.md"))
    answers = numbers(10, r=100, error=1e-7), numbers(10, r=10**5, error=0.1), numbers(2, error=0.3)
    labels = {entry.label for answer in answers for entry in answer.entries().values()}
    assert len(labels) >= 8
    for label in labels - {"Theorem 4.2 there"}:
        assert f":label: {label}\n" in text or f"$$ ({label})\n" in text, label


def test_answers_do_not_change():
    answer = numbers(3, r=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.r = 5
    assert answer == numbers(3, r=4)
    assert list(answer.entries()) == [
        "best_error",
        "half_error",
        "random_error_predicted",
        "random_error_proved",
    ]
