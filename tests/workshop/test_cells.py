"""The width and length of cells: on both sides of each limit, with the line of the page; magics and
options do not count.
"""

import nbformat
import pytest
from cells import wide_cells, wide_outputs
from chapters import BOOK, read_chapter

HEADER = """\
---
jupytext:
  text_representation: {format_name: myst}
kernelspec: {name: python3}
---

# A page

"""
WIDE = "x = " + "1" * 73


def found(tmp_path, code, options=""):
    page = tmp_path / "page.md"
    page.write_text(f"{HEADER}```{{code-cell}} ipython3\n{options}{code}\n```\n", encoding="utf-8")
    return list(wide_cells(read_chapter(page), page.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("options", "line"),
    [("", 11), (":tags: [hide-input]\n\n", 13), ("---\nmystnb:\n  figure: {name: f}\n---\n", 15)],
)
def test_a_wide_line_is_found_where_it_stands(tmp_path, options, line):
    assert found(tmp_path, f"y = 2\n{WIDE}", options) == [(line, "77 characters, 76 at most")]
    assert found(tmp_path, f"y = 2\n{WIDE[:-1]}", options) == []


def test_a_long_cell_is_found(tmp_path):
    assert found(tmp_path, "x = 1\n" * 20 + "x") == [(9, "a cell of 21 lines, 20 at most")]
    assert found(tmp_path, "x = 1\n" * 19 + "x") == []


def test_magics_and_options_do_not_count(tmp_path):
    options = "---\nmystnb:\n  figure:\n    caption: " + "c" * 100 + "\n---\n"
    assert found(tmp_path, "%%time " + "m" * 100 + "\n" + "x = 1\n" * 19 + "x", options) == []


def test_prose_and_blocks_without_a_run_do_not_count(tmp_path):
    page = tmp_path / "page.md"
    block = f"```python\n{WIDE}\n```"
    cell = "```{code-cell} ipython3\nx = 1\n```"
    text = f"{HEADER}{'word ' * 40}\n\n{block}\n\n{cell}\n"
    page.write_text(text, encoding="utf-8")
    assert list(wide_cells(read_chapter(page), text)) == []


def test_every_code_cell_of_a_chapter_is_read():
    page = BOOK / "power" / "random-features.md"
    text = page.read_text(encoding="utf-8")
    notebook = read_chapter(page)
    assert (
        text.count("```{code-cell}") == sum(cell.cell_type == "code" for cell in notebook.cells) > 3
    )


def test_wide_outputs_are_what_is_shown_as_text():
    def cell(*outputs):
        return nbformat.v4.new_code_cell("x", outputs=list(outputs))

    new, wide = nbformat.v4.new_output, "o" * 77
    printed = new("stream", text=f"{wide}\n{wide[1:]}\n")
    value = new("execute_result", {"text/plain": wide})
    picture = new("display_data", {"text/plain": wide, "image/png": "AAAA"})
    glued = new("display_data", {"application/papermill.record/text/plain": wide})
    notebook = nbformat.v4.new_notebook(cells=[cell(printed), cell(value, picture), cell(glued)])
    assert wide_outputs(notebook) == [wide, wide]
