"""Sphinx extension: the style sheets that every page needs are one file, and so are the scripts.

A page waits for each of its style sheets before it shows anything, and a browser asks for these
and for the scripts a few at a time, each a way to the server and back. Here they are put together,
in their order, as ``_static/site.css`` and ``_static/site.js``. What an extension adds to some
pages only stays a file of its own, and so does a script that waits for the whole page.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from docutils import nodes
from pages import in_order, name_of, used
from sphinx.application import Sphinx

SHEET, SCRIPT = "_static/site.css", "_static/site.js"
ADDRESS = re.compile(r"url\((['\"]?)(?!data:|[a-z]+:|/|#)([^)'\"]+)\1\)")
MAP = re.compile(r"/\*# sourceMappingURL.*?\*/|^//# sourceMappingURL.*$", re.M)


def sheets_together(sheets: dict[str, str]) -> str:
    """The text of style sheets, given by their names below ``_static``, as one style sheet there.

    >>> sheets_together({"k/k.css": "a { src: url(fonts/m.woff2) }", "b.css": "p { x: url('#i') }"})
    "a { src: url(k/fonts/m.woff2) }\\np { x: url('#i') }"
    """
    moved = []
    for name, text in sheets.items():
        folder = PurePosixPath(name).parent

        def address(match: re.Match, folder: PurePosixPath = folder) -> str:
            quote, path = match.groups()
            return f"url({quote}{normpath(str(folder / path))}{quote})"

        text = MAP.sub("", re.sub(r"^@charset[^;]*;", "", text))
        moved.append(ADDRESS.sub(address, text).strip())
    return "\n".join(moved)


def scripts_together(scripts: Iterable[str]) -> str:
    """The texts of scripts as one script.

    The semicolons end what a script leaves open, and keep the strictness of the first from being
    that of all.

    >>> scripts_together(['"use strict";\\na()', "b() // b"])
    ';"use strict";\\na()\\n;b() // b\\n'
    """
    return "".join(f";{MAP.sub('', text).strip()}\n" for text in scripts)


def sheets(app: Sphinx) -> list[str]:
    """The style sheets of every page that lie on this site, in order."""
    return _here(app.builder._orig_css_files)  # type: ignore[attr-defined]


def scripts(app: Sphinx) -> list[str]:
    """The scripts of every page that lie on this site and run where they stand, in order."""
    every = app.builder._orig_js_files  # type: ignore[attr-defined]
    waiting = {"defer", "async", "type", "body"}
    found = [in_order(script) for script in every if not waiting & set(script.attributes)]
    return _here(sorted(found, key=lambda script: script.priority))


def filename(asset: Any) -> str:
    """The file of a style sheet or script below the site's folder."""
    return name_of(asset).split("?")[0]


def _here(assets: Iterable[Any]) -> list[str]:
    return [name for name in map(filename, filter(used, assets)) if name.startswith("_static/")]


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    """The one file in the place of all; a script after it that another part orders keeps that."""
    parts = (("css_files", sheets(app), SHEET), ("script_files", scripts(app), SCRIPT))
    for key, names, one in parts:
        others = [asset for asset in context[key] if filename(asset) not in names]
        others.sort(key=lambda asset: getattr(asset, "priority", 500))
        context[key] = [f"{one}?v={_version(Path(app.outdir), names)}", *others]


def _version(out: Path, names: list[str]) -> str:
    """A short name of what the files hold."""
    digest = hashlib.sha256()
    for name in names:  # some extensions bring theirs at the end: those count by their names
        digest.update(name.encode())
        digest.update((out / name).read_bytes() if (out / name).is_file() else b"")
    return digest.hexdigest()[:8]


def on_build_finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    texts = {name: (out / name).read_text("utf-8") for name in [*sheets(app), *scripts(app)]}
    styles = {name.removeprefix("_static/"): texts[name] for name in sheets(app)}
    (out / SHEET).write_text(sheets_together(styles), encoding="utf-8")
    (out / SCRIPT).write_text(scripts_together(map(texts.get, scripts(app))), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", on_page_context, priority=940)
    app.connect("build-finished", on_build_finished, priority=900)  # after all files are there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
