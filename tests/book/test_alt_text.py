"""A build with an image that only the sighted can use fails."""

import sys
from pathlib import Path

import pytest
from test_build_math import build

pytest.importorskip("sphinx", reason="the book's tools are not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

import alt_text

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@pytest.mark.parametrize(
    "alt",
    [None, "", "  ", "_images/0123abcd.png", "plot.SVG", "the curve $x^2$", r"the curve \frac12"],
)
def test_what_is_no_alt_text(alt):
    assert alt_text.complaint(alt)


def test_what_is_an_alt_text():
    assert (
        alt_text.complaint(
            "A curve that falls below the line e to the minus d over 2, from 1 to 1e-10"
        )
        == ""
    )


@pytest.mark.parametrize(
    "line",
    [
        "![](a.svg)",
        "```{figure} a.svg\nA caption.\n```",
        "```{image} a.svg\n```",
        '<img src="a.svg">',
        "```{image} a.svg\n:alt: $x^2$ falls\n```",
    ],
)
def test_a_planted_violation_fails_the_build(tmp_path, line):
    (tmp_path / "a.svg").write_text(SVG, encoding="utf-8")
    code, warnings, _ = build(tmp_path, f"# T\n\ntext\n\n{line}\n")
    assert code != 0
    assert "index.md:" in warnings
    assert "alt text" in warnings
    assert "(image a.svg)" in warnings or "(image in a piece of HTML)" in warnings


def test_images_with_a_text_pass(tmp_path):
    (tmp_path / "a.svg").write_text(SVG, encoding="utf-8")
    lines = [
        "![A dot](a.svg)",
        "```{figure} a.svg\n:alt: A dot\n\nA caption.\n```",
        '<img src="a.svg" alt="A dot">',
    ]
    assert build(tmp_path, "# T\n\n" + "\n\n".join(lines) + "\n")[:2] == (0, "")
