"""The chapters' code is for reading: cells of at most 20 lines of at most 76 characters, and
printed lines no wider.

The page shows no more at a laptop's width. `python workshop/cells.py` checks the cells; `make book`
checks what they print.
"""

import sys
from collections.abc import Iterator

from chapters import name, pages_of_the_toc, read_chapter
from nbformat import NotebookNode

WIDTH, LINES = 76, 20


def main() -> int:
    problems = []
    for path in pages_of_the_toc():
        if notebook := read_chapter(path):
            found = wide_cells(notebook, path.read_text(encoding="utf-8"))
            problems += [f"book/{name(path)}.md:{line}: {problem}" for line, problem in found]
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


def wide_cells(notebook: NotebookNode, text: str) -> Iterator[tuple[int, str]]:
    """Line of the page and what is wrong there, for each line too wide and each cell too long;
    magics do not count.
    """
    lines = text.splitlines()
    for cell, fence in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        if cell.cell_type != "code":
            continue
        start = first_line(cell.source.splitlines(), lines, fence)
        code = [
            (start + i, line)
            for i, line in enumerate(cell.source.splitlines())
            if not line.startswith(("%", "!"))
        ]
        if len(code) > LINES:
            yield fence, f"a cell of {len(code)} lines, {LINES} at most"
        for number, line in code:
            if len(line) > WIDTH:
                yield number, f"{len(line)} characters, {WIDTH} at most"


def first_line(code: list[str], lines: list[str], fence: int) -> int:
    """Number of the cell's first line of code on the page: the fence and the cell's options stand
    before it.
    """
    place = next(i for i in range(fence, len(lines)) if lines[i : i + len(code)] == code)
    return place + 1


def wide_outputs(notebook: NotebookNode) -> list[str]:
    """Printed lines that are too wide, each as far as it is shown."""
    printed = [
        text for cell in notebook.cells if cell.cell_type == "code" for text in printed_texts(cell)
    ]
    return [line for text in printed for line in text.splitlines() if len(line) > WIDTH]


def printed_texts(cell: NotebookNode) -> Iterator[str]:
    """What a cell prints, and the text of its value where nothing richer, as a picture, is shown
    for it.
    """
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif set(output.get("data", {})) == {"text/plain"}:
            yield output.data["text/plain"]


if __name__ == "__main__":
    sys.exit(main())
