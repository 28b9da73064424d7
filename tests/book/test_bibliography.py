"""The page of sources: each entry of the bibliography once, under how far it was read."""

import re
from pathlib import Path

import pytest
from small_book import build, page, text_of, write

pytest.importorskip("sphinx", reason="the book's tools are not installed")
import sources

ROOT = Path(__file__).parents[2]
BIBLIOGRAPHY = ROOT / "book" / "references.bib"
ENTRY = "@misc{{{key}, author = {{{author}}}, title = {{T}}, year = {{2001}}{seen}}}\n"


def entry(key, author, seen):
    return ENTRY.format(key=key, author=author, seen=f", seen = {{{seen}}}" if seen else "")


def book(tmp_path, *entries):
    write(tmp_path / "book", {"references.bib": "\n".join(entries)})
    text = "# Sources\n\n```{sources}\n```\n\n```{bibliography}\n```\n"
    write(tmp_path / "book", {"a.md": text})
    config = {"bibtex_bibfiles": ["references.bib"], "bibtex_reference_style": "author_year"}
    return build(tmp_path, "sphinxcontrib.bibtex", "sources", **config)


def test_each_entry_stands_under_its_degree(tmp_path):
    zed, ada = entry("zed", "Zed, A.", "full"), entry("ada", "Ada, B.", "full")
    assert book(tmp_path, zed, ada, entry("moe", "Moe, C.", "memory")) == []
    words = text_of(page(tmp_path, "a"))
    order = [words.index(name) for name in ("Read in full (2)", "Ada", "Zed", "Not checked (1)")]
    assert order == sorted(order)
    assert "Read in part" not in words


@pytest.mark.parametrize("seen", ["", "TODO", "Full"])
def test_an_entry_that_does_not_say_how_far_is_a_warning(tmp_path, seen):
    said = book(tmp_path, entry("ada", "Ada, B.", seen))
    assert [f"ada: the field seen is {seen!r}, none of full" in line for line in said] == [True]


def test_every_entry_of_this_book_says_how_far_it_was_read():
    assert sources.read_by_degree(BIBLIOGRAPHY).keys() <= sources.DEGREES.keys()


def test_every_entry_of_this_book_is_cited_by_a_chapter():
    pages = [p for p in (ROOT / "book").rglob("*.md") if p.name != "sources.md"]
    roles = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
    text = "\n".join(p.read_text(encoding="utf-8") for p in pages)
    cited = {key.strip() for group in roles.findall(text) for key in group.split(",")}
    entries = sources.read_by_degree(BIBLIOGRAPHY).values()
    assert {key for group in entries for key, _ in group} - cited == set()
