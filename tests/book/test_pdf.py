"""The PDF of a chapter and of a whole book: printed, and read again by another library.

Skipped, with the reason, where there is no Debian chromium (``CHROMIUM`` names another). The texts
are made without a browser, and tested without one.
"""

import importlib
import os
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from small_book import build, write

pypdf = pytest.importorskip("pypdf", reason="the Python package pypdf is missing")
pytest.importorskip("pikepdf", reason="the Python package pikepdf is missing")
ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "workshop"))
binding, paper, pdf, printing, release, sheets = map(
    importlib.import_module, ("binding", "paper", "pdf", "printing", "release", "sheets")
)

ABOUT = {"title": "Small", "author": "Nobody", "year": "2026", "version": "0.1", "address": ""}
WIDE = " + ".join(rf"\frac{{x_{{{i}}}}}{{y_{{{i}}}}}" for i in range(40))
PAGES = {
    "a.md": f"""# Alpha and $\\gamma^2$

A first chapter leans on {{prf:ref}}`thm-b` and {{doc}}`c`; [outside](https://example.org/x).

```{{prf:theorem}} Of the first kind
:label: thm-a

Whatever is alpha, is also beta, and $x^2\\ge0$.
```

```{{prf:proof}}
:class: dropdown
Folded away, but printed.
```

## A wide one

$$
{WIDE}
$$ (eq-wide)

{"Words that fill the sheet. " * 300}

## Exercises

```{{exercise}} Try
:label: ex-a

Show it.
```

```{{solution}} ex-a
:class: dropdown

Shown here.
```

## Afterwards

{"More words for the sheet. " * 40}
""",
    "b.md": """# Beta

```{prf:theorem} Of the second kind
:label: thm-b

Whatever is beta, is also gamma, by {eq}`eq-wide`.
```
"""
    + "Some words after it. " * 30,
    "c.md": "# Gamma\n\n"
    + "The last chapter. " * 30
    + "See [a word](#here).\n\n(here)=\n## Here\n\nEnd.\n",
}
TOC = """format: jb-book
root: index
parts:
  - caption: First part
    chapters:
      - file: a
      - file: b
  - caption: Second part
    chapters:
      - file: c
"""


@pytest.fixture(scope="module")
def printer():
    if not printing.chromium():
        leave = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
        leave("no browser: install Debian's package chromium, or set CHROMIUM to its path")
    pytest.importorskip("playwright.sync_api", reason="the Python package playwright is missing")
    with printing.printer() as page:
        yield page


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A site of three chapters and its table of contents."""
    folder = tmp_path_factory.mktemp("small")
    write(folder / "book", PAGES)
    static = [str(ROOT / "book" / "_static")]
    settings = {"html_math_renderer": "katex", "html_static_path": static, "numfig": True}
    said = build(folder, "sphinx_exercise", "build_math", "folds", **settings)
    assert said == []
    write(folder, {"_toc.yml": TOC})
    return folder


@pytest.fixture(scope="module")
def book(small, printer):
    out = small / "pdf"
    assert pdf.write_book(printer, small / "html", out, small / "_toc.yml", ABOUT) == []
    return pypdf.PdfReader(out / pdf.BOOK)


@pytest.fixture(scope="module")
def words(book):
    """The text of each sheet."""
    return [sheet.extract_text() for sheet in book.pages]


def titles(outline: list) -> list:
    return [titles(mark) if isinstance(mark, list) else mark.title for mark in outline]


def sheet_with(words: list[str], text: str) -> int:
    (found,) = [number for number, sheet in enumerate(words) if text in sheet]
    return found


def test_bookmarks_are_parts_chapters_and_sections(book):
    sections = ["1.1. A wide one", "1.2. Exercises", "1.3. Afterwards", "Solutions"]
    chapters = ["1. Alpha and γ²", sections, "2. Beta"]
    assert titles(book.outline) == [
        "Contents",
        "First part",
        chapters,
        "Second part",
        ["3. Gamma", ["3.1. Here"]],
    ]


def test_links_between_chapters_lead_to_the_sheet(book, words):
    places = {
        name.removeprefix("/"): book.get_destination_page_number(place)
        for name, place in book.named_destinations.items()
    }
    assert places["b--thm-b"] == sheet_with(words, "also gamma")
    assert places["a--equation-eq-wide"] == places["a"] < places["b"] < places["c"]
    first = sheet_with(words, "Whatever is alpha")
    inside = [target for kind, target in sheets.links(book.pages[first]) if kind == "inside"]
    assert "/b--thm-b" in inside and "/c" in inside
    assert "Theorem 2.1" in words[first]
    assert "(chapter 3)" in words[first].replace("\u00a0", " ")
    assert sheets.astray(book) == []


def test_contents_name_the_sheets(words):
    listed = words[sheet_with(words, "First part\n1. Alpha")].splitlines()
    chapters = {"γ": "Whatever is alpha", "2. Beta": "also gamma", "3. Gamma": "last chapter"}
    for title, text in chapters.items():
        number = next(i for i, sheet in enumerate(words, 1) if text in sheet)
        assert any(title in line and line.rstrip().endswith(str(number)) for line in listed)


def test_folds_are_open_and_solutions_at_the_end(words):
    text = " ".join(words)
    assert "Folded away, but printed" in text
    assert text.index("Show it") < text.index("More words") < text.index("Shown here")
    assert text.index("Shown here") < text.index("also gamma")


def test_addresses_outside_can_be_read(words):
    assert "https://example.org/x" in "".join(words)


def test_no_blank_sheets_and_no_missing_fonts(book):
    assert sheets.complaints(book) == []
    assert all(sheet.mediabox.width < sheet.mediabox.height for sheet in book.pages)


def test_the_file_says_what_it_is_and_is_the_same_again(book, small, printer):
    assert book.metadata.title == "Small" and book.metadata.author == "Nobody"
    assert book.trailer["/Root"]["/MarkInfo"]["/Marked"] and book.trailer["/Root"]["/Lang"] == "en"
    out = small / "again"
    pdf.write_book(printer, small / "html", out, small / "_toc.yml", ABOUT)
    assert (out / pdf.BOOK).read_bytes() == (small / "pdf" / pdf.BOOK).read_bytes()


def test_a_chapter_alone(small, printer):
    """Without the site's address the references are words; with it they lead to the site."""
    out = small / "alone"
    assert pdf.write_chapter(printer, small / "html", out, "a", ABOUT) == []
    reader = pypdf.PdfReader(out / "a.pdf")
    text = "".join(sheet.extract_text() for sheet in reader.pages)
    assert "Whatever is alpha" in text and "Theorem 2.1" in text and "Shown here" in text
    assert titles(reader.outline)[0] == "1. Alpha and γ²"
    assert sheets.complaints(reader) == []
    outside = [t for s in reader.pages for kind, t in sheets.links(s) if kind == "outside"]
    assert outside == ["https://example.org/x"]
    there = ABOUT | {"address": "https://example.org/book/"}
    assert pdf.write_chapter(printer, small / "html", out, "a", there) == []
    reader = pypdf.PdfReader(out / "a.pdf")
    outside = {t for s in reader.pages for kind, t in sheets.links(s) if kind == "outside"}
    assert "https://example.org/book/b.html#thm-b" in outside


def test_the_same_text_is_not_printed_twice(small, printer):
    out = small / "twice"
    pdf.write_chapter(printer, small / "html", out, "b", ABOUT)
    before = (out / "b.pdf").stat().st_mtime_ns
    pdf.write_chapter(printer, small / "html", out, "b", ABOUT)
    assert (out / "b.pdf").stat().st_mtime_ns == before
    pdf.write_chapter(printer, small / "html", out, "b", ABOUT | {"version": "0.2"})
    assert (out / "b.pdf").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<p id="x"><code style="white-space: pre">' + "w" * 400 + "</code></p>", "too wide"),
        ('<pre id="x">' + "w" * 4000 + "</pre>", "too wide"),
        ('<p id="x"><img src="nowhere.png" alt=""></p>', "no picture"),
    ],
)
def test_what_is_cut_or_missing_is_found(tmp_path, printer, body, message):
    source = tmp_path / "x.html"
    source.write_text(binding.document("x", f"<h1>x</h1>{body}", []), encoding="utf-8")
    (found, *_) = printing.write_pdf(printer, source, tmp_path / "x.pdf", {})
    assert found.startswith(f"x: x: {message}")


def test_a_chapter_of_the_site(tmp_path, printer):
    if not (SITE / "index.html").is_file():
        pytest.skip("no built site: run `make book` first")
    name = "sharp/sandwich"
    assert pdf.write_chapter(printer, SITE, tmp_path, name, ABOUT) == []
    reader = pypdf.PdfReader(tmp_path / f"{name}.pdf")
    assert sheets.complaints(reader) == []
    text = " ".join(sheet.extract_text() for sheet in reader.pages)
    for words in ("(The sandwich)", "Proof.", "Solution to Exercise", "References"):
        assert words in text
    # The chapter has one figure, a drawing.
    assert [sheets.has_picture(sheet) for sheet in reader.pages].count(True) == 1


def test_the_browser_prints_a_page_of_the_site(tmp_path, printer):
    """What a reader's own browser prints: nothing to click, no solution that was not opened."""
    if not (SITE / "index.html").is_file():
        pytest.skip("no built site: run `make book` first")
    printer.goto((SITE / "sharp/sandwich.html").as_uri())
    target = tmp_path / "printed.pdf"
    printer.pdf(path=target, prefer_css_page_size=True)
    texts = [sheet.extract_text() for sheet in pypdf.PdfReader(target).pages]
    text = "\n".join(texts)
    for words in ("Skip to content", "@incollection", "Solution to Exercise", "Show code"):
        assert words not in text
    assert "Proof." in text and "Beyond the threshold" in text
    assert "ax.set_" in text.replace(" ", "")  # the folded code of a figure
    assert len(texts) <= 18


# The texts, without a browser.


def page(markup: str, name: str = "part/one") -> "paper.Page":
    text = BeautifulSoup(f'<div role="main">{markup}</div>', "html.parser").div
    return paper.Page(name, "", text, [])


def test_formulas_are_kept_aside_and_put_back(tmp_path):
    formula = (
        '<span class="katex"><span class="katex-mathml"><math>x</math></span><span>x</span></span>'
    )
    site = f'<div role="main"><p>a <span class="math" data-text="x">{formula}</span> b</p></div>'
    (tmp_path / "one.html").write_text(site, encoding="utf-8")
    read = paper.read(tmp_path, "one")
    paper.for_paper(read)
    printed = binding.chapter(read)
    assert '<span class="katex"><span>x</span></span>' in printed and "<math>" not in printed
    assert 'aria-label="x"' in printed


def test_what_can_only_be_clicked_is_left_out(tmp_path):
    clicked = '<div class="page-tools">a</div><div class="run-bar">b</div><p hidden>c</p>'
    site = f'<nav>d</nav><div role="main">{clicked}<button>e</button><p>kept</p></div>'
    (tmp_path / "one.html").write_text(site, encoding="utf-8")
    assert paper.read(tmp_path, "one").text.get_text(strip=True) == "kept"


def test_figure_code_is_left_out_and_other_code_kept(monkeypatch):
    cell = """<div class="cell tag_hide-input">
          <details class="hide"><summary>Show</summary>
          <div class="cell_input">plot()</div></details>
          <div class="cell_output"><img src="f.png"></div></div>
        <div class="cell tag_hide-input">
          <details class="hide"><div class="cell_input">glue()</div></details></div>
        <div class="cell"><div class="cell_input">define()</div></div>"""
    left = page(cell)
    paper.for_paper(left)
    assert "plot" not in str(left.text) and "glue" not in str(left.text)
    assert left.text.img and "define()" in str(left.text) and len(left.text.select(".cell")) == 2
    monkeypatch.setattr(paper, "FOLDED_CODE", True)
    kept = page(cell)
    paper.for_paper(kept)
    assert "plot()" in str(kept.text) and "Show" not in str(kept.text)


def test_what_a_result_uses_is_listed_and_not_counted_too():
    """On paper the lists stand open, and the numbers over them would say the same again."""
    listed = page("""<div class="relations"><details><summary>Uses 1</summary>
        <p>Uses Lemma 2</p></details></div>""")
    paper.for_paper(listed)
    assert listed.text.get_text(" ", strip=True) == "Uses Lemma 2"


@pytest.mark.parametrize(
    ("where", "order"), [("end", "EACHIS"), ("open", "EHIASC"), ("nowhere", "EAC")]
)
def test_solutions_stand_where_the_setting_says(monkeypatch, where, order):
    monkeypatch.setattr(paper, "SOLUTIONS", where)
    solved = page("""<section><details class="hint">OTHER</details>
        <div class="exercise" id="e">EXERCISE</div>
        <details class="hint">FIRST</details><details class="hint">SECOND</details>
        <div class="exercise-check">ASKED</div>
        <details class="solution" id="s"><summary>Title</summary>SOLUTION
        <div class="cell">code</div></details><p>CLOSE</p></section>""")
    paper.for_paper(solved)
    text = solved.text.get_text()
    words = {"E": "EXERCISE", "S": "SOLUTION", "C": "CLOSE"}
    words |= {"H": "FIRST", "I": "SECOND", "A": "ASKED"}
    assert text.index("OTHER") < text.index("EXERCISE")
    found = sorted((text.index(word), letter) for letter, word in words.items() if word in text)
    assert "".join(letter for _, letter in found) == order
    assert ("code" in text) == (where != "nowhere")


def test_every_id_once_and_links_turned_inwards():
    one = page('<p id="x"><a href="two.html#y">there</a><a href="#x">here</a></p>')
    two = page('<p id="x"></p><p id="y"><a href="../part/one.html#x">back</a></p>', "part/two")
    assert binding.bind([one, two]) == []
    assert [tag["id"] for p in (one, two) for tag in p.text.select("[id]")] == [
        "part-one--x",
        "part-two--x",
        "part-two--y",
    ]
    links = [link["href"] for p in (one, two) for link in p.text.select("a")]
    assert links == ["#part-two--y", "#part-one--x", "#part-one--x"]


def test_a_drawing_keeps_its_arrows_and_stays_a_drawing():
    drawing = page("""<svg><defs><marker id="m"></marker></defs><path marker-end="url(#m)"/>
        <a href="../away.html"><rect/></a></svg>""")
    binding.bind([drawing])
    assert drawing.text.path["marker-end"] == f"url(#{drawing.text.marker['id']})"
    assert drawing.text.rect.parent.name == "g"


def test_a_reference_in_words_prints_its_number():
    number = '<span class="section-number">{}. </span>'
    there = f"""<h1>{number.format(7)}There</h1><p id="p"></p>
        <section id="s"><h2>{number.format("7.2")}Deep</h2></section>"""
    here = '<a href="two.html">it</a> <a href="two.html#s">deep</a> <a href="two.html#p">p</a>'
    one, two = page(here), page(there, "part/two")
    binding.bind([one, two])
    shown = [link.get_text().replace("\u00a0", " ") for link in one.text.select("a")]
    assert shown == ["it (chapter 7)", "deep (section 7.2)", "p"]


def test_a_link_that_leads_nowhere_is_told():
    assert binding.bind([page('<a href="#gone">x</a>')]) == ["part/one: #gone leads nowhere"]


def test_a_link_to_what_is_not_bound_goes_to_the_site_or_is_text():
    markup = '<a href="../claims.html#c">ledger</a>'
    plain, linked = page(markup), page(markup)
    binding.bind([plain])
    binding.bind([linked], "https://example.org/book/")
    assert not plain.text.select("a") and "ledger" in str(plain.text)
    assert linked.text.a["href"] == "https://example.org/book/claims.html#c"


# What the site and a release offer.


def test_the_site_offers_only_what_is_there(tmp_path):
    site, out = tmp_path / "html", tmp_path / "pdf"
    markup = f'<div class="page-tools">\n  {pdf.PRINT} hidden>Print</button></div>'
    write(site, {"part/one.html": markup, "part/two.html": markup, "intro.html": markup})
    write(out, {"part/one.pdf": "%PDF", pdf.BOOK: "%PDF"})
    for _ in range(2):
        pdf.offer(site, out, wanted=True)
        one = (site / "part/one.html").read_text(encoding="utf-8")
        assert one.count('<a class="page-pdf" href="../pdf/part/one.pdf">PDF</a>') == 1
        assert (site / "pdf/part/one.pdf").is_file()
        assert f"pdf/{pdf.BOOK}" in (site / "intro.html").read_text(encoding="utf-8")
        assert (site / "part/two.html").read_text(encoding="utf-8") == markup
    pdf.offer(site, out, wanted=False)
    assert (site / "part/one.html").read_text(encoding="utf-8") == markup
    assert not (site / "pdf").exists()


def test_the_pages_have_the_place_where_the_link_goes():
    assert pdf.PRINT in (ROOT / "book/_templates/page.html").read_text(encoding="utf-8")


def test_a_release_has_its_checksums_and_is_the_same_again(tmp_path):
    write(tmp_path / "html", {"index.html": "site", "a/b.html": "page"})
    write(tmp_path / "pdf", {"a/b.pdf": "chapter", "a/b.html": "source", pdf.BOOK: "book"})
    folders = tmp_path / "html", tmp_path / "pdf", tmp_path / "release"
    sums = release.pack(*folders, "1.2")
    stem = "random-features-1.2"
    names = [f"{stem}-chapters.zip", f"{stem}-site.tar.xz", f"{stem}.pdf"]
    lines = [line.split("  ") for line in sums.splitlines()]
    assert [name for _, name in lines] == names
    assert all(release.digest(tmp_path / "release" / name) == digest for digest, name in lines)
    assert release.pack(*folders, "1.2") == sums
    (tmp_path / "pdf" / pdf.BOOK).unlink()
    with pytest.raises(SystemExit, match="run `make pdf` first"):
        release.pack(*folders, "1.2")


def test_a_blank_sheet_a_missing_font_and_a_link_to_this_machine_are_found():
    from pypdf.annotations import Link
    from pypdf.generic import DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    sheet = writer.add_blank_page(100, 100)
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="file:///somewhere"))
    name = NameObject
    font = DictionaryObject({name("/Subtype"): name("/Type1"), name("/BaseFont"): name("/Plain")})
    fonts = DictionaryObject({name("/F1"): font})
    sheet[name("/Resources")] = DictionaryObject({name("/Font"): fonts})
    assert sheets.complaints(writer) == [
        "sheet 1 is nearly blank: ''",
        "sheet 1: a link to this machine: file:///somewhere",
        "/Plain",
    ]
