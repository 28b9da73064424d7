"""The package's page: docstrings link to statements, unknown labels warn, signatures are short."""

import importlib
import re
from pathlib import Path

import pytest
from small_book import build, docstrings, page, text_of, write

MODULE = '''
"""A module."""
from jaxtyping import Float
from randomfeatures.foundations.arguments import Array

def bound(rho: Float[Array, "*s"], bias: float = 0.5, *, R: float | None = None) -> float:
    r"""A bound on |x| and |y|, a :math:`|z|`, a ``|w|``.

    .. math::

        |x|
        \\le 1

    Book: ``thm-bound`` and ``eq-bound``.
    See: ``thm-use``. Source: ``nobody``, 2019.

    >>> bound(1)
    |1|
    """
'''
CHAPTER = """# Chapter

```{prf:theorem} Bound
:label: thm-bound

$$ x \\le 1 $$ (eq-bound)
```

```{prf:theorem} Use
:label: thm-use

Used.
```
"""
CODE = "# Code\n\n```{{eval-rst}}\n.. automodule:: {}\n   :members:\n```\n"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Book: ``thm-a``.", ["thm-a"]),
        ("Book: ``thm-a`` and\n``lem-b``. Source: ``other``.", ["thm-a", "lem-b"]),
        ("First.\n\nBook: ``thm-a``.\nBook: ``thm-b``.", ["thm-a", "thm-b"]),
        ("Book: ``thm-a``. See: ``thm-b``. Book: ``eq-c``.", ["thm-a", "eq-c"]),
        ("A book: ``x``. The Book ``y``.", []),
    ],
)
def test_labels_are_read_from_the_sentence_alone(text, labels):
    assert docstrings.book_labels(text) == labels


@pytest.mark.parametrize(
    "text",
    [
        "``|x|`` and :math:`|x| + |y|`",
        ".. math:: |x|\n\n    |y|\n",
        "    .. math::\n\n        |x|\n",
        ">>> f(|x|)\n|2|\n",
        "+---+\n| a |\n+---+",
        r"\|x\|",
    ],
)
def test_bars_in_formulas_examples_and_tables_stay(text):
    assert docstrings.with_bars(text) == text
    assert docstrings.with_bars(f"{text}\n\nfor |x|") == rf"{text}" + "\n\nfor \\|x\\|"


def test_docstrings_link_to_the_book_and_unknown_labels_are_warnings(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path, {"planted_module.py": MODULE})
    importlib.invalidate_caches()
    write(tmp_path / "book", {"a.md": CHAPTER, "b.md": CODE.format("planted_module")})
    assert build(tmp_path, "docstrings", autodoc_typehints="none") == []
    markup = page(tmp_path, "b")
    assert 'href="a.html#thm-bound"' in markup
    assert 'href="a.html#equation-eq-bound"' in markup
    assert "Book: Theorem 1.1 and (1.1) ." in text_of(markup)
    assert "See: Theorem 1.2 ." in text_of(markup)
    assert "<p><strong>Source:</strong>" in markup
    assert (
        "A bound on |x| and |y|, a" in text_of(markup)
        and "|w|" in text_of(markup)
        and "|1|" in text_of(markup)
    )
    assert "\\|" not in markup
    assert "nobody" in markup and "``" not in markup
    assert "bound ( rho , bias = 0.5 , * , R = None )" in text_of(markup).replace(
        "(", " ( "
    ).replace(")", " ) ").replace("  ", " ")
    assert "Float" not in text_of(markup)

    # The statement's label changes; the package's page does not.
    # Yet the build finds it, and again in the next build.
    write(tmp_path / "book", {"a.md": CHAPTER.replace("thm-bound", "thm-renamed")})
    for _ in range(2):
        said = "\n".join(build(tmp_path, "docstrings", autodoc_typehints="none"))
        assert "bound names thm-bound, which no statement of the book has as its label" in said
        assert "names eq-bound" not in said

    # So it finds the label of an equation, and what a docstring names after "See:".
    for label in ("eq-bound", "thm-use"):
        write(tmp_path / "book", {"a.md": CHAPTER.replace(label, "other")})
        said = "\n".join(build(tmp_path, "docstrings", autodoc_typehints="none"))
        assert f"bound names {label}, which no statement of the book has as its label" in said

    # The page goes, and with it what it asked for.
    (tmp_path / "book" / "b.md").unlink()
    assert build(tmp_path, "docstrings", autodoc_typehints="none") == []


def test_the_pages_of_the_package_show_every_module():
    """The parts' own lists of modules, the pages and the files agree.

    A part has one page, ``<part>.md``; what is too long for it stands on ``<part>-<topic>.md``.
    """
    root = Path(__file__).parents[2]
    package = root / "src" / "randomfeatures"
    texts: dict[str, str] = {}
    for path in sorted((root / "book" / "code").glob("*.md"), key=lambda path: path.stem):
        part = path.stem.split("-")[0]
        texts[part] = texts.get(part, "") + path.read_text(encoding="utf-8")
    del texts["index"]
    assert len(texts) > 5
    for part, text in texts.items():
        shown = re.findall(
            rf"^\.\. automodule:: randomfeatures\.{part}\.(\w+)\n   :members:", text, re.M
        )
        headed = re.findall(r"^## `(\w+)`$", text, re.M)
        modules = {
            p.stem
            for p in (package / part).iterdir()
            if p.suffix == ".py" or (p / "__init__.py").exists()
        }
        listed = set(importlib.import_module(f"randomfeatures.{part}").__all__)
        listed -= {"check"} if part == "exercises" else set()  # a function, for short
        assert shown == headed
        assert sorted(shown) == sorted(listed) == sorted(modules - {"__init__"})
