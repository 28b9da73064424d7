"""A page shows no bookkeeping, and what it shows is still a program."""

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the book's tools are not installed")
from bs4 import BeautifulSoup
from small_book import EXTENSIONS, build, page, write

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workshop"))
chapters = importlib.import_module("chapters")
quiet = importlib.import_module("quiet_code").quiet
assert EXTENSIONS.is_dir()


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("x = 1\nglue('x', x)\ny = 2", "x = 1\ny = 2"),
        ("x = 1\nglue(\n    'x',\n    x,\n)\n", "x = 1"),
        ("glue('x', 1)\nglue('y', 2)", ""),
        ("# The numbers below.\nglue('x', 1)", ""),
        ("x = 1\n\n# for the text\nglue('x', x)\n\ny = 2", "x = 1\n\ny = 2"),
        ("# heads the group\nglue('x', 1)\ny = 2", "# heads the group\ny = 2"),
        ("glue('x', 1)  # here\ny = 2  # stays", "y = 2  # stays"),
        ("# a\nglue('x', 1)\n# b\nglue('y', 1)\n\nz = 3", "z = 3"),
        ("x = 1\n\n\nglue('x', x)\n\n\ndef f():\n    pass", "x = 1\n\n\ndef f():\n    pass"),
        ("for x in y:\n    f(x)\n    glue('x', x)\nz = 1", "for x in y:\n    f(x)\nz = 1"),
        (
            "for x in y:\n    f(x)\n\n    # last\n    glue('x', x)\nz = 1",
            "for x in y:\n    f(x)\n\nz = 1",
        ),
        ("for x in y:\n    for z in x:\n        glue('z', z)\nz = 1", "z = 1"),
        ("if x:\n    glue('x', x)\nelse:\n    y = 1", "if x:\n    pass\nelse:\n    y = 1"),
        ("try:\n    f()\nexcept E:\n    glue('x', 1)", "try:\n    f()\nexcept E:\n    pass"),
        ("def f():\n    glue('x', 1)\n    glue('y', 1)", "def f():\n    pass"),
        ("x = 'é'; glue('x', x)", "x = 'é'"),
        ("glue('x', 'é'); x = 2", "x = 2"),
        ("x = 1; glue('x', x); y = 2", "x = 1; y = 2"),
        ("text = '''\nglue('x', 1)\n'''\n", "text = '''\nglue('x', 1)\n'''\n"),
        ("x.glue('x', 1)\nplain = glue('y', 2)", "x.glue('x', 1)\nplain = glue('y', 2)"),
        ("from a import glue\nx = 1", "x = 1"),
        ("import b\nfrom a import c, glue as glue, d\nc(d)", "import b\nfrom a import c, d\nc(d)"),
        ("%magic glue('x')", "%magic glue('x')"),
    ],
)
def test_one_cell(cell, shown):
    assert quiet([cell]) == [shown]


LONG = ", ".join(f"long_name_{i}" for i in range(7))


def test_an_import_is_written_as_it_would_be_by_hand():
    before = f"from a.b import (\n    {LONG[:-13]}, glue,\n    {LONG[-11:]},\n)"
    (after,) = quiet([before])
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(f"from a.b import {LONG}"))
    assert len(after.split("\n")) == 4 and max(map(len, after.split("\n"))) <= 76
    assert quiet(["from a import (\n    b, glue,\n)  # x"]) == ["from a import b  # x"]
    assert quiet(["from ..a import b as c, glue"]) == ["from ..a import b as c"]


def test_what_is_imported_for_it_alone_goes_with_it():
    cells = ["import math\nfrom a import glue, scientific, table", "glue('x', scientific(math.pi))"]
    assert quiet([*cells, "table(1)"]) == ["from a import table", "", "table(1)"]
    # What is read elsewhere on the page, or nowhere, is not its business.
    assert (
        quiet([*cells, "scientific(math.e)"])[0] == "import math\nfrom a import scientific, table"
    )


CHAPTERS = [
    path
    for path in chapters.pages_of_the_toc()
    if path.read_text(encoding="utf-8").startswith("---\njupytext:")
]


@pytest.mark.parametrize("path", CHAPTERS, ids=chapters.name)
def test_every_chapter_is_still_a_program_without_bookkeeping(path):
    """Nothing that is shown reads a name that only what is left out brought."""
    cells = chapters.read_chapter(path).cells
    before = [cell.source for cell in cells if cell.cell_type == "code"]
    after = quiet(before)
    assert "glue" not in "\n".join(after)
    assert len(after) == len(before)
    for cell, shown in zip(before, after, strict=True):
        kept = ["", *cell.split("\n")]
        for line in shown.split("\n"):
            assert line in kept or re.match(r"from|    [\w, ]+,$|\)", line), line
    assert all(len(line) <= 76 for cell in after for line in cell.split("\n"))
    bound, read = names("\n".join(before)), names("\n".join(after))
    assert read[1] & bound[0] <= read[0]


def names(code: str) -> tuple[set[str], set[str]]:
    """The names that are bound somewhere in the code, and those that are read."""
    nodes = list(ast.walk(ast.parse(code)))
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {
        a.asname or a.name.split(".")[0] for n in nodes if isinstance(n, ast.alias) for a in [n]
    }
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    return bound, {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
# Page

```{code-cell} ipython3
def glue(name, text):
    pass

x = 2
glue("x", str(x))
print("printed")
```

```{code-cell} ipython3
glue("y", "3")
```

```{code-cell} ipython3
:tags: [hide-input]
glue("z", "4")
```

```{code-cell} ipython3
:tags: [hide-input]
y = x + 1
glue("z", "4")
```

```{code-cell} ipython3
glue("w", print("told"))
```

```{code-cell} ipython3
import ast
import math
import random
import re
import sys
```

```{code-cell} ipython3
import ast
import math
import random
import re
import sys
x = 1
```

The end.
"""


def test_the_page_shows_the_rest_coloured_and_runs_the_whole(tmp_path):
    write(tmp_path / "book", {"a.md": PAGE})
    settings = {"nb_execution_mode": "force", "nb_execution_raise_on_error": True}
    assert build(tmp_path, "myst_nb", "quiet_code", **settings) == []
    text = BeautifulSoup(page(tmp_path, "a"), "html.parser")
    cells = text.select("div.cell")
    shown = [[code.get_text().strip() for code in cell.select("pre")] for cell in cells]
    first = 'def glue(name, text):\n    pass\n\nx = 2\nprint("printed")'
    imports = "\n".join(f"import {name}" for name in ("ast", "math", "random", "re", "sys"))
    others = [[imports], [f"{imports}\nx = 1"]]
    assert shown == [[first, "printed"], ["y = x + 1"], ["told"], *others]
    assert cells[0].select(".highlight .k")  # the keyword def
    # What it prints stays, and so does the fold of what is left of a folded cell.
    assert [len(cell.select("details")) for cell in cells] == [0, 1, 0, 1, 0]
    assert cells[3].select_one("summary").get_text().split() == ["Imports", "Imports"]
    assert not cells[2].select(".cell_input")
