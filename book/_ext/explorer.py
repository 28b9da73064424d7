"""Sphinx extension: the explorer's script and style sheet go to its page only.

The theme's configuration sends every file of ``_static`` to every page.
"""

from docutils import nodes
from sphinx.application import Sphinx

FILES = {"explorer.js": "numbers", "explorer.css": "numbers"}
"""Each file, and the one page that needs it."""


def wanted(asset: object, pagename: str) -> bool:
    """Whether a page needs a script or style sheet.

    >>> wanted("explorer.js", "numbers"), wanted("_static/explorer.js", "intro")
    (True, False)
    """
    name = str(getattr(asset, "filename", None) or asset).rpartition("/")[2]
    return FILES.get(name, pagename) == pagename


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    for key in ("script_files", "css_files"):
        context[key] = [asset for asset in context[key] if wanted(asset, pagename)]


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", on_page_context, priority=910)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
