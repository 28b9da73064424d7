"""Figures are legible in light and in dark, and all their colours have one home."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

import pages
from matplotlib.colors import to_rgb

from randomfeatures.chapters import plotting

ROOT = Path(__file__).resolve().parents[2]
WHITE, DARK_GROUND = (1.0, 1.0, 1.0), to_rgb("#131416")  # the theme's grounds
NAMED = {
    name: style["color"]
    for name, style in vars(plotting).items()
    if name.isupper() and isinstance(style, dict)
}
COLOURS = {
    "INK": plotting.INK,
    **NAMED,
    **{f"TEN {i}": colour for i, colour in enumerate(plotting.TEN)},
    **{f"FAMILY {i}": style["color"] for i, style in enumerate(plotting.FAMILY)},
}
# A colour of a chapter's own: a name or a number, or matplotlib's short form for a line.
OWN = re.compile(
    r"""(?:color|colors|edgecolor|markerfacecolor|ecolor|\bc)["']?\s*[:=]\s*\[?["'](?!none|white)"""
    r"""|#[0-9a-fA-F]{6}\b|["'][bgrcmykw](?:--|-\.|[-:.os^])["']"""
)


def luminance(colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(one, other) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def in_the_dark(colour) -> tuple:
    """What the page's filter makes of a colour, by the formulas of CSS."""
    assert pages.DARK["book-figure-filter"] == "invert(1) hue-rotate(180deg)"
    grey = np.array([[0.213, 0.715, 0.072]] * 3)
    half_turn = 2 * grey - np.eye(3)
    return tuple(np.clip(half_turn @ (1 - np.array(colour)), 0, 1))


def test_the_filter_keeps_the_hue_and_turns_the_lightness_around():
    assert in_the_dark((1, 1, 1)) == pytest.approx((0, 0, 0))
    assert in_the_dark((0, 0, 0)) == pytest.approx((1, 1, 1))
    blue = in_the_dark(to_rgb("#005a9c"))
    assert blue[2] > blue[1] > blue[0] and luminance(blue) > 0.4


@pytest.mark.parametrize("name", COLOURS)
def test_each_colour_can_be_a_word_on_both_grounds(name):
    colour = to_rgb(COLOURS[name])
    assert contrast(colour, WHITE) >= 4.5
    assert contrast(in_the_dark(colour), DARK_GROUND) >= 4.5


def test_a_pale_colour_is_found():
    assert contrast(to_rgb("#E69F00"), WHITE) < 4.5
    assert contrast(in_the_dark(to_rgb("#E69F00")), DARK_GROUND) < 4.5


def own_colours(text: str) -> list[str]:
    cells = re.findall(r"^```\{code-cell\}.*?^```$", text, flags=re.M | re.S)
    code = [line for cell in cells for line in cell.split("---\n")[-1].splitlines()]
    return [line.strip() for line in code if OWN.search(line)]


def test_no_chapter_has_colours_of_its_own():
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in sorted((ROOT / "book").rglob("*.md"))
        if (lines := own_colours(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "line", ['ax.plot(x, color="red")', 'look = {"color": "C1"}', 'c = "#ff0000"', 'plot(x, "k--")']
)
def test_an_own_colour_is_found(line):
    assert own_colours(f"```{{code-cell}} ipython3\n{line}\n```") == [line]
