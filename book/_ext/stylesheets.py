"""Sphinx extension: the style sheets that every page needs are one file.

A page waits for each of its style sheets before it shows anything, and a browser asks for them one
after the other. Here they are put together, in their order, as ``_static/site.css``. A style sheet
that an extension adds to some pages only stays a file of its own.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from docutils import nodes
from pages import name_of, used
from sphinx.application import Sphinx

SITE = "_static/site.css"
ADDRESS = re.compile(r"url\((['\"]?)(?!data:|[a-z]+:|/|#)([^)'\"]+)\1\)")


def together(sheets: dict[str, str]) -> str:
    """The text of style sheets, given by their names below ``_static``, as one style sheet there.

    >>> together({"katex/k.css": "a { src: url(fonts/m.woff2) }", "b.css": "p { x: url('#i') }"})
    "a { src: url(katex/fonts/m.woff2) }\\np { x: url('#i') }"
    """
    moved = []
    for name, text in sheets.items():
        folder = PurePosixPath(name).parent

        def address(match: re.Match, folder: PurePosixPath = folder) -> str:
            quote, path = match.groups()
            return f"url({quote}{normpath(str(folder / path))}{quote})"

        text = re.sub(r"^@charset[^;]*;|/\*# sourceMappingURL.*?\*/", "", text)
        moved.append(ADDRESS.sub(address, text).strip())
    return "\n".join(moved)


def files(app: Sphinx) -> list[str]:
    """The style sheets of every page that lie on this site, in order."""
    sheets = filter(used, app.builder._orig_css_files)  # type: ignore[attr-defined]
    return [name for name in map(filename, sheets) if name.startswith("_static/")]


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    digest, out = hashlib.sha256(), Path(app.outdir)
    for name in files(app):  # some extensions bring theirs at the end: those count by their names
        digest.update(name.encode())
        digest.update((out / name).read_bytes() if (out / name).is_file() else b"")
    others = [sheet for sheet in context["css_files"] if filename(sheet) not in files(app)]
    context["css_files"] = [f"{SITE}?v={digest.hexdigest()[:8]}", *others]


def filename(sheet: Any) -> str:
    """The file of a style sheet below the site's folder."""
    return name_of(sheet).split("?")[0]


def on_build_finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    sheets = {name: (out / name).read_text("utf-8") for name in files(app)}
    text = together({name.removeprefix("_static/"): text for name, text in sheets.items()})
    (out / SITE).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", on_page_context, priority=940)
    app.connect("build-finished", on_build_finished, priority=900)  # after all files are there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
