"""The page of notation: a symbol has one row, and the chapters use what the page lists."""

import re
from collections import Counter
from pathlib import Path

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "notation.md").read_text(encoding="utf-8")
OWN = "(sec-own-letters)="
# The letter of the wave's argument, and where it may stand: the wave's part, its plans, and what
# compares.
WAVE = {"limits", "course", "sharp/every-bound", "beyond/amplification-end-to-end"}


def symbols(page: str) -> list[str]:
    """What stands in the first column of the tables before the letters of single chapters."""
    rows = [line for line in page.split(OWN)[0].splitlines() if line.startswith("| $")]
    return [symbol for row in rows for symbol in re.findall(r"\$([^$]+)\$", row.split(" | ")[0])]


def formulas(page: str) -> str:
    """The formulas of a page, without its code."""
    text = re.sub(r"```\{code-cell\}.*?^```", "", page, flags=re.S | re.M)
    displays = re.findall(r"\$\$(.*?)\$\$", text, flags=re.S)
    text = re.sub(r"\$\$.*?\$\$|`[^`]*`", "", text, flags=re.S)
    return " ".join([*displays, *re.findall(r"\$([^$]+)\$", text)])


def chapters() -> dict[str, str]:
    pages = {
        path.relative_to(BOOK).with_suffix("").as_posix(): path for path in BOOK.glob("*/*.md")
    }
    chosen = {name: path for name, path in pages.items() if not name.startswith(("code/", "_"))}
    return {name: formulas(path.read_text(encoding="utf-8")) for name, path in chosen.items()}


def twice(page: str) -> list[str]:
    return [symbol for symbol, count in Counter(symbols(page)).items() if count > 1]


def has_bare_letter(text: str, letter: str) -> bool:
    """Whether a formula has the letter by itself, without an index or a prime and in no word."""
    plain = re.sub(
        r"\\(?:mathcal|operatorname|mathrm|text)\s*(?:\{[^}]*\}|[A-Z])|\\[a-zA-Z]+", " ", text
    )
    return re.search(rf"(?<![a-zA-Z]){letter}(?![a-zA-Z_'])", plain) is not None


def test_a_symbol_has_one_row():
    assert len(symbols(PAGE)) > 60
    assert twice(PAGE) == []
    assert twice(f"| $R$ | one |\n| $x$, $R$ | two |\n{OWN}\n| $x$ | own |") == ["R"]


def test_the_letter_of_the_wave_means_nothing_else():
    found = {name for name, text in chapters().items() if has_bare_letter(text, "R")}
    strangers = {
        name
        for name in found
        if name not in WAVE and name.split("/")[0] not in {*WAVE, "neighbours"}
    }
    assert strangers == set()
    assert "limits/triangle-wave" in found
    assert has_bare_letter(r"risk $R(W)$", "R") and not has_bare_letter(r"\mathcal R+R_1", "R")


def test_every_chapter_of_the_last_section_exists():
    pages = re.findall(r"\[\]\(([\w/-]+)\.md\)", PAGE.split(OWN)[1])
    assert len(pages) > 20
    assert [page for page in pages if not (BOOK / f"{page}.md").is_file()] == []
