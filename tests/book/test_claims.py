"""The ledger of claims: each of its guards fails on a planted violation.

And this repository's own ledger is complete.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_book import build, claims, docstrings, kept, page, text_of, write

ROOT = Path(__file__).parents[2]

FIRST = """# Waves

```{prf:definition} Wave
:label: def-wave

A wave.
```

```{prf:lemma} Series of $R^2$
:label: lem-series

Every wave is a series. {source}`standard` {no-function}`a step, and no number`
```

```{prf:proof}
By {prf:ref}`def-wave`.
```
"""
SECOND = """# Bounds

```{prf:theorem} Bound
:label: thm-bound

Small,

$$ x \\le 1. $$ (eq-bound)

{source}`quoted: Someone 2019, Theorem 4.2`
```

% a comment may stand between a statement and its proof

```{prf:proof}
By {prf:ref}`lem-series` and {eq}`eq-bound`.
```

```{figure} bound.png
:name: fig-bound

The bound of {prf:ref}`thm-bound`.
```

```{prf:corollary}
:label: cor-all

For all. {source}`new: all of it`
```

```{prf:proof}
Use {prf:ref}`the series <lem-series>`, {prf:ref}`thm-bound` and once more {prf:ref}`thm-bound`.
```

```{prf:theorem} Guess
:label: thm-guess
:class: open

Perhaps. {source}`new: all of it`
```

```{prf:theorem} Quoted
:nonumber:

Somebody else's theorem, quoted without a number, is no claim of ours.
```
"""
CODE = """# Code

```{py:function} waves.bound(x)
```

```{py:class} waves.Wave
```

```{py:method} waves.Wave.length()
```

```{py:function} waves.guess()
```
"""
PACKAGE = '''
def bound(x):
    """At most one.

    Book: ``thm-bound``
    and ``cor-all``. See: ``lem-series``.
    """

class Wave:
    """Not named."""

    def length(self):
        """Book: ``cor-all``, in another way. Source: ``thm-bound``."""

def guess():
    """Book: ``thm-guess``. Book: ``def-wave``."""
'''
LEDGER = "# Claims\n\n```{claims-graph}\n```\n\n```{claims-table}\n```\n"
MAP = "# Map\n\n```{claims-map} part\n```\n"
TESTS = """
import pytest
from pytest import mark

@pytest.mark.claim("lem-series", kind="identity")
@mark.claim("thm-bound", kind="Monte Carlo")
def test_one(): ...

class TestTwo:
    @pytest.mark.claim("thm-bound", kind="certified")
    def test_bound(self): ...

@pytest.mark.claim("cor-all", kind="quadrature")
class TestThree:
    def test_it(self): ...
"""


def good_book(folder: Path) -> None:
    pages = {"a.md": FIRST, "b.md": SECOND, "c.md": LEDGER, "e.md": CODE}
    write(folder / "book", {**pages, "bound.png": ""})
    write(folder / "tests", {"part/test_waves.py": TESTS})
    write(folder / "src", {"waves.py": PACKAGE})


def records(folder: Path) -> dict[str, dict]:
    """The entries of the machines' copy by label."""
    entries = json.loads((folder / "html" / "claims.json").read_text(encoding="utf-8"))
    return {entry["label"]: entry for entry in entries}


def cards_of(folder: Path) -> dict[str, str]:
    """The cards on the page ``c`` by label, as HTML."""
    start = r'<div class="claims-card[^>]*id="claim-([\w-]+)"'
    card = re.compile(start + r'.*?(?=<div class="claims-card|</section>)', re.S)
    return {match[1]: match[0] for match in card.finditer(page(folder, "c"))}


def test_a_result_with_only_one_sided_checks_says_that_no_constant_is_seen(tmp_path):
    good_book(tmp_path)
    one_sided = TESTS.replace('"lem-series", kind="identity"', '"lem-series", kind="one-sided"')
    one_sided = one_sided.replace('"thm-bound", kind="certified"', '"thm-bound", kind="one-sided"')
    write(tmp_path / "tests", {"part/test_waves.py": one_sided})
    assert build(tmp_path, "claims") == []
    unseen = {
        label
        for label, card in cards_of(tmp_path).items()
        if "no check sees its constants" in text_of(card)
    }
    assert unseen == {"lem-series"}  # thm-bound has another check beside


def test_a_complete_book_passes_and_its_ledger_is_right(tmp_path):
    good_book(tmp_path)
    assert build(tmp_path, "claims") == []

    ledger = records(tmp_path)
    assert [(e["number"], e["uses"], e["open"]) for e in ledger.values()] == [
        ("Lemma 1.2", ["def-wave"], False),
        ("Theorem 2.1", ["lem-series"], False),
        ("Corollary 2.2", ["lem-series", "thm-bound"], False),
        ("Theorem 2.3", [], True),
    ]
    assert ledger["thm-bound"] == {
        "label": "thm-bound",
        "number": "Theorem 2.1",
        "title": "Bound",
        "uri": "b.html#thm-bound",
        "source": "quoted: Someone 2019, Theorem 4.2",
        "status": [{"parts": "", "status": "quoted", "detail": "Someone 2019, Theorem 4.2"}],
        "open": False,
        "uses": ["lem-series"],
        "functions": ["waves.bound"],
        "no_function": "",
        "checks": [
            {"test": "tests/part/test_waves.py::test_one", "kind": "Monte Carlo"},
            {"test": "tests/part/test_waves.py::TestTwo::test_bound", "kind": "certified"},
        ],
    }
    assert [(entry["functions"], entry["no_function"]) for entry in ledger.values()] == [
        ([], "a step, and no number"),
        (["waves.bound"], ""),
        (["waves.bound", "waves.Wave.length"], ""),
        (["waves.guess"], ""),
    ]

    markup, cards = page(tmp_path, "c"), cards_of(tmp_path)
    assert list(cards) == list(ledger)
    bound = text_of(cards["thm-bound"])
    for words in (
        "Theorem 2.1",
        "Someone 2019, Theorem 4.2",
        "Computed by bound Proof uses",
        "Lemma 1.2",
        "Corollary 2.2",
        "tests/part/test_waves.py::test_one (Monte Carlo)",
        "tests/part/test_waves.py::TestTwo::test_bound (certified)",
        "Figure 2.1",
    ):
        assert words in bound.replace(" : ", " "), (words, bound)
    assert "2 results proved" not in markup
    assert "3 results proved, 1 open. 3 computed by a function. 4 checks (" in text_of(markup)
    kinds = "(identity: 1; certified: 1; quadrature: 1; Monte Carlo: 1)."
    assert kinds in text_of(markup)
    assert 'href="e.html#waves.bound"' in cards["thm-bound"]
    assert 'href="e.html#waves.Wave.length"' in cards["cor-all"]
    assert "no function: a step, and no number" in text_of(cards["lem-series"])
    assert 'href="b.html#thm-bound"' in cards["lem-series"]
    assert 'href="b.html#fig-bound"' in cards["thm-bound"]
    assert "open" in text_of(cards["thm-guess"])
    assert len(re.findall(r'id="equation-eq-bound"', page(tmp_path, "b"))) == 1
    assert "equation-eq-bound" not in re.sub(
        r'href="[^"]*"', "", markup
    )  # the copy of the statement brings no second anchor

    svg = re.search(r"<svg.*?</svg>", markup, re.S)[0]
    assert re.findall(r'<a id="claims-n\d+" class="([\w ]+)" href="([^"]+)"', svg) == [
        ("lemma", "a.html#lem-series"),
        ("theorem", "b.html#thm-bound"),
        ("corollary", "b.html#cor-all"),
        ("theorem open", "b.html#thm-guess"),
    ]
    # The corollary uses the lemma too, but the arrows through the theorem already lead there.
    assert sorted(re.findall(r'<path id="claims-(u\dv\d)"', svg)) == ["u0v1", "u1v2"]

    assert "Someone 2019, Theorem 4.2 · computed by bound · ledger" in text_of(page(tmp_path, "b"))
    assert "computed by bound , Wave.length · ledger" in text_of(page(tmp_path, "b"))
    assert 'href="e.html#waves.bound"' in page(tmp_path, "b")
    lemma = text_of(page(tmp_path, "a"))
    assert "standard · no function: a step, and no number · ledger" in lemma
    assert lemma.count("no function") == 1
    assert text_of(cards["lem-series"]).count("no function") == 1  # the copy comes without notes


def test_cards_carry_what_the_filters_choose_by_and_plain_statements(tmp_path):
    good_book(tmp_path)
    assert build(tmp_path, "claims") == []
    markup, cards = page(tmp_path, "c"), cards_of(tmp_path)
    kinds = {label: re.search(r'class="([^"]*)"', card)[1] for label, card in cards.items()}
    marks = {"part-", "status-quoted", "check-monte-carlo", "check-certified"}
    assert marks <= set(kinds["thm-bound"].split())
    assert "check-" not in kinds["thm-guess"]
    form = re.search(r'<form class="claims-filter".*?</form>', markup, re.S)[0]
    boxes = re.findall(r'name="(\w+)" value="([\w-]*)"> .*?count">(\d+)<', form)
    assert boxes == [
        ("part", "", "4"),
        ("status", "new", "2"),
        ("status", "standard", "1"),
        ("status", "quoted", "1"),
        ("check", "identity", "1"),
        ("check", "certified", "1"),
        ("check", "quadrature", "1"),
        ("check", "monte-carlo", "1"),
    ]
    assert " hidden>" in form  # until a script runs it
    statement = re.search(r'<p class="claims-statement" data-from="(.*?)">(.*?)</p>', markup)
    assert statement.groups() == ("a.html#lem-series", "Every wave is a series.")
    assert "Small, x ≤ 1." in cards["thm-bound"]


LEANING = """# Leaning

```{prf:theorem} Leans
:label: thm-leans

Leans. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
By {prf:ref}`lem-series` and {prf:ref}`def-wave`.
```

Compare {prf:ref}`thm-bound`, and once more {prf:ref}`lem-series`. MORE
"""
LEANING_TEST = '\n@pytest.mark.claim("thm-leans", kind="identity")\ndef test_leans(): ...\n'


def rows_of(markup: str) -> list[list[str]]:
    """The words in the table of a map, by row."""
    table = re.search(r'<table class="[^"]*claims-map.*?</table>', markup, re.S)[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    return [
        [text_of(entry).strip() for entry in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in rows
    ]


def test_the_map_of_a_part_tells_proofs_from_text_and_leaves_out_the_part_itself(tmp_path):
    good_book(tmp_path)
    beside = LEANING.replace("thm-leans", "thm-beside").replace("MORE", "{prf:ref}`thm-leans`")
    write(tmp_path / "book", {"part/x.md": LEANING.replace("MORE", ""), "part/y.md": beside})
    parts = "# Parts\n\n```{toctree}\npart/x\npart/y\n```\n"
    write(tmp_path / "book", {"0map.md": MAP, "d.md": parts})
    tests = TESTS + LEANING_TEST + LEANING_TEST.replace("leans", "beside")
    write(tmp_path / "tests", {"part/test_waves.py": tests})
    assert build(tmp_path, "claims") == []

    markup = page(tmp_path, "0map")
    assert rows_of(markup) == [
        ["Page", "States", "Its proof uses", "Its text cites"],
        ["Leaning", "Theorem 5.1", "Lemma 2.2", "Theorem 3.1"],
        ["Leaning", "Theorem 5.2", "Lemma 2.2", "Theorem 3.1"],
    ]
    assert 'href="part/y.html#thm-beside"' in markup
    svg = re.search(r"<svg.*?</svg>", markup, re.S)[0]
    boxes = re.findall(r'<a id="claims-n(\d)" class="\w+" href="[^"]+#([\w-]+)"', svg)
    label = dict(boxes)
    arrows = re.findall(r'<path id="claims-u(\d)v(\d)" d="[^"]*"( stroke-dasharray)?', svg)
    assert sorted((label[u], label[v], bool(dashed)) for u, v, dashed in arrows) == [
        ("lem-series", "thm-beside", False),
        ("lem-series", "thm-leans", False),
        ("thm-bound", "thm-beside", True),
        ("thm-bound", "thm-leans", True),
    ]
    # the notes of the statements lead to the cards, not to the map, though its page comes first
    assert 'href="c.html#claim-thm-bound"' in page(tmp_path, "b")

    # The text of a page cites less: the map follows, though its own page did not change.
    less = LEANING.replace("MORE", "").replace("{prf:ref}`thm-bound`", "nothing")
    write(tmp_path / "book", {"part/x.md": less})
    assert build(tmp_path, "claims") == []
    assert rows_of(page(tmp_path, "0map"))[1] == ["Leaning", "Theorem 5.1", "Lemma 2.2", "–"]


def test_a_map_in_groups_has_a_drawing_for_each_and_misses_no_page(tmp_path):
    good_book(tmp_path)
    beside = LEANING.replace("thm-leans", "thm-beside").replace("MORE", "")
    write(tmp_path / "book", {"part/x.md": LEANING.replace("MORE", ""), "part/y.md": beside})
    parts = "# Parts\n\n```{toctree}\n:caption: A part\npart/x\npart/y\n```\n"
    grouped = "# Map\n\n```{claims-map} part\nFirst: x\nSecond: y\n```\n"
    write(tmp_path / "book", {"0map.md": grouped, "d.md": parts})
    tests = TESTS + LEANING_TEST + LEANING_TEST.replace("leans", "beside")
    write(tmp_path / "tests", {"part/test_waves.py": tests})
    assert build(tmp_path, "claims") == []
    markup = page(tmp_path, "0map")
    first, second = re.findall(r"<svg.*?</svg>", markup, re.S)
    assert "#thm-leans" in first and "#thm-beside" not in first
    assert "#thm-beside" in second and "#thm-leans" not in second
    names = re.findall(r' id="(claims-[^"]+)"', markup)
    assert len(names) == len(set(names)) and "claims-0-t" in names and "claims-1-t" in names
    assert len(rows_of(markup)) == 3

    # The ledger draws each part by itself, with what it uses of the others.
    ledger = re.findall(r"<svg.*?</svg>", page(tmp_path, "c"), re.S)
    assert len(ledger) == 2
    assert "#thm-bound" in ledger[0] and "#thm-leans" not in ledger[0]
    assert "#lem-series" in ledger[1] and "#thm-bound" not in ledger[1]

    write(tmp_path / "book", {"0map.md": grouped.replace("Second: y", "Second: z")})
    said = build(tmp_path, "claims")
    assert len(said) == 2
    assert "no group with part/y" in said[0] and "part/z, which is no page" in said[1]


def test_a_test_links_to_its_file_where_the_repository_has_an_address(tmp_path):
    good_book(tmp_path)
    address = "https://example.org/book/blob/main"
    assert build(tmp_path, "claims") == []
    assert address not in page(tmp_path, "c")
    for given in (address, address + "/"):
        assert build(tmp_path, "claims", claims_repository=given) == []
        line = TESTS.split("\n").index('@mark.claim("thm-bound", kind="Monte Carlo")') + 1
        card = cards_of(tmp_path)["thm-bound"]
        assert f'href="{address}/tests/part/test_waves.py#L{line}"' in card


BROKEN = """# Broken

```{prf:lemma} Nameless
Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
Fine.
```

```{prf:lemma} Bare
:label: lem-bare

Text. {source}`new: all of it` {no-function}`none`
```

A sentence parts the statement from its proof.

```{prf:proof}
Too late.
```

```{prf:lemma} Homeless
:label: lem-homeless

Text. {no-function}`none`
```

```{prf:proof}
Fine.
```

```{prf:lemma} Unchecked
:label: lem-unchecked

Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
By {prf:ref}`thm-open`.
```

```{prf:theorem} Open and proved
:label: thm-open
:class: open

Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
By {prf:ref}`lem-nowhere`.
```

```{prf:lemma} Circle, first
:label: lem-circle-1

Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
By {prf:ref}`lem-circle-2`.
```

```{prf:lemma} Circle, second
:label: lem-circle-2

Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
By {prf:ref}`lem-circle-1`.
```

```{prf:lemma} Own proof
:label: lem-self

Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
By {prf:ref}`lem-self`.
```

```{prf:lemma} Without function
:label: lem-nothing

Text. {source}`new: all of it`
```

```{prf:proof}
Fine.
```

```{prf:lemma} With function and without
:label: lem-both

Text. {source}`new: all of it` {no-function}`none`
```

```{prf:proof}
Fine.
```

```{prf:lemma} Computed
:label: lem-computed

Text. {source}`new: all of it`
```

```{prf:proof}
Fine.
```

```{py:function} broken.both()
```
"""
BROKEN_PACKAGE = '''
def both():
    """Book: ``lem-both``."""

def unseen():
    """Book: ``lem-computed``."""

def _private():
    """Book: ``lem-nothing``."""

def outer():
    """See: ``lem-nothing``."""

    def inner():
        """Book: ``lem-nothing``."""
'''
NO_FUNCTION = "no docstring says Book: ``lem-nothing``., and the role no-function gives no reason"
NO_SOURCE = "does not say where it stands in the literature: end it with the role source"
KINDS = ("identity", "certified", "quadrature", "Monte Carlo", "one-sided")
BROKEN_TESTS = "import pytest\n" + "".join(
    f'@pytest.mark.claim("{label}", kind="{kind}")\ndef test_{i}(): ...\n'
    for i, (label, kind) in enumerate(
        [
            ("lem-bare", "identity"),
            ("lem-homeless", "identity"),
            ("lem-circle-1", "identity"),
            ("lem-circle-2", "identity"),
            ("lem-self", "looks right"),
            ("lem-gone", "identity"),
            ("lem-nothing", "identity"),
            ("lem-both", "identity"),
            ("lem-computed", "identity"),
        ]
    )
)


def test_every_violation_is_a_warning_and_nothing_else_is(tmp_path):
    write(tmp_path / "book", {"a.md": BROKEN, "b.md": LEDGER})
    write(tmp_path / "tests", {"test_broken.py": BROKEN_TESTS})
    write(tmp_path / "src", {"broken.py": BROKEN_PACKAGE})
    said = build(tmp_path, "claims")
    others = ("label 'lem-nowhere' not found", "prf:ref reference target not found")
    ours = [line for line in said if not any(words in line for words in others)]
    messages = [re.sub(r"^(\S+?)(?:a\.md)?:(\d+): WARNING: (.*)$", r"\3", line) for line in ours]
    assert sorted(message.removesuffix(" [claims]") for message in messages) == sorted(
        [
            "the lemma 'Nameless' has no label",
            "lemma lem-bare has no proof directly after it",
            f"lemma lem-homeless {NO_SOURCE}",
            'lemma lem-unchecked has no check: no test is marked claim("lem-unchecked", kind=...)',
            "lemma lem-unchecked is proved from thm-open, which is open",
            "theorem thm-open is marked open and has a proof",
            "theorem thm-open is proved from lem-nowhere, which no statement has as its label",
            "these proofs use each other in a circle: lem-circle-1 -> lem-circle-2 -> lem-circle-1",
            "these proofs use each other in a circle: lem-self -> lem-self",
            "kind 'looks right' of the check of lem-self is none of " + ", ".join(KINDS),
            "the mark names lem-gone, but no numbered result has this label",
            f"lemma lem-nothing has no function: {NO_FUNCTION}",
            "lemma lem-both says that it has no function, but broken.both computes it",
            "broken.unseen computes lem-computed, but no page documents it",
            "the docstring of broken._private names lem-nothing, but is not public",
            "the docstring of broken.outer.<locals>.inner names lem-nothing, but is not public",
        ]
    )
    # a warning names the statement's place, the mark's, the function's
    assert any(w.startswith("a.md:11: WARNING: lemma lem-bare") for w in said), said
    assert any("tests/test_broken.py:12: WARNING: the mark names lem-gone" in w for w in said), said
    assert any("src/broken.py:5: WARNING: broken.unseen computes" in w for w in said), said
    assert "<svg" in page(
        tmp_path, "b"
    )  # a circle is reported, and does not keep the page from being drawn


def test_an_incremental_build_forgets_and_renumbers(tmp_path):
    good_book(tmp_path)
    write(tmp_path / "book", {"d.md": "# Other\n\nSee {prf:ref}`lem-series`.\n"})
    assert build(tmp_path, "claims") == []
    stamp = (tmp_path / "html" / "c.html").stat().st_mtime_ns

    assert build(tmp_path, "claims") == []  # nothing changed: nothing is written
    assert (tmp_path / "html" / "c.html").stat().st_mtime_ns == stamp

    # A test loses its mark; no page has changed, yet the build warns and the page shows it.
    # It warns again in the next build.
    mark = '@pytest.mark.claim("cor-all", kind="quadrature")'
    write(tmp_path / "tests", {"part/test_waves.py": TESTS.replace(mark, "")})
    for _ in range(2):
        assert ["corollary cor-all has no check" in w for w in build(tmp_path, "claims")] == [True]
        assert "quadrature" not in text_of(page(tmp_path, "c"))
    write(tmp_path / "tests", {"part/test_waves.py": TESTS})
    assert build(tmp_path, "claims") == []
    assert "quadrature" in text_of(page(tmp_path, "c"))

    # A docstring no longer names a result: the claims page and the note at the statement show it.
    named = "Book: ``cor-all``, in another way."
    write(tmp_path / "src", {"waves.py": PACKAGE.replace(named, "")})
    assert build(tmp_path, "claims") == []
    assert "Wave.length" not in page(tmp_path, "c") + page(tmp_path, "b")
    write(tmp_path / "src", {"waves.py": PACKAGE.replace("Book: ``thm-guess``.", "")})
    for _ in range(2):
        said = build(tmp_path, "claims")
        assert ["theorem thm-guess has no function" in line for line in said] == [True]
        assert "Wave.length" in page(tmp_path, "c") and "Wave.length" in page(tmp_path, "b")
    write(tmp_path / "src", {"waves.py": PACKAGE})
    assert build(tmp_path, "claims") == []

    # The package's page gets another name: the links to it follow.
    (tmp_path / "book" / "e.md").rename(tmp_path / "book" / "f.md")
    assert build(tmp_path, "claims") == []
    for name in ("b", "c"):
        assert 'href="f.html#waves.bound"' in page(tmp_path, name)

    # A lemma before the others gets their number; every page that names one is written again.
    remark = "```{prf:remark}\n:label: rem-first\n\nText.\n```\n"
    extra = f"# Waves\n\n{remark}\n{remark.replace('remark', 'definition').replace('rem', 'def')}"
    write(tmp_path / "book", {"a.md": FIRST.replace("# Waves\n", extra)})
    assert build(tmp_path, "claims") == []
    assert "Lemma 1.3" in text_of(page(tmp_path, "c"))
    assert "Lemma 1.3" in text_of(page(tmp_path, "d"))

    # The lemma goes: what still cites it is found, though its page did not change.
    # No stale entry remains.
    write(tmp_path / "book", {"a.md": "# Waves\n"})
    said = "\n".join(build(tmp_path, "claims"))
    assert (
        "theorem thm-bound is proved from lem-series, which no statement has as its label" in said
    )
    assert "the mark names lem-series, but no numbered result has this label" in said
    assert "claim-lem-series" not in page(tmp_path, "c")


def test_environments_of_parallel_readers_are_merged():
    ours, theirs, heard = SimpleNamespace(), SimpleNamespace(), {}
    kept.keep_by_page(SimpleNamespace(connect=heard.__setitem__), claims.stored)
    claims.stored(ours)["results"].update(a=["old"], b=["kept"])
    claims.stored(theirs)["results"].update(a=["new"], b=["stale"])
    claims.stored(theirs)["figures"].update(a=["figure"])
    heard["env-merge-info"](None, ours, {"a"}, theirs)
    results, figures = {"a": ["new"], "b": ["kept"]}, {"a": ["figure"]}
    assert ours.claims == {"results": results, "figures": figures, "cites": {}, "pages": {}}
    heard["env-purge-doc"](None, ours, "a")
    assert ours.claims == {"results": {"b": ["kept"]}, "figures": {}, "cites": {}, "pages": {}}


def test_every_file_of_the_extension_counts_for_its_version(tmp_path, monkeypatch):
    folder = Path(claims.__file__).parent
    files = [path.name for path in folder.glob("*.py")]
    monkeypatch.setattr(claims, "__file__", str(tmp_path / "__init__.py"))
    write(tmp_path, {name: (folder / name).read_text(encoding="utf-8") for name in files})
    versions = {claims.version()}
    for name in files:
        (tmp_path / name).write_text("# changed", encoding="utf-8")
        versions.add(claims.version())
    assert len(files) > 5 and len(versions) == 1 + len(files)


# This repository.


def chapters_text(folder: Path) -> dict[str, str]:
    """The text of each page below ``folder``, without what begins with a bar or a dot."""
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.md"))]
    ours = [path for path in paths if not path.parts[0].startswith(("_", "."))]
    return {path.as_posix(): (folder / path).read_text(encoding="utf-8") for path in ours}


def numbered_results(folder: Path) -> dict[str, dict[str, bool]]:
    """By label: whether the result is open, and whether it says that it has no function.

    Reads the text alone, without Sphinx.
    """
    kinds = "|".join(claims.ledger.RESULTS)
    directive = re.compile(
        rf"^(?P<fence>`{{3,}}|:{{3,}})\{{prf:(?P<kind>{kinds})\}}[^\n]*\n"
        r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<text>.*?)^(?P=fence)\s*$",
        re.M | re.S,
    )
    found = {}
    for name, text in chapters_text(folder).items():
        for match in directive.finditer(text):
            options = dict(re.findall(r"^:([\w-]+):[ \t]*(.*?)[ \t]*$", match["options"], re.M))
            if "nonumber" not in options:
                assert "label" in options, f"{name}: {match[0].strip()}"
                is_open = "open" in options.get("class", "").split()
                found[options["label"]] = {
                    "open": is_open or match["kind"] == "conjecture",
                    "no function": "{no-function}`" in match["text"],
                }
    return found


def test_the_reader_of_results_finds_them(tmp_path):
    copy = FIRST.replace("lem-series", "lem-copy")
    write(tmp_path, {"limits/a.md": FIRST, "b.md": SECOND, "_build/c.md": copy})
    found = numbered_results(tmp_path)
    assert {label: result["open"] for label, result in found.items()} == {
        "thm-bound": False,
        "cor-all": False,
        "thm-guess": True,
        "lem-series": False,
    }
    assert [label for label, result in found.items() if result["no function"]] == ["lem-series"]
    write(tmp_path, {"b.md": SECOND.replace(":label: thm-bound\n", "")})
    with pytest.raises(AssertionError, match="Bound"):
        numbered_results(tmp_path)


def test_every_result_of_the_book_has_a_check_and_every_mark_a_result():
    results = numbered_results(ROOT / "book")
    checks, wrong = claims.read_checks(ROOT / "tests")
    assert results, "the book states nothing"
    assert not wrong
    assert {check.kind for check in checks} <= set(claims.checks.KINDS)
    checked = {check.label for check in checks}
    proved = {label for label, result in results.items() if not result["open"]}
    assert not checked - set(results), "marks that name no result"
    assert not proved - checked, "results without a check"


def test_every_result_of_the_book_has_a_function_or_says_why_not():
    results = numbered_results(ROOT / "book")
    functions, wrong = claims.read_functions(ROOT / "src")
    assert functions, "no docstring names a statement"
    assert not wrong
    computed = {function.label for function in functions}
    without = {label for label, result in results.items() if result["no function"]}
    assert not set(results) - computed - without, "neither a function nor a reason"
    assert not computed & without, "a function, and a reason why there is none"


def test_every_label_that_the_package_names_is_in_the_book():
    text = "\n".join(chapters_text(ROOT / "book").values())
    known = set(re.findall(r"^:label:\s*(\S+)", text, re.M))
    known |= set(re.findall(r"\$\$ *\((eq-[\w-]+)\)", text))
    named = {
        (path.name, label)
        for path in (ROOT / "src").rglob("*.py")
        for label in docstrings.labels(path.read_text(encoding="utf-8"))
    }
    assert named, "no docstring names a statement"
    assert not {(name, label) for name, label in named if label not in known}
