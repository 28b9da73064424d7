"""`make lab`: a chapter opens as a notebook whose formulas know the macros, and is saved without
them.
"""

import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
lab = runpy.run_path(str(ROOT / "workshop" / "jupyter_lab_config.py"))


@pytest.fixture
def chapters(tmp_path):
    shutil.copy(ROOT / "book" / "limits" / "scaling.md", tmp_path / "scaling.md")
    return lab["Chapters"](root_dir=str(tmp_path))


def test_a_chapter_opens_as_a_notebook_with_the_macros(chapters):
    model = chapters.get("scaling.md", type="notebook")
    kinds = [cell["cell_type"] for cell in model["content"]["cells"]]
    assert {"markdown", "code"} == set(kinds)
    first = lab["first_text"](model["content"])["source"]
    assert (
        first.startswith(r"$\def\R{\mathbb{R}}")
        and r"\def\norm#1{\lVert #1\rVert}" in first
        and r"\def\inner#1#2{" in first
    )


def test_saving_leaves_the_chapter_as_it_was_and_keeps_an_edit(chapters, tmp_path):
    original = (ROOT / "book" / "limits" / "scaling.md").read_text(encoding="utf-8")
    model = chapters.get("scaling.md", type="notebook")
    cell = lab["first_text"](model["content"])
    cell["source"] += "\n\nA new sentence."
    chapters.save(model, "scaling.md")
    saved = (tmp_path / "scaling.md").read_text(encoding="utf-8")
    assert r"\def\R" not in saved and "A new sentence." in saved
    kept = [line for line in original.splitlines() if line in set(saved.splitlines())]
    assert len(kept) > 0.95 * len(original.splitlines())
