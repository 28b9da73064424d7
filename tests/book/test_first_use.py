"""The glossary: each term is used, is linked to its first use, and agrees with the search."""

import re
from pathlib import Path

import pytest
import yaml
from small_book import build, page, text_of, write

BOOK = Path(__file__).parents[2] / "book"
GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")

WORDS = """# Oceans

A microwave.

## Later

Several random
waves, and *energies*.
"""
EARLY = "# Before\n\n## The end\n\nOne $wave$ in a formula, one `wave` in code.\n"
ENTRIES = """# Terms

```{glossary}
wave
oscillation
  It goes up and down.

energy
  A share.
```
"""


def made(folder, entries: str = ENTRIES, **pages: str) -> list[str]:
    texts = {"a.md": EARLY, "b.md": WORDS, "c.md": entries, **pages}
    write(folder / "book", texts)
    return build(folder, "first_use", "search_text", "build_math")


def test_an_entry_leads_to_the_section_that_first_uses_it(tmp_path):
    assert made(tmp_path) == []
    assert page(tmp_path, "c").count('href="b.html#later">Later</a>') == 2
    assert "First used in chapter 2: Later" in text_of(page(tmp_path, "c"))


def test_a_term_that_no_chapter_says_is_a_warning(tmp_path):
    said = made(tmp_path, ENTRIES.replace("energy", "terms"))
    assert [line for line in said if "the glossary has 'terms', which no chapter says" in line]
    assert len(said) == 1


def test_what_is_said_in_passing_is_no_first_use_if_there_is_another(tmp_path):
    passing = EARLY + "\n## Related work\n\nOthers have waves.\n"
    assert made(tmp_path, **{"a.md": passing}) == []
    assert 'href="b.html#later">Later</a>' in page(tmp_path, "c")
    assert made(tmp_path, ENTRIES.replace("wave\noscillation", "others"), **{"a.md": passing}) == []
    assert 'href="a.html#related-work">Related work</a>' in page(tmp_path, "c")


def test_the_link_follows_the_words(tmp_path):
    assert made(tmp_path) == []
    write(tmp_path / "book", {"a.md": EARLY + "\nAn oscillation.\n"})
    assert build(tmp_path, "first_use", "search_text", "build_math") == []
    assert 'href="a.html#the-end">The end</a>' in page(tmp_path, "c")


# The glossary of this book.


def entries() -> list[tuple[list[str], str]]:
    """The names of each entry, and its definition."""
    body = re.search(r"```\{glossary\}\n(.*?)\n```", GLOSSARY, flags=re.S)[1]
    found = []
    for block in body.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith(":")]
        names = [line.strip() for line in lines if line and not line.startswith(" ")]
        found.append((names, " ".join(line for line in lines if line.startswith(" "))))
    return [entry for entry in found if entry[0]]


def targets(definition: str) -> set[str]:
    """What a definition refers to: labels, and pages from the top of the book."""
    labels = set(re.findall(r"\{(?:prf:ref|ref|eq|numref)\}`(?:[^`<]*<)?([\w-]+)>?`", definition))
    pages = re.findall(r"\{doc\}`(?:[^`<]*<)?([\w/-]+)>?`|\]\(([\w/-]+)\.md\)", definition)
    return labels | {name for pair in pages for name in pair if name}


def home() -> dict[str, str]:
    """The page of each label."""
    found = {}
    for path in [*BOOK.glob("*.md"), *BOOK.glob("*/*.md")]:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(BOOK).with_suffix("").as_posix()
        for label in re.findall(
            r"^:label: ([\w-]+)$|\(((?:eq|sec)-[\w-]+|limits-side-by-side)\)", text, flags=re.M
        ):
            found[label[0] or label[1]] = name
    return found


def words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def contradictions(terms: list, synonyms: dict, page_of: dict[str, str]) -> list[str]:
    """Phrases of the search that lead elsewhere than the entry of the same name.

    The same statement, the same page, or a statement of that page will do.
    """
    found = []
    leads = {words(p): set(map(str, to)) for key, to in synonyms.items() for p in key.split(",")}
    for names, definition in terms:
        here = targets(definition)
        here |= {page_of[label] for label in here if label in page_of}
        for name in names:
            there = leads.get(words(name))
            if there and not here & (there | {page_of[x] for x in there if x in page_of}):
                found.append(f"{name}: the glossary has {sorted(here)}, the search {sorted(there)}")
    return found


def test_there_are_many_entries_in_the_order_of_the_alphabet():
    first = [names[0].lower() for names, _ in entries()]
    assert len(first) >= 80
    assert first == sorted(first)
    every = [name.lower() for names, _ in entries() for name in names]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry[0][0])
def test_an_entry_leads_to_a_definition(entry):
    assert targets(entry[1])


def test_the_search_and_the_glossary_mean_the_same():
    synonyms = yaml.safe_load((BOOK / "synonyms.yml").read_text(encoding="utf-8"))
    assert contradictions(entries(), synonyms, home()) == []


def test_a_contradiction_is_found():
    term = (["random wave"], "See {prf:ref}`thm-x`.")
    assert contradictions([term], {"random wave, wave": ["thm-y"]}, {"thm-x": "a", "thm-y": "b"})
    for synonyms in ({"random wave": ["thm-x"]}, {"random wave": ["a"]}, {"other": ["thm-y"]}):
        assert contradictions([term], synonyms, {"thm-x": "a", "thm-y": "b"}) == []
