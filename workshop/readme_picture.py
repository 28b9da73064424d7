"""Copy the introduction's picture from the built site to book/_static/overview.svg, where the
README shows it, on white: a reader of the README may have a dark page.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
WHITE = '<rect width="100%" height="100%" fill="#fff"/>'

if __name__ == "__main__":
    page = (SITE / "intro.html").read_text(encoding="utf-8")
    image = re.search(r'<figure[^>]* id="fig-overview".*?<img[^>]* src="([^"]+)"', page, re.DOTALL)[
        1
    ]
    drawing = (SITE / image).read_text(encoding="utf-8")
    drawing = re.sub(r"(<svg\b[^>]*>)", rf"\1\n {WHITE}", drawing, count=1).rstrip() + "\n"
    (ROOT / "book" / "_static" / "overview.svg").write_text(drawing, encoding="utf-8")
