"""KaTeX's fonts and style sheet as the book ships them: the characters its formulas use, nothing
else, and the faces of nearly every formula inside the style sheet.

`python workshop/light_fonts.py package/dist` reads an unpacked npm package of KaTeX and writes
`book/_static/katex`; it needs the Python package brotli. A face that comes after the text moves the
lines around its formulas: so those that every page begins with come with the style sheet.
"""

import base64
import io
import re
import string
import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

KATEX = Path(__file__).resolve().parent.parent / "book" / "_static" / "katex"
INSIDE = (
    "Main-Regular",
    "Math-Italic",
    "AMS-Regular",
    "Caligraphic-Regular",
    "Size1-Regular",
    "Size2-Regular",
)
# Of the bold face one character is common, the 1 of indicators. It comes with the sheet as a face
# of its own, which a browser takes for these characters alone; then it has no need of the file.
BOLD, BOLD_INSIDE = "Main-Bold", " 1"
SPACES = " \u00a0\u2002\u2003\u2004\u2005\u2006\u2009\u200a"
GREEK = "ΓΔΘΛΞΠΣΥΦΨΩαβγδεζηθικλμνξοπρςστυφχψωϑϕϖϰϱϵ"
SYMBOLS = "°±×÷ℓ∀∂∃∅∇∈∏∑−∓∗∘√∝∞∠∣∥∧∨∩∪∫∼≃≅≈≍≡≤≥≪≫≲≳≺≻⪯⪰⊂⊃⊆⊗⊙⊤⊥⋃⋂⋅⋮⋯⋱"
ARROWS = "←→↔↓↑↦⇒⇔⟶⟹⟺"
FENCES = "⟨⟩⌈⌉⌊⌋∥‖⎛⎜⎝⎞⎟⎠⎡⎢⎣⎤⎥⎦⎧⎨⎩⎪⎫⎬⎭"
ACCENTS = "ˆˇˉ˙˜´`¨^~′\u20d7"
MARKS = "…†–‘’“”□■"
PIECES = "".join(map(chr, range(0xE006, 0xE021)))  # KaTeX's own: the stroke of ≠, negated relations
CHARACTERS = frozenset(
    string.printable.strip() + SPACES + GREEK + SYMBOLS + ARROWS + FENCES + ACCENTS + MARKS + PIECES
)


def lighter(font: Path, characters: Iterable[str] = CHARACTERS) -> bytes:
    """The font with the glyphs of these characters alone."""
    options = subset.Options(flavor="woff2", notdef_outline=True, hinting=False)
    face = subset.load_font(font, options)
    reader = subset.Subsetter(options)
    reader.populate(unicodes=map(ord, characters))
    reader.subset(face)
    out = io.BytesIO()
    face.flavor = "woff2"
    face.save(out)
    return out.getvalue()


def within(face: bytes) -> str:
    """The font as an address that holds it."""
    return f"data:font/woff2;base64,{base64.b64encode(face).decode('ascii')}"


def main(dist: Path) -> None:
    sheet = (dist / "katex.min.css").read_text(encoding="utf-8")
    older = r',url\([^)]*\.woff\) format\("woff"\),url\([^)]*\.ttf\) format\("truetype"\)'
    sheet = re.sub(older, "", sheet)
    (KATEX / "fonts").mkdir(exist_ok=True)
    for font in sorted((dist / "fonts").glob("*.woff2")):
        face, target = lighter(font), KATEX / "fonts" / font.name
        if font.stem.removeprefix("KaTeX_") in INSIDE:
            sheet = sheet.replace(f"fonts/{font.name}", within(face))
            target.unlink(missing_ok=True)
        else:
            target.write_bytes(face)
        if font.stem.removeprefix("KaTeX_") == BOLD:
            rule = re.search(rf"@font-face\{{[^}}]*{font.name}[^}}]*\}}", sheet)[0]
            few = within(lighter(font, BOLD_INSIDE))
            codes = ",".join(f"U+{ord(character):X}" for character in BOLD_INSIDE)
            part = rule.replace(f"fonts/{font.name}", few)[:-1] + f";unicode-range:{codes}}}"
            sheet = sheet.replace(rule, rule + part)  # of two faces the later one is asked first
        print(f"{font.name}: {font.stat().st_size} bytes, now {len(face)}")
    (KATEX / "katex.min.css").write_text(sheet, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
