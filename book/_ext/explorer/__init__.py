"""Sphinx extension: the explorer's script and style sheet, which no page but its own loads."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

PAGE = "numbers"
STATIC = Path(__file__).parent / "static"


def add_static(app: Sphinx) -> None:
    app.config.html_static_path.append(str(STATIC))


def add_files(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if pagename == PAGE:
        app.add_css_file("explorer.css")
        app.add_js_file("explorer.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", add_static)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
