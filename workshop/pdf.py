"""The built site as PDF: every chapter in a file of its own, and the whole book in one.

``make pdf`` calls it after the site is built, and writes into _build/pdf. With PDF_ON_SITE=1 each
page of the site offers its PDF; without, and where there is none, it offers nothing.
"""

import os
import re
import shutil
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import yaml
from binding import bind, chapter, cited, contents, document, running_heads, title_page
from paper import BIBLIOGRAPHY, SOLUTIONS, Page, for_paper, names, new, read
from printing import printer, write_pdf

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "pdf"
BOOK = "random-features.pdf"
SHEETS = ("_static/katex/katex.min.css", "_static/formulas.css", "_static/pygments.css")
# What stands beside the link to the PDF in the line above a page.
PRINT = '<button type="button" class="page-print"'
LICENCE = "Text CC BY 4.0, code MIT"


def main() -> int:
    if not (SITE / "index.html").is_file():
        sys.exit("PDF needs the site: run `make book` first.")
    wanted = sys.argv[1:]
    toc, about = ROOT / "_toc.yml", book_data(ROOT)
    problems, start = [], time.monotonic()
    with printer() as page:
        for name, _ in names(toc):
            if not wanted or name in wanted:
                problems += write_chapter(page, SITE, OUT, name, about)
        if not wanted:
            problems += write_book(page, SITE, OUT, toc, about)
    offer(SITE, OUT, os.environ.get("PDF_ON_SITE") == "1")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"PDF in {OUT.relative_to(ROOT)}, after {time.monotonic() - start:.0f} s")
    return int(bool(problems))


def book_data(root: Path) -> dict[str, str]:
    """Title, author, year, version of the book, and its address, if the environment has it."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "title": config["title"],
        "author": config["author"],
        "year": str(config["copyright"]),
        "version": project["version"],
        "address": os.environ.get("SITE_URL", ""),
    }


def metadata(about: dict[str, str], title: str) -> dict[str, str]:
    return {
        "/Title": title,
        "/Author": about["author"],
        "/Subject": f"{about['title']}, version {about['version']}. {LICENCE}.",
    }


def write_chapter(page: Any, site: Path, out: Path, name: str, about: dict[str, str]) -> list[str]:
    """One numbered page as a PDF with the entries of the bibliography that it cites."""
    text = read(site, name)
    if not text.number:
        return []
    for_paper(text)
    has_bibliography = (site / f"{BIBLIOGRAPHY}.html").is_file()
    entries = cited(text, read(site, BIBLIOGRAPHY)) if has_bibliography else None
    pages = [text, *([entries] if entries else [])]
    lost = bind(pages, about["address"], seen_from(site, out, name))
    for place in text.text.select(".on-page"):
        place.decompose()  # a chapter is short, and its links lead there
    where = about["address"] or f"version {about['version']}"
    head = f"{about['title']}. {about['author']}, {about['year']}, {where}."
    text.text.insert(0, new("p", head, **{"class": "of-book"}))
    body = chapter(text) + (chapter(entries, below=text.slug) if entries else "")
    return [*lost, *set_in_print(page, site, out, name, text.title, body, [text], about)]


def write_book(page: Any, site: Path, out: Path, toc: Path, about: dict[str, str]) -> list[str]:
    """The whole book: title page, contents, parts, and the links between all of them."""
    pages = []
    for name, part in names(toc):
        text = read(site, name, part)
        if not text.only_lists:
            pages.append(text)
            for_paper(text)
    lost = bind(pages, about["address"], seen_from(site, out, BOOK))
    listed = contents(pages)
    deep = {p.name for p in pages if p.number or p.part or pages.index(p)}
    body = "\n".join(
        [
            title_page(about["title"], cover(about)),
            listed,
            *(chapter(p, int(p.name in deep)) for p in pages),
        ]
    )
    name = BOOK.removesuffix(".pdf")
    return [*lost, *set_in_print(page, site, out, name, about["title"], body, pages, about)]


def cover(about: dict[str, str]) -> list[str]:
    """The lines of the title page: who, which version, how to read and cite it."""
    address = about["address"]
    where = f' is at <a href="{address}" class="bare outside">{address}</a>: it' if address else ""
    solved = {
        "end": "The solutions of a chapter stand at its end.",
        "open": "A solution stands below its exercise.",
        "nowhere": "Solutions are left out.",
    }[SOLUTIONS]
    return [
        about["author"],
        f"Version {about['version']}, {about['year']}. {LICENCE}.",
        f"This is the book on paper. The book on the web{where} has in addition the notebooks, "
        "with the code that draws the figures, and the ledger of claims, which says for each "
        f"result what its proof uses and which tests check it. {solved}",
        "Numbers of statements may change between versions. To cite the book:",
        f"<pre>{citation(about)}</pre>",
    ]


def citation(about: dict[str, str]) -> str:
    """The book as an entry of BibTeX."""
    url = f"\n  url = {{{about['address']}}}," if about["address"] else ""
    return (
        f"@book{{randomfeatures,\n  title = {{{about['title']}}},\n"
        f"  author = {{{{{about['author']}}}}},\n  year = {{{about['year']}}},{url}\n"
        f"  note = {{Version {about['version']}}}\n}}"
    )


def seen_from(site: Path, out: Path, name: str) -> str:
    """The site's folder, seen from a document."""
    return Path(os.path.relpath(site, (out / name).parent)).as_posix() + "/"


def set_in_print(
    page: Any,
    site: Path,
    out: Path,
    name: str,
    title: str,
    body: str,
    pages: list[Page],
    about: dict[str, str],
) -> list[str]:
    """Print a document, unless the same has been printed; its text stays beside its PDF."""
    target, source = out / f"{name}.pdf", out / f"{name}.html"
    up = seen_from(site, out, name)
    own = (Path(__file__).parent / "paper.css").read_text(encoding="utf-8")
    style = own.replace("SITE/", up) + running_heads(pages)
    text = document(title, body, [up + s for s in SHEETS if (site / s).is_file()], style)
    if target.is_file() and source.is_file() and source.read_text(encoding="utf-8") == text:
        return []
    source.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    source.write_text(text, encoding="utf-8")
    problems = write_pdf(page, source, target, metadata(about, title))
    if problems:
        source.unlink()
    return problems


# The site.


def offer(site: Path, out: Path, wanted: bool) -> None:
    """Put the PDFs into the site, and a link to each above its page; or take both away."""
    folder = site / "pdf"
    shutil.rmtree(folder, ignore_errors=True)
    for path in site.rglob("*.html"):
        name = path.relative_to(site).with_suffix("").as_posix()
        source = out / (BOOK if name == "intro" else f"{name}.pdf")
        markup = path.read_text(encoding="utf-8")
        text = re.sub(r'<a class="page-pdf".*?</a>\s*', "", markup)
        if wanted and source.is_file() and PRINT in text:
            copy = folder / source.relative_to(out)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            link = f'<a class="page-pdf" href="{os.path.relpath(copy, path.parent)}">PDF</a>'
            text = text.replace(PRINT, f"{link}\n  {PRINT}", 1)
        if text != markup:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
