"""Sphinx extension: what is around a page's text, as far as a style sheet cannot say it.

The name of the book stands beside its logo, and scripts that this book does not use are not sent:
the buttons of sphinx-togglebutton (``folds`` makes them of HTML), and sphinx-thebe, which names a
foreign server and declares a constant twice.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

UNUSED = re.compile(r"thebe|toggle-?button|toggleHint|toggleOpenOnPrint|design-tabs", flags=re.I)


def used(asset: object) -> bool:
    """Whether a script or style sheet, a file or a text, is one that the book needs."""
    name = getattr(asset, "filename", None) or asset
    body = getattr(asset, "attributes", {}).get("body", "")
    return not UNUSED.search(f"{name} {body}")


def on_config_inited(app: Sphinx, config: Config) -> None:
    logo = {"text": config.html_title, "alt_text": ""}
    config.html_theme_options = {**config.html_theme_options, "logo": logo}


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    for key in ("script_files", "css_files"):
        context[key] = [asset for asset in context[key] if used(asset)]


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", on_config_inited)
    app.connect("html-page-context", on_page_context, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
