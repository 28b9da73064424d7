"""The fonts of formulas that are shipped are those that `workshop/light_fonts.py` writes."""

import base64
import io
import re

import pytest
from light_fonts import BOLD_INSIDE, CHARACTERS, INSIDE, KATEX, PIECES

pytest.importorskip("brotli", reason="fonts cannot be read: the Python package brotli is missing")
ttLib = pytest.importorskip("fontTools.ttLib", reason="the Python package fonttools is missing")

KEYS = ("family", "weight", "style")
SHEET = (KATEX / "katex.min.css").read_text(encoding="utf-8")


def faces() -> dict[str, set[str]]:
    """The characters of each face, in the style sheet or in a file that it names."""
    found = {}
    for rule in re.findall(r"@font-face\{[^}]*\}", SHEET):
        name = " ".join(re.search(rf'font-{key}:"?(\w+)', rule)[1] for key in KEYS)
        name += " few" if "unicode-range" in rule else ""
        path = re.search(r"url\((fonts/[^)]*)\)", rule)
        inside = re.search(r"base64,([^)]*)\)", rule)
        face = (KATEX / path[1]).read_bytes() if path else base64.b64decode(inside[1])
        found[name] = set(map(chr, ttLib.TTFont(io.BytesIO(face)).getBestCmap()))
    return found


def test_every_character_has_a_glyph_and_faces_have_few_more():
    found = faces()
    assert len(found) == 21
    assert not CHARACTERS - set(PIECES) - set().union(*found.values())
    assert "\ue020" in found["KaTeX_Main 400 normal"]  # the stroke of ≠
    for name, characters in found.items():
        assert len(characters - CHARACTERS) < 5, name  # those that share a glyph with another


def test_the_one_of_indicators_comes_before_the_bold_face():
    few = re.search(r"@font-face\{[^}]*unicode-range:([^}]*)\}", SHEET)
    assert few[1] == ",".join(f"U+{ord(character):X}" for character in BOLD_INSIDE)
    assert faces()["KaTeX_Main 700 normal few"] == set(BOLD_INSIDE)
    assert SHEET.index("fonts/KaTeX_Main-Bold.woff2") < few.start()


def test_the_faces_inside_the_sheet_are_no_files():
    assert SHEET.count("data:font/woff2") == len(INSIDE) + 1
    for face in INSIDE:
        assert f"{face}.woff2" not in SHEET
        assert not (KATEX / "fonts" / f"KaTeX_{face}.woff2").exists()
