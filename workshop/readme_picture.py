"""Copy the introduction's picture from the built site to book/_static/overview.png, where the
README shows it.
"""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"

if __name__ == "__main__":
    page = (SITE / "intro.html").read_text(encoding="utf-8")
    image = re.search(r'<figure[^>]* id="fig-overview".*?<img[^>]* src="([^"]+)"', page, re.DOTALL)[
        1
    ]
    shutil.copyfile(SITE / image, ROOT / "book" / "_static" / "overview.png")
