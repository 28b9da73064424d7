"""Sphinx extension: a Run button at each code cell of a chapter.

``static/run.js`` runs the cell in the page, in a worker, by Pyodide; nothing of it is fetched
before the first click. ``run_cells_base`` says where Pyodide's files are: a folder of the site,
filled here from ``.cache/pyodide`` (``make pyodide`` fetches it), or an address. Every file has to
have the hash in ``pyodide.json``, here and in the browser. Where the site's own files are missing,
the book has no Run buttons. The package travels with the pure Python that it needs, as one archive
made of what is installed here, so that a build needs no network.

Which libraries a cell needs is read from its source and the package's (``needs``). A cell that
needs torch says so instead, and offers the notebook; so does one with the tag ``minutes-in-page``
or ``proof-by-flint``, and one that reads what such a cell computes.
"""

import hashlib
import io
import json
import re
import shutil
import zipfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from notebooks import is_chapter
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from run_cells import needs

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = json.loads((Path(__file__).parent / "pyodide.json").read_text(encoding="utf-8"))
PAGE = Path(__file__).parent / "page"
# Pure Python that the package needs where it runs; mpmath is for the stand-in of python-flint.
CARRIED = ("array-api-compat", "jaxtyping", "lazy-loader", "mpmath", "wadler-lindig")
ALWAYS = {"packaging"}  # lazy-loader's own need
# Why a cell does not run in a page, by what it needs: a library, or a tag of the cell.
ABSENT = {
    "torch": "Needs PyTorch, which does not run in a page",
    "proof-by-flint": "Needs python-flint for its proof, which does not run in a page",
    "minutes-in-page": "Would take minutes in a page",
}
TESTS = re.compile(r"(^|/)(tests?|__pycache__)/|\.(so|pyd)$|^\.\.")
LOGGER = logging.getLogger(__name__)


class run_bar(nodes.General, nodes.Element):
    """The buttons of one cell, or why it has none. It has no text, so that no search finds it."""


def is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "cell" in node.get("classes", ())


def code_of(cell: nodes.container) -> nodes.literal_block | None:
    """The code that a cell shows, None if it shows only outputs."""
    for part in cell.findall(nodes.container):
        if "cell_input" in part.get("classes", ()):
            return next(part.findall(nodes.literal_block), None)
    return None


# Which cells run, and what they need.


@cache
def package() -> needs.Package:
    return needs.Package(ROOT / "src" / "randomfeatures")


def plan(sources: list[str], tags: list[set[str]]) -> list[set[str]]:
    """What each cell needs: libraries, and what its tags say."""
    try:
        return needs.of_cells(sources, package(), set(ABSENT), [set(ABSENT) & own for own in tags])
    except SyntaxError as error:
        raise ExtensionError(f"a cell that Run cannot read: {error}") from error


def packages_for(libraries: set[str]) -> list[str]:
    """The packages of Pyodide that hold the libraries, with all that those need, by name."""
    known = MANIFEST["lock"]["packages"]
    waiting = [n for n, p in known.items() if n in ALWAYS or libraries & set(p["imports"])]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += known[name]["depends"]
    return sorted(found)


def files_for(packages: list[str]) -> list[str]:
    known = MANIFEST["lock"]["packages"]
    return [*MANIFEST["core"], *(known[name]["file_name"] for name in packages)]


# The archive of the package.


@cache
def archive() -> bytes:
    """The package, the pure Python that it needs, and the page's own half, in one zip.

    The same sources give the same bytes.
    """
    version = distribution("randomfeatures").version
    metadata = f"Metadata-Version: 2.1\nName: randomfeatures\nVersion: {version}\n"
    entries = {f"randomfeatures-{version}.dist-info/METADATA": metadata.encode()}
    for folder in (ROOT / "src", PAGE):
        for path in folder.rglob("*"):
            if path.suffix in {".py", ".json", ".typed"}:
                entries[path.relative_to(folder).as_posix()] = path.read_bytes()
    for name in CARRIED:
        for file in distribution(name).files or []:
            if not TESTS.search(str(file)) and file.locate().is_file():
                entries[file.as_posix()] = file.locate().read_bytes()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as written:
        for name in sorted(entries):
            written.writestr(zipfile.ZipInfo(name), entries[name], zipfile.ZIP_DEFLATED)
    return data.getvalue()


def described(data: bytes, stem: str) -> tuple[str, dict[str, Any]]:
    sha256 = hashlib.sha256(data).hexdigest()
    return f"{stem}-{sha256[:12]}.zip", {"size": len(data), "sha256": sha256}


# The book.


def is_address(base: str) -> bool:
    return bool(urlsplit(base).scheme)


def absent_files(folder: Path) -> list[str]:
    """The files that the folder lacks. One that is there with other contents stops the build."""
    absent = []
    for name, file in MANIFEST["files"].items():
        if not (folder / name).is_file():
            absent.append(name)
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != file["sha256"]:
            raise ExtensionError(f"{folder / name} is not the file that pyodide.json names")
    return absent


def on_config_inited(app: Sphinx, config: Config) -> None:
    """Decide whether the book has Run buttons; a change of that writes all pages anew.

    The scripts are not in the book's own folder, whose scripts Jupyter Book loads on every page.
    """
    config.html_static_path.append(str(Path(__file__).parent / "static"))
    base = config.run_cells_base
    if is_address(base):
        config.run_cells_ready = True
        return
    absent = absent_files(Path(config.run_cells_files))
    config.run_cells_ready = not absent
    if absent:
        LOGGER.info("no Run buttons: %s files of Pyodide are missing (make pyodide)", len(absent))


def on_doctree_resolved(app: Sphinx, document: nodes.document, docname: str) -> None:
    if not app.config.run_cells_ready or not is_chapter(app, docname):
        return
    cells = [(cell, code) for cell in document.findall(is_cell) if (code := code_of(cell))]
    tags = [{name.removeprefix("tag_") for name in cell["classes"]} for cell, _ in cells]
    needed = plan([code.astext() for _, code in cells], tags)
    for number, ((cell, _), libraries) in enumerate(zip(cells, needed, strict=True), start=1):
        absent = next((why for what, why in ABSENT.items() if what in libraries), "")
        bar = run_bar("", number=number, absent=absent, uncertified="flint" in libraries)
        bar["notebook"] = app.builder.get_relative_uri(docname, "_sources/" + docname)
        place = next((i for i, part in enumerate(cell) if is_output(part)), len(cell))
        cell.insert(place, bar)
    running = [found for found in needed if not found & set(ABSENT)]
    if running:
        packages = packages_for(set().union(*running))
        files = files_for(packages)
        size = sum(MANIFEST["files"][name]["size"] for name in files) + len(archive())
        document["run_cells"] = {"packages": packages, "files": files, "size": size}


def is_output(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "cell_output" in node.get("classes", ())


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if document is None or not any(document.findall(run_bar)):
        return
    app.add_css_file("run.css")
    if settings := document.get("run_cells"):
        body = json.dumps(settings)
        app.add_js_file(None, body=body, type="application/json", id="run-cells")
        app.add_js_file("run.js", loading_method="defer")


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html" or not app.config.run_cells_ready:
        return
    static, base = Path(app.outdir) / "_static", app.config.run_cells_base
    name, file = described(archive(), "randomfeatures")
    for old in static.glob("randomfeatures-*.zip"):
        old.unlink()
    (static / name).write_bytes(archive())
    # An own folder is beside this file, whatever the address of the site.
    settings = {
        "base": base if is_address(base) else f"../{base}",
        "archive": {"name": name, **file},
        "core": MANIFEST["core"],
        "files": MANIFEST["files"],
        "lock": MANIFEST["lock"],
    }
    (static / "run.json").write_text(json.dumps(settings), encoding="utf-8")
    if not is_address(base):
        folder = Path(app.outdir) / base
        folder.mkdir(parents=True, exist_ok=True)
        for name in MANIFEST["files"]:
            shutil.copyfile(Path(app.config.run_cells_files) / name, folder / name)


BUTTONS = (
    '<button type="button" class="run-go" aria-label="Run cell {number}">Run</button>'
    '<button type="button" class="run-above" aria-label="Run all above, then cell {number}">'
    "Run all above</button>"
    '<button type="button" class="run-edit" aria-label="Edit cell {number}">Edit</button>'
    '<span class="run-said"></span>'
)
UNCERTIFIED = (
    '<span class="run-note" title="In the page, mpmath stands in for python-flint: many digits, '
    'with an estimate of their error, not a proof of it.">digits estimated here, not proved</span>'
)


def visit_run_bar(self: HTML5Translator, node: run_bar) -> None:
    number = node["number"]
    if node["absent"]:
        notebook = self.encode(node["notebook"].removesuffix(".html")) + ".ipynb"
        self.body.append(
            f'<div class="run-bar" data-cell="{number}" data-absent>'
            f'<span class="run-note">{node["absent"]}: '
            f'<a href="{notebook}" download>the notebook</a> runs it.</span></div>\n'
        )
        raise nodes.SkipNode
    buttons = BUTTONS.format(number=number) + (UNCERTIFIED if node["uncertified"] else "")
    self.body.append(f'<div class="run-bar" data-cell="{number}">{buttons}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    app.add_config_value("run_cells_base", "_static/pyodide/", "html", [str])
    app.add_config_value("run_cells_files", str(ROOT / ".cache" / "pyodide"), "", [str])
    app.add_config_value("run_cells_ready", False, "html", [bool])
    app.add_node(run_bar, html=(visit_run_bar, None))
    app.connect("config-inited", on_config_inited)
    app.connect("doctree-resolved", on_doctree_resolved, priority=950)
    app.connect("html-page-context", on_page_context)
    app.connect("build-finished", on_build_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
