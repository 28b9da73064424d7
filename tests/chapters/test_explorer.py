"""The explorer's data are numbers of the package, point for point, and small enough for a page."""

import json
import math
import re

import pytest
from bs4 import BeautifulSoup

from randomfeatures.chapters import explorer
from randomfeatures.sharp.every_bound import numbers
from randomfeatures.sharp.every_bound_table import KINDS

SMALL = (2, 10, 200)
BIAS = 0.5


@pytest.fixture(scope="module")
def data():
    return explorer.grid(SMALL, (0.0, BIAS))


def test_every_number_is_the_package_s(data):
    for i, d in enumerate(data["d"]):
        answers = [numbers(d, error=float(error)).entries() for error in data["errors"]]
        answers_for_r = [numbers(d, r=r).entries() for r in data["r"]]
        for name, rows in data["text"].items():
            columns = answers_for_r if "error" in name else answers
            assert len(rows[i]) == len(columns)
            logs = data["log"][name][i] if name in data["log"] else [None] * len(columns)
            assert name in data["log"] or "error" in name
            for entries, text, log in zip(columns, rows[i], logs, strict=True):
                entry = entries[name]
                if math.isnan(entry.log) or "off here" in entry.assumes:
                    assert (text, log) == ("", None)
                else:
                    assert text == entry.text
                    if "width" in name or "coefficients" in name:
                        assert math.isclose(log, entry.log / math.log(10), abs_tol=0.006)


def test_the_theorem_of_each_number(data):
    for i, d in enumerate(data["d"]):
        for j, error in enumerate(data["errors"]):
            answer = numbers(d, error=float(error))
            label = data["theorems"][int(data["theorem"][i][j])]
            assert label == answer.random_width_proved.label
            reached = data["paper"][i][j] == "1"
            assert reached == (float(error) ** -0.5 >= math.sqrt(50) * d**3)
        for j, r in enumerate(data["r"]):
            label = data["bounds"][int(data["bound"][i][j])]
            assert label == numbers(d, r=r).random_error_proved.label
    assert "1" in data["paper"][0] and "1" not in data["paper"][2]


def test_numbers_with_a_bias(data):
    rows = data["with_bias"][f"{BIAS:g}"]
    assert list(data["with_bias"]) == [f"{BIAS:g}"]
    for i, d in enumerate(data["d"]):
        assert rows[i] == [
            numbers(d, error=float(error), bias=BIAS).best_width.text
            for error in data["errors"]
            if float(error) >= explorer.LEAST_BIASED
        ]


def test_a_step_of_the_norm_is_three_steps_of_the_error(data):
    """The script adds places where the error is divided by the squared norm."""
    errors, most = data["errors"], data["most"]
    assert errors[:4] == ["0.2", "0.1", "0.05", "0.02"]
    for place, (norm, _) in enumerate(data["norms"]):
        for index in range(most):
            relative = float(errors[index + 3 * place])
            assert math.isclose(relative, float(errors[index]) / float(norm) ** 2, rel_tol=1e-3)
    assert len(errors) == most + 3 * (len(data["norms"]) - 1)


def test_the_grid_has_what_a_reader_asks_first():
    assert {784, 1000} < set(explorer.DIMENSIONS) and 4096 in explorer.FEATURES
    assert 0.01 in explorer.ERRORS and len(explorer.ERRORS) == 20
    assert 0.0 in explorer.BIASES and set(explorer.BIASES) == {-b for b in explorer.BIASES}


def test_what_has_no_number_has_a_reason():
    assert set(explorer.NOTHING) < set(KINDS) and set(explorer.FALLBACK) < set(KINDS)


def test_the_page_carries_its_data_and_a_table_without_scripts(data):
    text = explorer.page(data | {"biased": "a </script> that ends nothing"})
    soup = BeautifulSoup(text, "html.parser")
    assert json.loads(soup.script.string)["text"] == data["text"]
    assert json.loads(soup.script.string)["biased"] == "a </script> that ends nothing"
    rows = [[cell.text for cell in row.select("td")] for row in soup.select("tbody tr")]
    assert len(rows) == 6  # of the fallback's dimensions the small grid has two
    for d, share, *texts in rows:
        error = float(share.removesuffix(" %")) / 100
        entries = numbers(int(d), error=error).entries()
        assert texts == [entries[name].text for name in explorer.FALLBACK]
    assert not re.search(r"\b(src|href|url)\b", text.replace(soup.script.string, ""))


def test_the_whole_is_small(data):
    """Extended from three dimensions to all of them, with room for the longer texts of high
    dimensions."""
    size = len(explorer.page(data).encode()) - len(json.dumps(data["kinds"]).encode())
    assert size / len(SMALL) * len(explorer.DIMENSIONS) < 140_000
