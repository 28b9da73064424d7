"""The status of a result is read from its note piece by piece; a malformed note is a fault."""

import pytest
from small_book import build, page, text_of, write

pytest.importorskip("sphinx", reason="the book's tools are not installed")
from claims.status import Status, status_faults, statuses


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("standard", [Status("", "standard", "")]),
        ("new: the constant", [Status("", "new", "the constant")]),
        (
            "1 standard: Cho and Saul 2009; 2 and 3 new: at finite d",
            [Status("1", "standard", "Cho and Saul 2009"), Status("2 and 3", "new", "at finite d")],
        ),
        (
            "(a) and (b) standard; (c) sharpened: Someone 2019, Theorem 4.2, there with d^3",
            [
                Status("(a) and (b)", "standard", ""),
                Status("(c)", "sharpened", "Someone 2019, Theorem 4.2, there with d^3"),
            ],
        ),
        (
            "1, 2 to 4 quoted: Someone 2019; 5 standard: by 2: elementary",
            [
                Status("1, 2 to 4", "quoted", "Someone 2019"),
                Status("5", "standard", "by 2: elementary"),
            ],
        ),
    ],
)
def test_a_note_is_read_piece_by_piece(source, expected):
    assert statuses(source) == expected
    assert list(status_faults(source)) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("Someone 2019", "does not begin with one of quoted, standard, sharpened, new"),
        ("", "does not begin with"),
        ("New: the constant", "does not begin with"),
        ("newer: the constant", "does not begin with"),
        ("standard, Cho and Saul", "does not begin with"),
        ("standard; part 2 new: x", "'part 2 new: x', which does not begin with"),
        ("1 standard; 2 Someone 2019", "'2 Someone 2019', which does not begin with"),
        ("new", "is called new without saying against what"),
        ("1 standard; 2 sharpened", "is called sharpened without saying against what"),
        ("quoted:", "does not begin with"),
        ("standard; 2 new: x", "has a status for the whole and others beside it"),
    ],
)
def test_a_malformed_note_is_a_fault(source, fault):
    assert any(fault in said for said in status_faults(source)), list(status_faults(source))


BOOK = """# Waves

```{prf:lemma} Series
:label: lem-series

Every wave is a series. {source}`1 standard; 2 new: the rate` {no-function}`a step`
```

```{prf:proof}
By hand.
```
"""
CHECKS = """import pytest

@pytest.mark.claim("lem-series", kind="identity")
def test_series(): ...
"""


def test_the_claims_page_shows_and_counts_it_and_the_build_warns(tmp_path):
    write(tmp_path / "book", {"a.md": BOOK, "b.md": "# Claims\n\n```{claims-table}\n```\n"})
    write(tmp_path / "tests", {"test_it.py": CHECKS})
    (tmp_path / "src").mkdir()
    assert build(tmp_path, "claims") == []
    assert "By status: 1 standard, 1 new; 1 of them" in text_of(page(tmp_path, "b"))
    assert 'class="claims-status claims-new">new<' in page(tmp_path, "b")

    write(tmp_path / "book", {"a.md": BOOK.replace("new: the rate", "new")})
    said = build(tmp_path, "claims")
    assert ["lemma lem-series is called new without saying" in line for line in said] == [True]
