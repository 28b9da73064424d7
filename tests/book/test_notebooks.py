"""A chapter's download is a notebook that plain Jupyter shows readably and runs alone."""

import re
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

nbformat = pytest.importorskip("nbformat", reason="the book's tools are not installed")
pytest.importorskip("jupytext", reason="the book's tools are not installed")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import notebooks  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402

SITE = "https://example.org/book/"
CHAPTER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---
# One idea

:::{admonition} This chapter
:class: tip
**Shows** a sum, used [elsewhere](other.md). **Runs in** {run-time}`-`
:::

{.doors}
- One door

(a-target)=
````{prf:theorem} Small
:label: thm-small

It is {glue:text}`ratio`, see {prf:ref}`thm-other` and {eq}`eq-one`,
{py:func}`~randomfeatures.limits.any_coefficients.width_bound`, {cite:t}`someone2000`.

- one

$$
x = 1
$$ (eq-one)

```{math}
:label: eq-two
y = 2 .
```

{source}`new` {no-function}`a step`
````

````{prf:proof}
:class: dropdown

*Idea.* Look at $x$ twice.

By {prf:ref}`an earlier one <lem-small>`.

```{code-block} python
:caption: kept as it is
```
````

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-one
    caption: A picture of {prf:ref}`thm-other`.
---
from randomfeatures.chapters.plotting import glue
from randomfeatures.limits.any_coefficients import width_bound

assert width_bound(20) > 1
print("ran")
glue("bound", f"{width_bound(20):.2f}")
```

```{code-cell} ipython3
glue("ratio", "0.12")
```

```{exercise}
:label: ex-a
Show it.
```

```{solution} ex-a
:class: dropdown
Done.
```
"""


class FakePage:
    title, url = "One idea", SITE + "limits/one.html"

    def number(self, name, target):
        return {
            "thm-small": "Theorem 1",
            "thm-other": "Theorem 2",
            "eq-one": "1.1",
            "eq-two": "1.2",
            "ex-a": "Exercise 1",
            "fig-one": "Fig. 1",
        }.get(target, f"[{target}]")

    def link(self, name, target):
        return f"{SITE}limits/one.html#{target}"

    def glued(self, name):
        return "0.12"

    def run_time(self):
        return "4 s"

    def reading(self, name, target):
        return f"{name} of {target}"


@pytest.fixture(scope="module")
def download():
    return notebooks.notebook(CHAPTER, FakePage(), SITE, "randomfeatures-0.1.0-py3-none-any.whl")


def text(book) -> str:
    return "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


def test_a_list_of_what_to_read_is_a_list():
    lines = ":within: 60\nlimits/one#idea (statements): Say it.\nlimits/two:\n"
    page = f"```{{reading}}\n{lines}```\nTake {{minutes}}`ex-a`."
    assert notebooks.markdown(page, FakePage()).splitlines() == [
        "- section of limits/one#idea, statements only. Say it.",
        "- section of limits/two, minutes of limits/two.",
        "Take minutes of ex-a.",
    ]


def test_it_is_a_valid_notebook_and_always_the_same(download):
    nbformat.validate(download)
    again = notebooks.notebook(CHAPTER, FakePage(), SITE, "randomfeatures-0.1.0-py3-none-any.whl")
    assert nbformat.writes(again) == nbformat.writes(download)


def test_the_first_cells_lead_back_and_install(download):
    assert f"[One idea]({SITE}limits/one.html)" in download.cells[0].source
    assert (
        download.cells[1].source
        == f"%pip install --quiet {SITE}_static/randomfeatures-0.1.0-py3-none-any.whl matplotlib"
    )
    assert notebooks.install("import torch", SITE, "w.whl").endswith("w.whl matplotlib torch")
    assert notebooks.install("from sklearn.datasets import load_digits", SITE, "w.whl").endswith(
        "w.whl matplotlib scikit-learn"
    )


def test_without_a_site_the_first_cell_says_how_to_install():
    cell = notebooks.notebook(CHAPTER, FakePage(), "", "").cells[1].source
    assert cell.startswith("#") and "pip install ." in cell and "matplotlib" in cell


def test_without_a_site_it_installs_from_the_repository():
    repository = "https://github.com/owner/book"
    cell = notebooks.notebook(CHAPTER, FakePage(), "", "", repository).cells[1].source
    assert cell == f"%pip install --quiet git+{repository} matplotlib"


def test_the_macros_are_defined_for_jupyter(download):
    for name in notebooks.MACROS:
        assert rf"\def{name}" in download.cells[0].source
    assert r"\def\norm#1{\lVert #1\rVert}" in download.cells[0].source
    assert r"\def\inner#1#2{" in download.cells[0].source


def test_no_myst_is_left(download):
    shown = text(download)
    assert "**Theorem 1 (Small).**" in shown
    assert "**This chapter.**" in shown and "**Runs in** 4 s" in shown
    assert f"[elsewhere]({SITE}limits/one.html#other)" in shown
    assert re.search(r"\*\*Proof\.\*\*\n+\*Idea\.\* Look at \$x\$ twice\.\n\nBy", shown)
    assert "**Exercise 1.**" in shown and "**Solution of Exercise 1.**" in shown
    page = f"{SITE}limits/one.html"
    assert f"It is 0.12, see [Theorem 2]({page}#thm-other) and [(1.1)]({page}#eq-one)" in shown
    assert f"By [an earlier one]({SITE}limits/one.html#lem-small)." in shown
    assert (
        "`limits.any_coefficients.width_bound`" in shown
        and "*new* *(no function: a step)*" in shown
    )
    assert "\\tag{1.1}\n$$" in shown
    assert "$$\ny = 2 .\n\\tag{1.2}\n$$" in shown
    left = re.findall(r"\{[\w:-]+\}`|^:\w+:|^\(\S+\)=|^:::|^\{\.\w+\}", shown, flags=re.M)
    assert left == [":caption:"]  # of the block that is shown as it is


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```{list-table}\n* - a\n```", "One idea: no translation of '```{list-table}'"),
        ("Press {kbd}`Ctrl-C`.", "One idea: no translation of the role kbd"),
    ],
)
def test_a_kind_that_it_does_not_know_stops_it(text, words):
    with pytest.raises(ExtensionError, match=re.escape(words)):
        notebooks.markdown(text, FakePage())


def test_a_caption_stands_under_its_figure(download):
    place = next(index for index, cell in enumerate(download.cells) if "print(" in cell.source)
    assert (
        download.cells[place + 1].source
        == f"**Fig. 1.** A picture of [Theorem 2]({SITE}limits/one.html#thm-other)."
    )
    assert "mystnb" not in nbformat.writes(download)


def test_the_code_is_that_of_the_page(download):
    """What keeps numbers for the prose is away, since the prose has them; so it runs with less."""
    code = [cell.source for cell in download.cells if cell.cell_type == "code"]
    start = "from randomfeatures.limits.any_coefficients import width_bound\n\nassert"
    assert len(code) == 2 and code[1].startswith(start) and code[1].endswith('print("ran")')


def test_a_box_left_closed_would_be_seen():
    """The wrong twin of the conversion: without it, Jupyter shows a theorem as a block of code."""
    prose = CHAPTER.split("```{code-cell}")[0]
    assert re.findall(r"^`{3,}\{prf:\w+\}", prose, flags=re.M)
    assert not re.findall(r"^`{3,}\{prf:\w+\}", notebooks.markdown(prose, FakePage()), flags=re.M)


def test_it_runs_alone(tmp_path):
    client = pytest.importorskip("nbclient", reason="the book's tools are not installed")
    book = notebooks.notebook(CHAPTER, FakePage(), "", "")
    client.NotebookClient(
        book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    printed = [
        output.get("text", "")
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert printed == ["ran\n"]


def test_the_wheel_holds_the_package(tmp_path):
    name = notebooks.build_wheel(tmp_path)
    assert re.fullmatch(r"randomfeatures-[\d.]+-py3-none-any\.whl", name)
    files = ZipFile(tmp_path / name).namelist()
    package = ROOT / "src" / "randomfeatures"
    for file in [*package.glob("*.py"), *package.glob("data/*.json")]:
        assert f"randomfeatures/{file.relative_to(package)}" in files
    assert not (ROOT / "build").exists()  # the source tree stays as it was
