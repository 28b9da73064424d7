"""JupyterLab for the chapters: they open as notebooks, and its formulas know the book's macros.

The macros stand in front of a chapter's first cell of text while it is open, and are taken out
again before it is saved.
"""

import sys
from pathlib import Path

from jupytext import TextFileContentsManager

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from build_math import MACROS  # noqa: E402
from notebooks import definition  # noqa: E402

DEFINITIONS = "$" + "".join(definition(*macro) for macro in MACROS.items()) + "$\n\n"


def first_text(notebook: dict) -> dict | None:
    return next((cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"), None)


class Chapters(TextFileContentsManager):
    def get(self, path, content=True, type=None, format=None, **options):
        model = super().get(path, content=content, type=type, format=format, **options)
        if content and model["type"] == "notebook" and (cell := first_text(model["content"])):
            cell["source"] = DEFINITIONS + cell["source"]
        return model

    def save(self, model, path=""):
        if (
            model.get("type") == "notebook"
            and model.get("content")
            and (cell := first_text(model["content"]))
        ):
            cell["source"] = cell["source"].removeprefix(DEFINITIONS)
        return super().save(model, path)


if "get_config" in globals():  # read by JupyterLab's server, not imported
    c = get_config()
    c.ServerApp.contents_manager_class = Chapters
    c.ServerApp.root_dir = str(ROOT / "book")
