"""A book of a few pages, built in the test's own folder with the extensions under test.

What it warns of, and what it says.
"""

import importlib
import io
import os
import re
import sys
import warnings
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"
sys.path.insert(0, str(EXTENSIONS))
claims, docstrings, kept, run_time = map(
    importlib.import_module, ("claims", "docstrings", "kept", "run_time")
)


def write(folder: Path, pages: dict[str, str]) -> None:
    """Write the pages, each with a time stamp of its own.

    So a page that is changed within a clock tick still counts as changed.
    """
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.stat().st_mtime if path.exists() else 0
        path.write_text(text, encoding="utf-8")
        os.utime(path, (path.stat().st_atime, max(path.stat().st_mtime, old + 2)))


def build(folder: Path, *extensions: str, **config: object) -> list[str]:
    """Build ``folder/book`` into ``folder/html`` and return the warnings.

    Every page is a numbered chapter, in the order of its name.
    """
    book = folder / "book"
    pages = sorted(p.stem for p in book.glob("*.md") if p.stem != "index")
    index = "# Book\n\n```{toctree}\n:numbered:\n\n" + "\n".join(pages) + "\n```\n"
    if not (book / "index.md").exists() or (book / "index.md").read_text(encoding="utf-8") != index:
        write(book, {"index.md": index})
    kinds = ("theorem", "lemma", "proposition", "corollary", "definition")
    parser = [] if "myst_nb" in extensions else ["myst_parser"]
    settings = {
        "extensions": [*parser, "sphinx_proof", *extensions],
        "myst_enable_extensions": ["colon_fence", "dollarmath"],
        "prf_realtyp_to_countertyp": dict.fromkeys(kinds, "theorem"),
        # Named here: Sphinx's own table would remember the reader of the book before.
        "source_suffix": {
            ".rst": "restructuredtext",
            ".md": "myst-nb" if not parser else "markdown",
        },
        "nitpicky": True,
        "html_theme": "basic",
        **config,
    }
    said = io.StringIO()
    with warnings.catch_warnings(), docutils_namespace():
        # the libraries' own deprecations; what the book warns of goes through Sphinx's log
        warnings.simplefilter("ignore")
        output, cache = folder / "html", folder / "doctrees"
        app = Sphinx(book, None, output, cache, "html", settings, status=None, warning=said)
        app.build()
    text = re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue())
    return [line.replace(f"{book}{os.sep}", "") for line in text.splitlines() if line.strip()]


def page(folder: Path, name: str) -> str:
    return (folder / "html" / f"{name}.html").read_text(encoding="utf-8")


def text_of(markup: str) -> str:
    """What a reader sees: the words without the tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))
