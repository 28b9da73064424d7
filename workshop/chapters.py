"""The book's pages in their order, and each as the notebook that Sphinx will read."""

import sys
from pathlib import Path

import yaml
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_parser.config.main import MdParserConfig
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
MARKDOWN = MdParserConfig(enable_extensions=CONFIG["parse"]["myst_enable_extensions"])


def pages_of_the_toc() -> list[Path]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    sections = [section for chapter in chapters for section in chapter.get("sections", [])]
    files = [toc["root"], *(page["file"] for page in chapters + sections)]
    pages = [BOOK / f"{file}.md" for file in files]
    if missing := [name(page) for page in pages if not page.exists()]:
        sys.exit(f"_toc.yml names pages that do not exist under book/: {', '.join(missing)}")
    return pages


def read_chapter(path: Path) -> NotebookNode | None:
    """The page as Sphinx will read it, or None if it has no code to run."""
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), MARKDOWN, NbParserConfig(), text)
    notebook = reader.read(text) if reader else None
    return (
        notebook if notebook and any(cell.cell_type == "code" for cell in notebook.cells) else None
    )


def name(path: Path) -> str:
    return path.relative_to(BOOK).with_suffix("").as_posix()
