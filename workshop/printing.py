"""A document of HTML becomes a PDF: Chromium prints it, pikepdf names it and packs it.

Chromium makes the tags, the bookmarks and the links; it knows no page number before it has printed,
so a document that shows some is printed twice.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

# The width of the text on a sheet, of 156 mm, in the browser's pixels; paper.css has the margins.
TEXT_WIDTH = 589
ARGUMENTS = [
    "--no-sandbox",  # without it, a browser started by root refuses to run
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
read_pdf = pikepdf.open  # bytes, not text in some encoding
SCRIPT = Path(__file__).with_name("paper.js").read_text(encoding="utf-8")


def chromium() -> str | None:
    """The browser: Debian's ``chromium``, or what the variable CHROMIUM names."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def printer() -> Iterator[Any]:
    """A page of a browser of the width of a sheet's text."""
    from playwright.sync_api import sync_playwright

    executable = chromium()
    if not executable:
        sys.exit("PDF needs a browser: install Debian's package chromium, or set CHROMIUM to it.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": TEXT_WIDTH, "height": 900})
        page.set_default_timeout(0)  # the whole book takes minutes
        yield page
        browser.close()


def write_pdf(page: Any, source: Path, target: Path, about: dict[str, str]) -> list[str]:
    """Print ``source`` to ``target``; what is cut or missing there, as messages.

    ``about`` has the title, the author and the description that the file says of itself.
    """
    page.goto(source.resolve().as_uri())
    page.evaluate("() => document.fonts.ready.then(() => true)")
    page.add_script_tag(content=SCRIPT)
    wrong = page.evaluate("paper.fit()")
    if page.query_selector("[data-page-of]"):
        with read_pdf(BytesIO(page.pdf(prefer_css_page_size=True))) as draft:
            page.evaluate("(found) => paper.number(found)", sheets(draft))
    printed = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with read_pdf(BytesIO(printed)) as pdf:
        rename(pdf, page.evaluate("paper.headings()"))
        describe(pdf, about)
        # Packed, since tags are most of a file: a formula has one for each of its letters.
        pdf.save(
            target, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True
        )
    return [f"{source.stem}: {text}" for text in wrong]


def sheets(pdf: pikepdf.Pdf) -> dict[str, str]:
    """On which sheet each id lies that a link leads to."""
    numbers = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
    places = pdf.Root.get("/Dests", {})
    return {name[1:]: str(numbers[place[0].objgen]) for name, place in places.items()}


def rename(pdf: pikepdf.Pdf, titles: list[str]) -> None:
    """Give the bookmarks the titles of the headings, formulas as plain characters."""
    marks = list(bookmarks(pdf.Root.get("/Outlines")))
    if len(marks) != len(titles):
        raise ValueError(f"{len(titles)} headings must have as many bookmarks, got {len(marks)}")
    for mark, title in zip(marks, titles, strict=True):
        mark.Title = title


def bookmarks(parent: Any) -> Iterator[Any]:
    """The bookmarks in the order of the pages."""
    mark = parent.get("/First") if parent is not None else None
    while mark is not None:
        yield mark
        yield from bookmarks(mark)
        mark = mark.get("/Next")


def describe(pdf: pikepdf.Pdf, about: dict[str, str]) -> None:
    """Title, author, description; no time and no browser: the same text is the same file."""
    for name in list(pdf.docinfo.keys()):
        del pdf.docinfo[name]
    for name, text in about.items():
        pdf.docinfo[name] = text
