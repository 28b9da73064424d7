"""The reading map and its lists: drawn from the ledger, and each guard fails on a planted fault."""

import importlib
import re
import sys
from types import SimpleNamespace

import pytest
import test_browser
from small_book import build, page, text_of, write
from test_claims import CODE, FIRST, PACKAGE, SECOND, TESTS

browser, site, desk = test_browser.browser, test_browser.site, test_browser.desk
minutes = importlib.import_module("reading_map.minutes")
order = importlib.import_module("reading_map.order")
drawing = importlib.import_module("reading_map.drawing")

THIRD = """# Beyond

:::{admonition} This chapter
**Shows** a lot. **Needs** {doc}`a` and the bound of {prf:ref}`thm-bound`. Related is {doc}`e`.
**Runs in** no time
:::

## Nothing new

Words.
"""
MAP = """# Map

```{reading-map} part
```

```{reading}
:path: all
part/a: The *waves*.
part/b:
part/d:
```
"""
FULL = ("claims", "reading_map")


def book(folder, extra: str = "", **pages: str) -> None:
    """A book whose chapters lie in a folder of their own; the map is the page ``map``."""
    inside = {"a": FIRST, "b": SECOND, "d": THIRD, "e": CODE, **pages}
    write(folder / "book", {f"part/{name}.md": text for name, text in inside.items()})
    write(folder / "book", {"map.md": MAP + extra, "part/bound.png": ""})
    contents = "\n".join(["map", *(f"part/{name}" for name in inside)])
    index = f"# Book\n\n```{{toctree}}\n:numbered:\n:caption: The part\n\n{contents}\n```\n"
    write(folder / "book", {"start.md": index})
    write(folder / "tests", {"part/test_waves.py": TESTS})
    write(folder / "src", {"waves.py": PACKAGE})


def made(folder, extra: str = "", **pages: str) -> list[str]:
    book(folder, extra, **pages)
    said = build(folder, *FULL, root_doc="start", exclude_patterns=["index.md"])
    return [line for line in said if "index" not in line]


def listing(folder, number: int) -> str:
    """What stands after a list of the page, up to the next."""
    pieces = re.split(r'<[ou]l class="[^"]*reading-list', page(folder, "map"))
    return text_of(pieces[number + 1])


# The minutes.


def read(folder, text: str, monkeypatch) -> list:
    """The sections of a page as they are read."""
    found = []

    def keep(app, doctree):
        if app.env.docname == "a":
            found.extend(minutes.read_sections(doctree))

    write(folder / "book", {"a.md": text})
    probe = SimpleNamespace(setup=lambda app: app.connect("doctree-read", keep) and None)
    monkeypatch.setitem(sys.modules, "probe_of_minutes", probe)
    build(folder, "sphinx_exercise", "exercises", "probe_of_minutes")
    return found


COUNTED = """# Five words: one two three

Four words and $x=1$ here.

$$ a \\\\ b $$

```{prf:theorem} Two words
:label: thm-x

One $y$.
```

```{prf:proof}
Three more words.
```

```{exercise}
:label: ex-parseval

Not counted at all.
```

```{hint} ex-parseval
Nor is this.
```

```{check} ex-parseval
Nor this, nor its line of code.
```

```{solution} ex-parseval
Not this either.
```

Nor the words that follow a solution.

## A section

```python
line = 1

other = 2
```
"""


def test_words_formulas_and_code_count_as_the_rule_says(tmp_path, monkeypatch):
    whole, section = read(tmp_path, COUNTED, monkeypatch)
    title = 5 + 2 + 1  # of the page, of the theorem and the formula's neighbour
    assert whole.text == title + 4 + minutes.FORMULA + 2 * minutes.ROW + minutes.FORMULA
    assert whole.proofs == 3 + 1  # sphinx-proof begins it with the word "Proof"
    assert section.text == 2 + 2 * minutes.CODE_LINE and section.parents == (whole.ids[0],)
    assert whole.results == ["thm-x"]
    both = [whole, section]
    words = whole.text + section.text
    assert minutes.seconds(both, False) == pytest.approx(60 * words / minutes.PACE)
    longer = minutes.seconds(both) - minutes.seconds(both, False)
    assert longer == pytest.approx(60 * whole.proofs / minutes.PROOF_PACE)
    assert minutes.PROOF_PACE == minutes.PACE / 2  # as the page says


# The order.


def test_the_head_of_a_chapter_says_what_it_needs_in_its_first_sentence(tmp_path):
    assert made(tmp_path) == []
    rows = page(tmp_path, "map").split("<tr")[1:]
    row = next(row for row in rows if "Beyond" in row)
    assert row.count('href="part/') == 3 and "part/e.html" not in row


def test_the_map_joins_pages_by_proofs_and_by_heads(tmp_path):
    assert made(tmp_path) == []
    markup = page(tmp_path, "map")
    paths = re.findall(r'<path id="map-(\d)-(\d)"( class="\w+")? ', markup)
    # The rows: the heading of the part, then a, b, d, e. From a to d one goes by way of b.
    assert paths == [("1", "2", ""), ("2", "3", ' class="needs"')]
    assert "The same as a table" in markup and '<li class="part">The part' in markup
    assert text_of(markup).count("◆") == 3 and "all" in text_of(markup)


def test_a_page_of_problems_is_not_on_the_map(tmp_path):
    problem = "\n```{exercise}\n:label: ex-one\n:chapter: part/a\n\nDo it.\n```\n"
    for text, rows in ((problem.replace(":chapter: part/a\n", ""), 5), (problem, 4)):
        book(tmp_path, f="# Problems\n" + text)
        build(tmp_path, *FULL, "exercises", root_doc="start", exclude_patterns=["index.md"])
        found = re.findall('<li id="map-', page(tmp_path, "map"))
        assert len(found) == rows


def test_a_use_against_the_order_of_the_book_is_dotted(tmp_path):
    early = SECOND.replace("# Bounds", "# Early bounds")
    late = {"a": early, "b": FIRST}
    turned = MAP.replace("part/a: The *waves*.\npart/b:", "part/b:\npart/a:")
    book(tmp_path, **late)
    write(tmp_path / "book", {"map.md": turned})
    build(tmp_path, *FULL, root_doc="start", exclude_patterns=["index.md"])
    assert 'class="back"' in page(tmp_path, "map")


def test_a_list_says_its_minutes_and_what_is_taken_on_trust(tmp_path):
    alone = "\n```{reading}\npart/b: Bounds *first*.\n```\n"
    read_only = "\n```{reading}\npart/b (statements):\n```\n"
    skipped = "\n```{reading}\n:skip:\npart/e:\n```\n"
    after = "\n```{reading}\n:continued:\npart/b:\n```\n"
    first = "\n```{reading}\npart/a:\n```\n"
    assert made(tmp_path, alone + read_only + first + skipped + after) == []
    assert "The waves ." in listing(tmp_path, 0) and "On trust" not in listing(tmp_path, 0)
    assert "On trust, from elsewhere: Lemma" in listing(tmp_path, 1)
    assert "statements only" in listing(tmp_path, 2) and "On trust" not in listing(tmp_path, 2)
    assert re.search(r"Together \d+ min", listing(tmp_path, 3))
    assert "Together" not in listing(tmp_path, 4)
    assert "Together" in listing(tmp_path, 5) and "On trust" not in listing(tmp_path, 5)


FAULTS = {
    "part/b:\npart/a:": "the proof of thm-bound uses lem-series, which is read later",
    ":later: lem-series\npart/a:\npart/b:": "lem-series is called later, but no proof before it",
    "part/nowhere:": "no page or section is called 'part/nowhere'",
    "part/a#nowhere:": "no page or section is called 'part/a#nowhere'",
    "part/a quickly:": "no page or section is called 'part/a quickly'",
}


@pytest.mark.parametrize("lines", FAULTS)
def test_a_list_that_contradicts_the_book_is_a_warning(tmp_path, lines):
    said = made(tmp_path, f"\n```{{reading}}\n{lines}\n```\n")
    assert any(FAULTS[lines] in line for line in said), said


def test_what_comes_later_is_said_when_it_is_declared(tmp_path):
    lines = ":later: lem-series\npart/b:\npart/a:"
    assert made(tmp_path, f"\n```{{reading}}\n{lines}\n```\n") == []
    assert "On trust until it is read: Lemma" in listing(tmp_path, 1)


def test_a_list_keeps_within_its_time(tmp_path):
    long = THIRD + "\nword" * 1000
    said = made(tmp_path, "\n```{reading}\n:within: 5\npart/d:\n```\n", d=long)
    assert any("these take 7 minutes, more than 5" in line for line in said), said
    assert made(tmp_path, "\n```{reading}\n:within: 7\npart/d:\n```\n", d=long) == []


def test_a_section_is_linked_by_its_title_and_the_role_counts_it(tmp_path):
    extra = "\n{minutes}`part/d#nothing-new part/d#nothing-new` of it, {section}`part/b`.\n"
    lines = "\n```{reading}\npart/d#nothing-new: Say it.\n```\n"
    assert made(tmp_path, extra + lines) == []
    assert 'href="part/d.html#nothing-new">Nothing new' in page(tmp_path, "map")
    assert "1 min of it, 3 Bounds" in re.sub(r" (?=,)", "", text_of(page(tmp_path, "map")))
    said = made(tmp_path, "\n{section}`part/d#gone`\n")
    assert any("no page or section is called 'part/d#gone'" in line for line in said)


def test_the_minutes_of_an_exercise_are_those_of_its_head(tmp_path):
    exercise = "\n```{exercise}\n:label: ex-one\n:minutes: 25\n\nDo it.\n```\n"
    exercise += exercise.replace("one", "two").replace(":minutes: 25\n", "")
    extra = "\n{minutes}`ex-one ex-one` in all, {minutes}`ex-two`.\n"
    book(tmp_path, extra, d=THIRD + exercise)
    said = build(tmp_path, *FULL, "exercises", root_doc="start", exclude_patterns=["index.md"])
    assert [line for line in said if "ex-one" in line] == []
    assert "50 min in all, no estimate" in re.sub(r" (?=,)", "", text_of(page(tmp_path, "map")))


def test_the_lists_follow_a_proof_that_changes(tmp_path):
    assert made(tmp_path) == []
    proof = "By {prf:ref}`lem-series` and {eq}`eq-bound`."
    write(tmp_path / "book", {"part/b.md": SECOND.replace(proof, "By {eq}`eq-bound`.")})
    assert build(tmp_path, *FULL, root_doc="start", exclude_patterns=["index.md"]) == []
    table = text_of(page(tmp_path, "map").split("The same as a table")[1])
    assert re.search(r"Bounds 1 .*? –", table)


# The picture.


def test_a_page_that_is_pointed_at_keeps_what_it_rests_on_and_what_rests_on_it():
    kinds = {("a", "b"): "", ("b", "c"): "", ("x", "c"): "needs", ("y", "z"): ""}
    place = {name: i for i, name in enumerate("abcxyz")}
    style = drawing.highlight("b", kinds, place)
    assert ":not(#map-0-1)" in style and ":not(#map-1-2)" in style
    assert "map-3-2" not in style and "map-4-5" not in style


def test_what_a_third_page_joins_is_not_joined_again():
    found = {("a", "b"): order.Join(["x"]), ("b", "c"): order.Join([], True)}
    found["a", "c"] = order.Join(["y"])
    assert order.drawn(["a", "b", "c"], found) == {("a", "b"): True, ("b", "c"): False}
    assert order.backward(["b", "a", "c"], found) == [("a", "b")]


# The map of this book.


def test_the_paths_of_this_book_leave_nothing_out_and_keep_their_order(site):
    built = test_browser.SITE / "course" / "reading-map.html"
    if not built.is_file():
        pytest.skip("the built site is older than the map: run `make book`")
    markup = built.read_text(encoding="utf-8")
    listed = [
        re.findall(r'<li><p>(?:<[^>]*>)*<a class="[^"]*" href="\.\./([\w/-]+)\.html"', piece)
        for piece in re.split(r'<ol class="[^"]*reading-list', markup)[1:]
    ]
    mapped = re.findall(r'<li id="map-\d+"><a href="\.\./([\w/-]+)\.html"', markup)
    evening, week, everything = listed
    assert set(evening) < set(week) < set(everything) <= set(mapped)
    # The introduction of a part is no chapter, and the lists lead through all others once.
    assert set(mapped) - set(everything) == {"neighbours/index"}
    assert len(everything) == len(set(everything)) > 50


def test_pointing_at_a_page_leaves_its_own_arcs(desk):
    if not (test_browser.SITE / "course" / "reading-map.html").is_file():
        pytest.skip("the built site is older than the map: run `make book`")
    desk.page.goto(desk.base + "course/reading-map.html")
    arcs = "[...document.querySelectorAll('.reading-map path')]"
    seen = f"() => {arcs}.filter((arc) => getComputedStyle(arc).opacity > 0.5).length"
    every = desk.page.evaluate(seen)
    desk.page.locator('.reading-map a[href$="limits/anti-concentration.html"]').hover()
    desk.page.wait_for_timeout(400)  # the arcs fade
    assert 0 < desk.page.evaluate(seen) < every / 2


@pytest.mark.parametrize("width", [390, 1280])
def test_a_row_of_the_map_keeps_its_parts_apart(desk, width):
    if not (test_browser.SITE / "course" / "reading-map.html").is_file():
        pytest.skip("the built site is older than the map: run `make book`")
    desk.page.set_viewport_size({"width": width, "height": 900})
    desk.page.goto(desk.base + "course/reading-map.html")
    overlaps = """() => [...document.querySelectorAll(".reading-map li[id]")].filter((row) => {
        const box = (part) => part.getBoundingClientRect();
        const [title, signs, time] = [...row.children].map(box);
        return title.right > signs.left + 1 || signs.right > time.left + 1 || title.height < 24
            || time.right > box(row).right + 1 || Math.abs(box(row).height - title.height) > 1;
    }).length"""
    assert desk.page.evaluate(overlaps) == 0
    heights = """() => [".reading-map svg", ".reading-map ol"].map((name) =>
        document.querySelector(name).getBoundingClientRect().height)"""
    drawing, rows = desk.page.evaluate(heights)
    assert abs(drawing - rows) < 2  # an arc ends at its row
