"""The table helper: alignment, formats, and the width of the page."""

import numpy as np
import pytest

from randomfeatures.chapters.tables import WIDEST, scientific, table


def test_columns_are_aligned_and_formatted(capsys):
    table(
        {"d": "d", "error": ".1e", "law": ""},
        [(5, 0.25, "ball"), (np.int64(100), np.float32(3), "sphere")],
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["  d    error  law", "  5  2.5e-01  ball", "100  3.0e+00  sphere"]


def test_a_text_stands_where_a_number_is_missing(capsys):
    table({"r": ",d"}, [(1000,), ("none",)])
    assert capsys.readouterr().out.splitlines() == ["    r", "1,000", " none"]


def test_a_table_without_rows_is_its_headings(capsys):
    table({"d": "d", "r": "d"}, [])
    assert capsys.readouterr().out == "d  r\n"


@pytest.mark.parametrize("row", [(1,), (1, 2, 3)])
def test_a_row_of_another_length_is_refused(row):
    with pytest.raises(ValueError, match="rows must have 2 entries"):
        table({"a": "d", "b": "d"}, [row])


def test_a_line_is_as_wide_as_the_page_and_no_wider(capsys):
    table({"x": ""}, [("w" * WIDEST,)])
    assert len(capsys.readouterr().out.splitlines()[1]) == WIDEST
    with pytest.raises(ValueError, match=f"fit in {WIDEST} characters a line, got {WIDEST + 1}"):
        table({"x": ""}, [("w" * (WIDEST + 1),)])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, "0"), (9999, "9999"), (10000, "1.00·10⁴"), (19999, "1.99·10⁴"), (10**1234, "1.00·10¹²³⁴")],
)
def test_a_long_integer_is_cut_to_three_digits(n, shown):
    assert scientific(n) == shown


@pytest.mark.parametrize("n", [-1, 1.5])
def test_only_counts_are_cut(n):
    with pytest.raises(ValueError, match="n must be"):
        scientific(n)
