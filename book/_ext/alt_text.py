"""Sphinx extension: an image without a text for readers who cannot see it is a warning.

So it fails the build. The text goes in a figure's ``:alt:``, in the brackets of ``![...](...)``,
or, for a figure that a cell draws, in the cell's header under ``mystnb: image: alt:``.
"""

import re

from bs4 import BeautifulSoup
from build_math import place
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def complaint(alt: str | None) -> str:
    """What is wrong with an image's text; empty if nothing."""
    alt = (alt or "").strip()
    if not alt:
        return "image without alt text"
    if re.search(r"\.(png|svg|jpe?g|gif|webp|pdf)$", alt, flags=re.I):
        return f"the alt text is a file name: {alt!r}"
    if re.search(r"\$|\\[a-zA-Z]", alt):
        return f"TeX in the alt text, which is read aloud as it stands: {alt!r}"
    return ""


def on_doctree_resolved(app: Sphinx, document: nodes.document, docname: str) -> None:
    for node in document.findall(is_image_or_html):
        alts = [node.get("alt")] if isinstance(node, nodes.image) else raw_alts(node)
        for problem in filter(None, map(complaint, alts)):
            name = node["uri"] if isinstance(node, nodes.image) else "in a piece of HTML"
            logger.warning("%s (image %s)", problem, name, location=place(node), type="alt_text")


def is_image_or_html(node: nodes.Node) -> bool:
    return isinstance(node, nodes.image | nodes.raw)


def raw_alts(node: nodes.raw) -> list[str | None]:
    """The alt texts of the images in a piece of HTML (an output of a cell, or HTML in a page)."""
    if "html" not in node.get("format", "") or "<img" not in node.astext():
        return []
    images = BeautifulSoup(node.astext(), "html.parser").find_all("img")
    return [image.get("alt") for image in images]


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", on_doctree_resolved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
