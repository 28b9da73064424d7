"""The ledger of claims: each of its guards fails on a planted violation, and this repository's own ledger is complete."""

import json
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import pytest
from small_book import build, claims, docstrings, page, text_of, write

ROOT = Path(__file__).parents[1]

FIRST = """# Waves

```{prf:definition} Wave
:label: def-wave

A wave.
```

```{prf:lemma} Series of $R^2$
:label: lem-series

Every wave is a series. {source}`standard`
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

{source}`Someone 2019, Theorem 4.2`
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

For all. {source}`new`
```

```{prf:proof}
Use {prf:ref}`the series <lem-series>`, {prf:ref}`thm-bound` and once more {prf:ref}`thm-bound`.
```

```{prf:theorem} Guess
:label: thm-guess
:class: open

Perhaps. {source}`new`
```

```{prf:theorem} Quoted
:nonumber:

Somebody else's theorem, quoted without a number, is no claim of ours.
```
"""
LEDGER = "# Claims\n\n```{claims-graph}\n```\n\n```{claims-table}\n```\n"
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
    write(folder / "book", {"a.md": FIRST, "b.md": SECOND, "c.md": LEDGER, "bound.png": ""})
    write(folder / "tests", {"test_waves.py": TESTS})


def test_a_complete_book_passes_and_its_ledger_is_right(tmp_path):
    good_book(tmp_path)
    assert build(tmp_path, "claims") == []

    ledger = {entry["label"]: entry for entry in json.loads((tmp_path / "html" / "claims.json").read_text())}
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
        "source": "Someone 2019, Theorem 4.2",
        "open": False,
        "uses": ["lem-series"],
        "checks": [
            {"test": "test_waves.py::test_one", "kind": "Monte Carlo"},
            {"test": "test_waves.py::TestTwo::test_bound", "kind": "certified"},
        ],
    }

    markup = page(tmp_path, "c")
    cards = {
        m[1]: m[0]
        for m in re.finditer(r'<div class="claims-card[^>]*id="claim-([\w-]+)".*?(?=<div class="claims-card|</section>)', markup, re.S)
    }
    assert list(cards) == list(ledger)
    bound = text_of(cards["thm-bound"])
    for words in ("Theorem 2.1", "Someone 2019, Theorem 4.2", "Lemma 1.2", "Corollary 2.2", "(Monte Carlo)", "(certified)", "Figure 2.1"):
        assert words in bound, words
    assert "2 results proved" not in markup
    assert "3 results proved, 1 open. 4 checks (identity: 1; certified: 1; quadrature: 1; Monte Carlo: 1)." in text_of(markup)
    assert 'href="b.html#thm-bound"' in cards["lem-series"]
    assert 'href="b.html#fig-bound"' in cards["thm-bound"]
    assert "open" in text_of(cards["thm-guess"])
    assert len(re.findall(r'id="equation-eq-bound"', page(tmp_path, "b"))) == 1
    assert "equation-eq-bound" not in re.sub(r'href="[^"]*"', "", markup)  # the copy of the statement brings no second anchor

    svg = re.search(r"<svg.*?</svg>", markup, re.S)[0]
    assert re.findall(r'<a id="claims-n\d+" class="([\w ]+)" href="([^"]+)"', svg) == [
        ("lemma", "a.html#lem-series"),
        ("theorem", "b.html#thm-bound"),
        ("corollary", "b.html#cor-all"),
        ("theorem open", "b.html#thm-guess"),
    ]
    # The corollary uses the lemma too, but the arrows through the theorem already lead there.
    assert sorted(re.findall(r'<path id="claims-(u\dv\d)"', svg)) == ["u0v1", "u1v2"]

    statement = text_of(page(tmp_path, "b"))
    assert "Someone 2019, Theorem 4.2 · ledger" in statement


BROKEN = """# Broken

```{prf:lemma} Nameless
Text. {source}`new`
```

```{prf:proof}
Fine.
```

```{prf:lemma} Bare
:label: lem-bare

Text. {source}`new`
```

A sentence parts the statement from its proof.

```{prf:proof}
Too late.
```

```{prf:lemma} Homeless
:label: lem-homeless

Text.
```

```{prf:proof}
Fine.
```

```{prf:lemma} Unchecked
:label: lem-unchecked

Text. {source}`new`
```

```{prf:proof}
By {prf:ref}`thm-open`.
```

```{prf:theorem} Open and proved
:label: thm-open
:class: open

Text. {source}`new`
```

```{prf:proof}
By {prf:ref}`lem-nowhere`.
```

```{prf:lemma} Circle, first
:label: lem-circle-1

Text. {source}`new`
```

```{prf:proof}
By {prf:ref}`lem-circle-2`.
```

```{prf:lemma} Circle, second
:label: lem-circle-2

Text. {source}`new`
```

```{prf:proof}
By {prf:ref}`lem-circle-1`.
```

```{prf:lemma} Own proof
:label: lem-self

Text. {source}`new`
```

```{prf:proof}
By {prf:ref}`lem-self`.
```
"""
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
        ]
    )
)


def test_every_violation_is_a_warning_and_nothing_else_is(tmp_path):
    write(tmp_path / "book", {"a.md": BROKEN, "b.md": LEDGER})
    write(tmp_path / "tests", {"test_broken.py": BROKEN_TESTS})
    said = build(tmp_path, "claims")
    ours = [re.sub(r"^(\S+?)(?:a\.md)?:(\d+): WARNING: (.*)$", r"\3", w) for w in said if "label 'lem-nowhere' not found" not in w]
    ours = [w for w in ours if "prf:ref reference target not found" not in w]
    assert sorted(w.removesuffix(" [claims]") for w in ours) == sorted(
        [
            "the lemma 'Nameless' has no label",
            "lemma lem-bare has no proof directly after it",
            "lemma lem-homeless does not say where it stands in the paper: end it with the role source",
            'lemma lem-unchecked has no check: no test is marked claim("lem-unchecked", kind=...)',
            "lemma lem-unchecked is proved from thm-open, which is open",
            "theorem thm-open is marked open and has a proof",
            "theorem thm-open is proved from lem-nowhere, which no statement has as its label",
            "these proofs use each other in a circle: lem-circle-1 -> lem-circle-2 -> lem-circle-1",
            "these proofs use each other in a circle: lem-self -> lem-self",
            "kind 'looks right' of the check of lem-self is none of identity, certified, quadrature, Monte Carlo",
            "the mark names lem-gone, but no numbered result has this label",
        ]
    )
    assert any(w.startswith("a.md:11: WARNING: lemma lem-bare") for w in said), said  # a warning names the statement's place
    assert any("tests/test_broken.py:12: WARNING: the mark names lem-gone" in w for w in said), said
    assert "<svg" in page(tmp_path, "b")  # a circle is reported, and does not keep the page from being drawn


def test_a_mark_that_pytest_would_not_run_is_no_check(tmp_path):
    write(
        tmp_path / "tests",
        {
            "test_marks.py": """
import pytest
claim = pytest.mark.claim
pytestmark = pytest.mark.claim("lem-module", kind="identity")

@pytest.mark.claim("lem-helper", kind="identity")
def helper(): ...

@pytest.mark.claim("lem-empty", kind="identity")
class TestEmpty: ...

@pytest.mark.skip
@pytest.mark.claim("lem-skipped", kind="identity")
def test_skipped(): ...

@pytest.mark.xfail(reason="wrong")
@pytest.mark.claim("lem-wrong", kind="identity")
def test_wrong(): ...

@pytest.mark.claim("lem-kindless")
def test_kindless(): ...

@pytest.mark.claim(LABEL, kind="identity")
def test_computed(): ...

@pytest.mark.claim
def test_bare(): ...

def test_outer():
    @pytest.mark.claim("lem-inner", kind="identity")
    def test_inner(): ...

@pytest.mark.parametrize("d", [1, pytest.param(2, marks=pytest.mark.claim("lem-param", kind="identity"))])
@pytest.mark.claim("lem-good", kind="identity")
def test_good(d): ...
""",
            "helpers.py": 'import pytest\n\n@pytest.mark.claim("lem-file", kind="identity")\ndef test_never(): ...\n',
        },
    )
    checks, wrong = claims.read_checks(tmp_path / "tests")
    assert [(c.label, c.test) for c in checks] == [("lem-good", "test_marks.py::test_good")]
    lines = {place.split("/")[1] for place, _ in wrong}
    assert lines == {"helpers.py:3", *(f"test_marks.py:{n}" for n in (3, 4, 6, 9, 13, 17, 20, 23, 26, 30, 33))}


def test_an_incremental_build_forgets_and_renumbers(tmp_path):
    good_book(tmp_path)
    write(tmp_path / "book", {"d.md": "# Other\n\nSee {prf:ref}`lem-series`.\n"})
    assert build(tmp_path, "claims") == []
    stamp = (tmp_path / "html" / "c.html").stat().st_mtime_ns

    assert build(tmp_path, "claims") == []  # nothing changed: nothing is written
    assert (tmp_path / "html" / "c.html").stat().st_mtime_ns == stamp

    # A test loses its mark; no page has changed, yet the build warns and the page shows it. It warns again in the next build.
    write(tmp_path / "tests", {"test_waves.py": TESTS.replace('@pytest.mark.claim("cor-all", kind="quadrature")', "")})
    for _ in range(2):
        assert ["corollary cor-all has no check" in w for w in build(tmp_path, "claims")] == [True]
        assert "quadrature" not in text_of(page(tmp_path, "c"))
    write(tmp_path / "tests", {"test_waves.py": TESTS})
    assert build(tmp_path, "claims") == []
    assert "quadrature" in text_of(page(tmp_path, "c"))

    # A lemma before the others gets their number; every page that names one of them is written again.
    extra = "# Waves\n\n```{prf:remark}\n:label: rem-first\n\nText.\n```\n\n```{prf:definition}\n:label: def-first\n\nText.\n```\n"
    write(tmp_path / "book", {"a.md": FIRST.replace("# Waves\n", extra)})
    assert build(tmp_path, "claims") == []
    assert "Lemma 1.3" in text_of(page(tmp_path, "c"))
    assert "Lemma 1.3" in text_of(page(tmp_path, "d"))

    # The lemma goes: what still cites it is found, though its page did not change, and no stale entry remains.
    write(tmp_path / "book", {"a.md": "# Waves\n"})
    said = "\n".join(build(tmp_path, "claims"))
    assert "theorem thm-bound is proved from lem-series, which no statement has as its label" in said
    assert "the mark names lem-series, but no numbered result has this label" in said
    assert "claim-lem-series" not in page(tmp_path, "c")


def test_environments_of_parallel_readers_are_merged():
    ours, theirs = SimpleNamespace(), SimpleNamespace()
    claims._stored(ours)["results"].update(a=["old"], b=["kept"])
    claims._stored(theirs)["results"].update(a=["new"], b=["stale"])
    claims._stored(theirs)["figures"].update(a=["figure"])
    claims.merge(None, ours, {"a"}, theirs)
    assert ours.claims == {"results": {"a": ["new"], "b": ["kept"]}, "figures": {"a": ["figure"]}, "pages": {}}
    claims.purge(None, ours, "a")
    assert ours.claims == {"results": {"b": ["kept"]}, "figures": {}, "pages": {}}


def test_spread_is_the_least_squares_solution():
    assert claims.spread([0.0, 0.0, 5.0], [1.0, 1.0, 1.0]) == [-0.5, 0.5, 5.0]
    assert claims.spread([2.0, 0.0], [1.0, 0.5]) == [0.625, 1.375]
    assert claims.spread([], []) == []


@pytest.mark.parametrize("seed", range(3))
def test_boxes_and_arrows_of_sixty_results_do_not_collide(seed):
    random = nx.gnp_random_graph(60, 0.04, seed=seed, directed=True)
    graph = nx.DiGraph((u, v) for u, v in random.edges if u < v)
    graph.add_nodes_from(random)
    corner, routes = claims.layout(graph)
    assert set(corner) == set(graph) and set(routes) == set(graph.edges)
    for (u, (x, y)), (v, (s, t)) in ((a, b) for a in corner.items() for b in corner.items() if a[0] < b[0]):
        assert abs(x - s) >= claims.WIDTH or abs(y - t) >= claims.HEIGHT, (u, v)
    for (u, v), points in routes.items():
        assert [b[0] - a[0] for a, b in pairwise(points)] == [claims.WIDTH + claims.GAP_X] * (len(points) - 1), (u, v)
        for x, y in points[1:-1]:
            assert all(s != x or abs(t - y) > claims.HEIGHT / 2 for s, t in corner.values()), (u, v)


# This repository.


def numbered_labels(folder: Path) -> dict[str, bool]:
    """The labels of the numbered results in the chapters' text, and whether each is open. Reads the directives' options only."""
    found = {}
    kinds = "|".join(claims.RESULTS)
    for path in sorted(p for p in folder.rglob("*.md") if not p.relative_to(folder).parts[0].startswith(("_", "."))):
        for directive in re.finditer(
            rf"^(?:`{{3,}}|:{{3,}})\{{prf:({kinds})\}}[^\n]*\n((?::[\w-]+:[^\n]*\n)*)", path.read_text(encoding="utf-8"), re.M
        ):
            options = dict(re.findall(r"^:([\w-]+):[ \t]*(.*?)[ \t]*$", directive[2], re.M))
            if "nonumber" not in options:
                assert "label" in options, f"{path.name}: {directive[0].strip()}"
                found[options["label"]] = "open" in options.get("class", "").split() or directive[1] == "conjecture"
    return found


def test_the_reader_of_labels_finds_them(tmp_path):
    write(tmp_path, {"limits/a.md": FIRST, "b.md": SECOND, "_build/c.md": FIRST.replace("lem-series", "lem-copy")})
    assert numbered_labels(tmp_path) == {"thm-bound": False, "cor-all": False, "thm-guess": True, "lem-series": False}
    write(tmp_path, {"b.md": SECOND.replace(":label: thm-bound\n", "")})
    with pytest.raises(AssertionError, match="Bound"):
        numbered_labels(tmp_path)


def test_every_result_of_the_book_has_a_check_and_every_mark_a_result():
    labels = numbered_labels(ROOT / "book")
    checks, wrong = claims.read_checks(ROOT / "tests")
    assert labels, "the book states nothing"
    assert not wrong
    assert {c.kind for c in checks} <= set(claims.KINDS)
    checked = {c.label for c in checks}
    assert not checked - set(labels), "marks that name no result"
    assert not {label for label, is_open in labels.items() if not is_open} - checked, "results without a check"


def test_every_label_that_the_package_names_is_in_the_book():
    statements = set(re.findall(r"^:label:\s*(\S+)", "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "book").rglob("*.md")), re.M))
    named = {(p.name, label) for p in (ROOT / "src").rglob("*.py") for label in docstrings.book_labels(p.read_text(encoding="utf-8"))}
    assert named, "no docstring names a statement"
    assert not {(name, label) for name, label in named if label not in statements}
