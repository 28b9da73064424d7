"""Sphinx extension: a page says how large its figures are, and loads them when they come near.

Without the size the text below a figure moves when the figure arrives; and a page with ten figures
need not fetch the last before its first line is read.
"""

import re
import struct
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

IMAGE = re.compile(
    r'<img (?![^>]*\bwidth=)(?P<rest>[^>]*?src="[^"]*_images/(?P<name>[^"/]+)"[^>]*?)>'
)


def sized(html: str, sources: dict[str, Path]) -> str:
    """The page with the size in pixels at each figure, which is loaded late but for the first.

    ``sources`` has the file of each figure. A drawing in SVG keeps the size that it says itself.
    """
    met: list[str] = []

    def attributes(match: re.Match) -> str:
        met.append(match["name"])
        source = sources.get(match["name"])
        size = ""
        if source and source.suffix == ".png":
            width, height = struct.unpack(">II", source.read_bytes()[16:24])  # the file's head
            size = f'width="{width}" height="{height}" '
        late = 'loading="lazy" ' if len(met) > 1 else ""
        return f"<img {size}{late}{match['rest']}>"

    return IMAGE.sub(attributes, html)


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if "body" in context:
        files = {name: Path(app.srcdir) / path for path, name in app.builder.images.items()}
        context["body"] = sized(context["body"], files)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", on_page_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
