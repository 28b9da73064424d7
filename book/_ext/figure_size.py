"""Sphinx extension: a page says how large its figures are, and loads them when they come near.

Without the size the text below a figure moves when the figure arrives; and a page with ten figures
need not fetch the last before its first line is read. So a picture that a cell has written into the
page itself, as a film's, is a file too.
"""

import base64
import hashlib
import re
import struct
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

IMAGE = re.compile(r'<img (?=[^>]*?src="[^"]*_images/(?P<name>[^"/]+)")(?P<rest>[^>]*)>')
WIDTH = re.compile(r'\bwidth="(?P<pixels>[\d.]+)(px)?" ?')
WRITTEN = re.compile(r'(?<=src=")data:image/png;base64,([A-Za-z0-9+/=]{1000,})(?=")')


def drawn(file: Path) -> tuple[float, float] | None:
    """Width and height of a figure in pixels, None if it does not say them. A drawing in SVG says
    them in points, of which an inch has 72; of pixels it has 96.
    """
    if file.suffix == ".png":
        width, height = struct.unpack(">II", file.read_bytes()[16:24])  # the file's head
        return width, height
    head = re.search(r"<svg\b[^>]*>", file.read_text(encoding="utf-8")[:5000])
    sides = dict(re.findall(r'\b(width|height)="([\d.]+)pt"', head[0] if head else ""))
    if len(sides) < 2:
        return None
    return float(sides["width"]) * 96 / 72, float(sides["height"]) * 96 / 72


def filed(html: str, folder: Path, address: str) -> tuple[str, dict[str, Path]]:
    """The page with each picture that it holds itself in a file of ``folder``, and these files.

    ``address`` is the folder as the page names it.
    """
    files = {}

    def file(match: re.Match) -> str:
        picture = base64.b64decode(match[1])
        name = f"{hashlib.sha256(picture).hexdigest()[:16]}.png"
        files[name] = folder / name
        folder.mkdir(parents=True, exist_ok=True)
        files[name].write_bytes(picture)
        return f"{address}/{name}"

    return WRITTEN.sub(file, html), files


def sized(html: str, sources: dict[str, Path]) -> str:
    """The page with the size in pixels at each figure, which is loaded late where it stands low.

    That is each but the first, and the first too after three paragraphs.

    ``sources`` has the file of each figure. A width that the page asks for is kept.
    """
    met: list[str] = []

    def attributes(match: re.Match) -> str:
        met.append(match["name"])
        source, rest, said = sources.get(match["name"]), match["rest"], ""
        if source and (size := drawn(source)):
            asked = WIDTH.search(rest)
            width = float(asked["pixels"]) if asked else size[0]
            said = f'width="{width:.0f}" height="{width * size[1] / size[0]:.0f}" '
            rest = WIDTH.sub("", rest)
        low = len(met) > 1 or html.count("<p>", 0, match.start()) >= 3
        late = 'loading="lazy" ' if low else ""
        return f"<img {said}{late}{rest}>"

    return IMAGE.sub(attributes, html)


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if "body" in context:
        images = app.builder.imagedir
        folder, address = Path(app.outdir) / images, context["pathto"](images, 1)
        body, files = filed(context["body"], folder, address)
        files |= {name: Path(app.srcdir) / path for path, name in app.builder.images.items()}
        context["body"] = sized(body, files)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", on_page_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
