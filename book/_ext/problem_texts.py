"""Sphinx extension: the exercises in plain Markdown, for the problem sets of a course.

Beside the site, and not in it, ``exercises.json`` holds each exercise in the order of the book:
its page, the chapter that it belongs to, number, kind, minutes, statement, hints, check, and the
solution as texts and code, with the place of each cell among the page's. Everything is translated
as in the notebooks that a reader downloads. ``make course`` makes the problem sets of it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
from build_math import MACROS
from claims.ledger import chapters
from notebooks import (
    FENCE,
    Book,
    Page,
    definition,
    end_of_fence,
    markdown,
    options_of,
    site_url,
)
from quiet_code import quiet
from sphinx.application import Sphinx

FILE = "exercises.json"
PARTS = ("exercise", "hint", "check", "solution")
Block = tuple[str, str, list[str]]


def exercises_of(source: str, page: Book) -> list[dict[str, Any]]:
    """The exercises of a chapter."""
    cells = jupytext.reads(source, fmt="md:myst").cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    for cell, shown in zip(code, quiet([cell.source for cell in code]), strict=True):
        cell.source = shown
    found: dict[str, dict[str, Any]] = {}
    solved = ""  # the exercise whose solution has just ended
    for cell in cells:
        if cell.cell_type == "code":
            if solved and cell.source.strip():
                place = next(number for number, one in enumerate(code) if one is cell)
                found[solved]["solution"].append({"code": cell.source, "cell": place})
            continue
        solved = ""
        for name, argument, content in blocks(cell.source):
            solved = argument if name == "solution" else ""
            if name:
                take(found, name, argument, content, page)
    return list(found.values())


def blocks(text: str) -> Iterator[Block]:
    """The outermost blocks of a text that make up exercises; without a name, what is between."""
    lines, position = text.split("\n"), 0
    while position < len(lines):
        match = FENCE.match(lines[position])
        if not match:
            if lines[position].strip():
                yield "", "", [lines[position]]
            position += 1
            continue
        end = end_of_fence(lines, position, match["mark"])
        name = match["name"] if match["name"] in PARTS else ""
        yield name, match["argument"].strip(), lines[position + 1 : end]
        position = end + 1


def take(
    found: dict[str, dict[str, Any]], name: str, argument: str, content: list[str], page: Book
) -> None:
    """Add one block to the exercise that it belongs to."""
    options, content = options_of(content)
    text = markdown("\n".join(content).strip(), page)
    if name == "exercise":
        label = options["label"]
        found[label] = {
            "label": label,
            "number": page.number("exercise", label),
            "title": markdown(argument, page),
            "belongs": options.get("chapter", ""),
            "kind": options.get("kind", ""),
            "minutes": int(options.get("minutes", 0)),
            "statement": text,
            "hints": [],
            "check": "",
            "solution": [],
        }
    elif name == "hint":
        found[argument]["hints"].append(text)
    elif name == "check":
        found[argument]["check"] = text
    else:
        found[argument]["solution"].append({"text": text})


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    site, beside = site_url(app), Path(app.outdir).parent
    found: list[dict[str, Any]] = []
    for docname in chapters(app.env):
        source = Path(app.env.doc2path(docname))
        if "{exercise}" not in (text := source.read_text(encoding="utf-8")):
            continue
        for exercise in exercises_of(text, Page(app, docname, site)):
            home = Page(app, exercise["belongs"] or docname, site)
            where = {"page": docname, "chapter": home.title, "url": home.url}
            found.append({**exercise, **where, "belongs": home.docname})
    whole = {"macros": macros(), "exercises": found}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    (beside / FILE).write_text(text + "\n", encoding="utf-8")


def macros() -> str:
    """The book's macros, as a notebook's first cell defines them."""
    return "".join(definition(name, body) for name, body in MACROS.items())


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", on_build_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
