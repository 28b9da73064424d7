"""The decks of slides and the handout: what they quote, what they say, and how they look.

Skipped, with the reason, where `make slides` has not been run, or where there is no browser.
"""

import html
import importlib
import json
import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("pikepdf", reason="the Python package pikepdf is missing")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workshop"))
printing, quoted, slides = map(importlib.import_module, ("printing", "quoted", "slides"))
NotInBook, NAMES = quoted.NotInBook, [*slides.DECKS, slides.HANDOUT]


@pytest.fixture(scope="module")
def book():
    if not (slides.OUT / "talk.html").is_file():
        pytest.skip("no slides: run `make slides` first")
    return quoted.Book(slides.SITE, slides.EXECUTED)


def source(name: str) -> str:
    return (slides.SOURCES / f"{name}.md").read_text(encoding="utf-8")


# What is quoted, on a small site.

FORMULA = (
    '<span class="math" data-tex="{0}" data-text="{0}"><span class="katex">[{0}]</span></span>'
)
PAGE = f"""<h1><span class="section-number">7. </span>Waves<a class="headerlink">¶</a></h1>
<ul class="moved"><li id="thm-b">moved away</li></ul>
<section id="here">
<div class="proof theorem admonition" id="thm-a">
<p class="admonition-title"><span class="caption-number">Theorem 7.1 </span> (Small (and sharp))</p>
<section class="theorem-content">
<p>Let {FORMULA.format("d")} be large. Then it holds, by <a href="other.html#def-c">that</a>.</p>
<ol><li><p>First. Again.</p>
<div class="math"><div class="formula" data-text="x=1">[x=1]</div></div></li>
<li><p>Second <a href="#thm-a">here</a>.</p></li></ol>
<p><span class="claim-source">new</span></p><div class="relations">Uses 3</div>
</section></div>
<details class="proof-box" id="proof-thm-a">
<summary><span class="fold-idea"><em>Idea.</em> Symmetry.</span></summary>
<div class="formula" data-text="y=2">[y=2]</div>
<div class="formula" data-text="z=3">[z=3]</div>
</details>
<figure id="fig-a"><a href="../_images/a.svg">
<img width="600" height="300" alt="A &quot;line&quot;." src="../_images/a.svg"></a></figure>
</section>
"""


SOURCE = "sharpened: A 2020, Lemma 2, there for 3"
DECK = """---
title: A
minutes: {0}
---

# B $d$

{1}

```{{notes}} 2
Say $d$.
```
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    for path, text in {
        "html/part/waves.html": PAGE,
        "html/claims.json": json.dumps([{"label": "thm-a", "source": SOURCE}]),
        "run/part/waves.glue.json": json.dumps({"width": {"data": {"text/plain": "'12'"}}}),
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return quoted.Book(folder / "html", folder / "run")


def words(markup: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", markup))).strip()


def test_a_statement_is_quoted_whole_with_its_name_and_source(small):
    found = small.statement("thm-a")
    assert words(found) == (
        "Theorem 7.1 Small (and sharp)sharpened: A 2020, Lemma 2Let [d] be large. "
        "Then it holds, by that.First. Again. [x=1]Second here."
    )
    assert 'href="../part/waves.html#thm-a">Theorem\u00a07.1' in found
    assert 'href="../part/other.html#def-c"' in found and " id=" not in found


@pytest.mark.parametrize(
    ("only", "shown"),
    [
        ("1.2", "Then it holds, by that."),
        ("1.1 1.2", "Let [d] be large. Then it holds, by that."),
        ("2.2", "Again."),
        ("2.3", "[x=1]"),
        ("3", "Second here."),
        ("1.1 3", "Let [d] be large.Second here."),
    ],
)
def test_a_part_of_a_statement_says_that_it_is_one(small, only, shown):
    head, text = small.statement("thm-a", only).split("</p>", 1)
    assert words(text) == shown and words(head).endswith("in partsharpened: A 2020, Lemma 2")


@pytest.mark.parametrize(
    ("only", "said"),
    [("1 2", "new: a"), ("2.1", "new: a"), ("3", "standard: B, C"), ("2 3", ""), ("1", "1 new: a")],
)
def test_a_part_of_a_statement_has_the_source_of_that_part(small, monkeypatch, only, said):
    claims = {"thm-a": {"source": "1 new: a; 2, 4 and 12 standard: B, C; 3 sharpened: D"}}
    monkeypatch.setitem(vars(small), "claims", claims)
    head = small.statement("thm-a", only).split("</p>", 1)[0]
    assert words(head).split("in part")[1] == said


def test_other_pieces_are_quoted_by_their_label(small):
    assert words(small.formula("thm-a")) == "[x=1]"
    assert words(small.formula("proof-thm-a", "z=")) == "[z=3]"
    assert words(small.idea("thm-a")) == "Idea. Symmetry."
    assert small.number("part/waves", "width") == "12"
    assert words(small.title("thm-a")) == words(small.title("part/waves")) == "Waves"
    assert words(small.name("thm-a")) == "Theorem 7.1"
    assert words(small.passage("part/waves#here", "li p")) == "First. Again."


def test_a_figure_keeps_its_shape_and_its_words_for_the_blind(small):
    svg, width, height = small.figure("fig-a", "0.5 1")
    assert (width, height) == (300, 300) and 'viewBox="300 0 300 300"' in svg
    assert 'aria-label="A &quot;line&quot;."' in svg and 'href="../_images/a.svg"' in svg
    whole = slides.figure(small, "fig-a", height="500")
    assert 'data-scale="1.667"' in whole and "width: 1000px; height: 500px" in whole


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        ("```{statement} thm-aa\n```", "no 'thm-aa'; there are thm-a"),
        ("```{statement} thm-b\n```", "no 'thm-b'"),
        ("```{statement} thm-a\n:only: 4\n```", "there are 3, no number 4"),
        ("```{statement} thm-a\n:only: 1.3\n```", "there are 2, no number 3"),
        ("```{formula} proof-thm-a\n```", "2 displayed formulas with '', not one"),
        ("```{formula} thm-a w=\n```", "0 displayed formulas with 'w=', not one"),
        ("```{figure} fig-b\n```", "no 'fig-b'; there are fig-a"),
        ("```{figure} thm-a\n```", "is no drawing"),
        ("```{idea} thm-c\n```", "no 'proof-thm-c'"),
        ("```{table} part/waves#here\n```", "no table"),
        ("```{passage} part/waves#here blockquote\n```", "no 'blockquote'"),
        ("```{theorem} thm-a\n```", "a deck has no {theorem}"),
        ("{name}`thm-aa`", "no 'thm-aa'"),
        ("{n}`part/waves widths`", "no 'widths'; near: width"),
        ("{n}`part/wave width`", "no 'width'"),
        ("of $q$", "no formula of the book has $q$ in it"),
        ("of $\\nonsense$", "Undefined control sequence"),
        ("words", "add up to 2, not to 3"),
    ],
)
def test_what_the_book_does_not_have_stops_a_deck(small, piece, message):
    minutes = 3 if piece == "words" else 2
    with pytest.raises(NotInBook, match=re.escape(message)):
        slides.deck("a", DECK.format(minutes, piece), small)


def test_steps_and_notes_of_a_slide(small):
    text = DECK.format(2, "One.\n\n+++\n\n- two")
    page = slides.document(slides.deck("a", text, small))
    assert "<div class='body'><p>One.</p><div class=\"fragment\"><ul>" in page
    assert 'data-timing="120"' in page and "<p>2 min</p><p>Say <span" in page


# What the decks say.


@pytest.mark.parametrize("name", NAMES)
def test_the_built_deck_is_the_one_of_its_source_and_of_the_book(book, name):
    text = slides.sheet(source(name), book) if name == slides.HANDOUT else None
    text = text or slides.document(slides.deck(name, source(name), book))
    assert (slides.OUT / f"{name}.html").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", slides.DECKS)
def test_every_slide_has_minutes_and_something_to_say(name):
    parts = re.split(r"^# ", source(name), flags=re.M)[1:]
    notes = [re.findall(r"^```\{notes\} (\d+)\n(.*?)^```", part, re.M | re.S) for part in parts]
    assert all(len(found) == 1 for found in notes)
    assert all(1 <= int(minutes) <= 4 and len(text) > 100 for [(minutes, text)] in notes)
    total = sum(int(minutes) for [(minutes, _)] in notes)
    about, _ = slides.front_matter(source(name))
    assert total == about["minutes"] and (total == 50 if name == "talk" else 40 <= total <= 50)
    assert 12 <= len(parts) <= (24 if name == "talk" else 20)


@pytest.mark.parametrize("name", NAMES)
def test_no_number_is_typed_between_the_quotations(name):
    _, text = slides.front_matter(source(name))
    text = re.sub(r"^```\{\w+\}.*$|^:\w+: .*$", "", text, flags=re.M)  # blocks and their settings
    text = re.sub(
        r"\{\w+\}`[^`]*`|\$[^$]*\$|^\d\. ", "", text, flags=re.M
    )  # roles, formulas, lists
    assert re.findall(r"\d+", re.sub(r"\b(?:19|20)\d\d\b", "", text)) == []
    assert "$$" not in text


def test_every_link_of_the_decks_leads_to_a_place_of_the_site(book):
    for name in NAMES:
        text = (slides.OUT / f"{name}.html").read_text(encoding="utf-8")
        for link in set(re.findall(r'(?:href|src)="([^"]+)"', text)):
            path, _, place = link.partition("#")
            target = slides.OUT / path
            assert target.is_file(), f"{name}: {link}"
            if place:
                assert f' id="{place}"' in target.read_text(encoding="utf-8"), f"{name}: {link}"


def test_the_page_of_the_course_lists_the_decks(book):
    text = (slides.SITE / slides.PAGE).read_text(encoding="utf-8")
    for name in slides.DECKS:
        assert f'href="../slides/{name}.html"' in text
    assert f'href="../slides/{slides.HANDOUT}.' in text


# How they look.

FITS = (Path(__file__).parent / "slides_fit.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser(book):
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="the package playwright is missing"
    )
    executable = printing.chromium()
    if not executable and os.environ.get("REQUIRE_BROWSER") != "1":
        pytest.skip("no chromium: install Debian's package, or set CHROMIUM to a browser")
    assert executable, "REQUIRE_BROWSER=1, but there is no chromium"
    with sync_api.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=executable, args=printing.ARGUMENTS)
        yield found
        found.close()


def opened(browser, name: str, width: int = 1280, height: int = 720):
    """A deck from its folder on disk, and what went wrong while it was shown."""
    page, wrong = browser.new_page(viewport={"width": width, "height": height}), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"missing: {request.url}"))
    page.on("request", lambda r: r.url.startswith("file:") or wrong.append(f"outside: {r.url}"))
    page.goto((slides.OUT / f"{name}.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    return page, wrong


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("name", slides.DECKS)
def test_every_slide_fits_and_can_be_read_from_the_last_row(browser, name, size):
    page, wrong = opened(browser, name, *size)
    found = {}
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")
        if problems := page.evaluate(FITS):
            found[number + 1] = problems
    page.close()
    assert (found, wrong) == ({}, [])


PLANTED = {
    "too high": "s.querySelector('.body').append(Object.assign(document.createElement('p'),"
    " {innerHTML: 'More words.<br>'.repeat(20)}))",
    "leaves the slide": "s.querySelector('.body p').style.width = '2000px'",
    "words of 20": "s.querySelector('.body p').style.fontSize = '20px'",
    "wider than": "s.querySelector('.statement').style.width = '200px'",
    "lies on": "s.querySelector('.statement').style.marginBottom = '-200px'",
    "a step is not": "Reveal.prevFragment()",
}


@pytest.mark.parametrize("message", PLANTED)
def test_a_slide_that_does_not_fit_is_found(browser, message):
    page, _ = opened(browser, "talk")
    page.evaluate("() => { Reveal.slide(4, 0, 99); }")
    assert page.evaluate(FITS) == []
    page.evaluate(f"() => {{ const s = Reveal.getCurrentSlide(); {PLANTED[message]}; }}")
    assert any(message in problem for problem in page.evaluate(FITS))
    page.close()


def test_a_deck_is_gone_through_by_keyboard_step_by_step(browser):
    page, wrong = opened(browser, "talk")
    slides_and_steps = page.evaluate(
        "Reveal.getTotalSlides() + document.querySelectorAll('.slides .fragment').length"
    )
    page.evaluate("Reveal.slide(1)")
    assert page.evaluate("document.querySelectorAll('.present .fragment.visible').length") == 0
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelectorAll('.present .fragment.visible').length") == 1
    page.keyboard.press("Home")
    for _ in range(slides_and_steps - 1):
        assert not page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next")
        page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next")
    page.keyboard.press("Escape")
    assert page.evaluate("Reveal.isOverview()")
    page.keyboard.press("Escape")
    with page.expect_popup() as speaker:
        page.keyboard.press("s")
    speaker.value.wait_for_selector(".speaker-controls-notes:not(.hidden) p")
    assert "min" in speaker.value.inner_text(".speaker-controls-notes")
    page.close()
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_on_paper_a_slide_is_a_page_and_the_handout_one_sheet(browser, name):
    pypdf = pytest.importorskip("pypdf", reason="the Python package pypdf is missing")
    sheets = importlib.import_module("sheets")
    reader = pypdf.PdfReader(slides.OUT / f"{name}.pdf")
    text = (slides.OUT / f"{name}.html").read_text(encoding="utf-8")
    expected = 1 if name == slides.HANDOUT else text.count("<section class=")
    assert len(reader.pages) == expected
    size = (595, 842) if name == slides.HANDOUT else (960, 540)
    assert {tuple(map(round, page.mediabox[2:])) for page in reader.pages} == {size}
    assert [*sheets.astray(reader), *sheets.not_embedded(reader)] == []
    if name != slides.HANDOUT:
        edges = [min(starts(page)) for page in reader.pages]
        assert min(edges) > 30, edges
    assert reader.metadata.title == html.unescape(re.search("<title>(.*?)</title>", text)[1])


def starts(page) -> list[float]:
    """How far from the left edge the pieces of a page's text begin, in points."""
    found = []
    page.extract_text(visitor_text=lambda text, _, at, *__: text.strip() and found.append(at[4]))
    return found
