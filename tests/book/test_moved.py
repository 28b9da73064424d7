"""An old address leads to where a statement went; a list that is wrong fails the build."""

import re

import pytest
from small_book import build, page, text_of, write

pytest.importorskip("sphinx", reason="the book's tools are not installed")

OLD = "# Old\n\nText.\n"
NEW = """# New

(sec-place)=
## A place

```{prf:theorem} Bound
:label: thm-bound

$$ x \\le 1. $$ (eq-bound)
```

```{figure} bound.png
:name: fig-bound

A caption.
```
"""
MOVES = "a thm-bound\na eq-bound\n\na fig-bound\na sec-place\n"


def book(tmp_path, old=OLD, moves=MOVES):
    write(tmp_path / "book", {"a.md": old, "b.md": NEW, "moved.txt": moves})
    (tmp_path / "book" / "bound.png").write_bytes(b"")
    return build(tmp_path, "moved", "sphinx.ext.mathjax", numfig=True)


def test_each_old_anchor_links_to_the_new_place(tmp_path):
    assert book(tmp_path) == []
    old = page(tmp_path, "a")
    for anchor, name in {
        "thm-bound": "Theorem 2.1",
        "equation-eq-bound": "(2.1)",
        "fig-bound": "Fig. 2.1",
        "sec-place": "A place",
    }.items():
        item = re.search(rf'<li id="{anchor}">(.*?)</li>', old, re.S)
        assert item and f'href="b.html#{anchor}"' in item[1], (anchor, old)
        assert name in text_of(item[1])
    assert "Moved from this page" not in page(tmp_path, "b")


@pytest.mark.parametrize(
    ("old", "moves", "words"),
    [
        (OLD, "a thm-gone\n", "thm-gone"),
        (OLD, "a eq-gone\n", "eq-gone"),
        (OLD, "c thm-bound\n", "labels have moved from c, which is no page"),
        (OLD + "\n(sec-here)=\n## Here\n", "a sec-here\n", "sec-here is said to have moved"),
    ],
)
def test_a_planted_violation_is_a_warning(tmp_path, old, moves, words):
    said = book(tmp_path, old, moves)
    assert any(words in line for line in said), said


def test_a_malformed_line_is_named(tmp_path):
    with pytest.raises(Exception, match=r"moved.txt:2: a page and a label expected, not 'a'"):
        book(tmp_path, moves="a thm-bound\na\n")


def test_a_changed_list_changes_the_page(tmp_path):
    assert book(tmp_path) == []
    assert book(tmp_path, moves="a thm-bound\n") == []
    assert 'id="fig-bound"' not in page(tmp_path, "a")
