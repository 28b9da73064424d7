"""What is folded on a page, and what stays visible: the idea of a proof.

In a small book, and how it looks in a browser with and without scripts.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")
import test_run_cells
from bs4 import BeautifulSoup
from small_book import build, page, write
from test_browser import GOOD, browser, serve

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workshop"))
import notebooks  # noqa: E402
import paper  # noqa: E402

__all__ = ["browser"]  # a fixture

PROOFS = r"""# Page

```{prf:theorem}
:label: thm-a
It holds.
```

```{prf:proof}
:class: dropdown

*Idea.* Add the waves, and look at $x^2$ in a *mean*, as {prf:ref}`thm-b`.

The sum is small.
```

```{prf:theorem}
:label: thm-b
It holds again.
```

```{prf:proof}
:class: dropdown

*Ideally*, all is said. *Idea.* No.

Then it is clear.
```

```{prf:proof}
*Idea.* An open one.

It goes on.
```

```{prf:proof}
:class: dropdown

*Idea.* All that is said.
```
"""


@pytest.fixture(scope="module")
def proofs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proofs")
    write(folder / "book", {"a.md": PROOFS})
    static = [str(ROOT / "book" / "_static")]
    settings = {"html_math_renderer": "katex", "html_static_path": static}
    assert build(folder, "build_math", "folds", "search_text", **settings) == []
    return folder


def boxes(folder: Path) -> list[BeautifulSoup]:
    text = BeautifulSoup(page(folder, "a"), "html.parser")
    for formula in text.select("[data-text]"):
        formula.replace_with(formula["data-text"])
    return text.select(".proof-box")


def words(box: BeautifulSoup) -> str:
    return re.sub(r"\s+", " ", box.get_text().replace("\u2060", "")).strip()


def test_the_idea_of_a_folded_proof_is_its_title_and_not_repeated(proofs):
    first = boxes(proofs)[0]
    idea = "Proof. Idea. Add the waves, and look at x² in a mean, as Theorem 1.2."
    assert first["id"] == "proof-thm-a" and "open" not in first.attrs
    assert words(first.summary) == idea
    assert words(first) == f"{idea} The sum is small."
    assert first.summary.strong.get_text() == "Proof."
    assert first.summary.em.get_text() == "Idea."
    assert not first.summary.find("a")  # a link in a button would be a button in a button


def test_only_a_paragraph_that_says_so_is_an_idea(proofs):
    _, second, third, fourth = boxes(proofs)
    assert words(second.summary) == "Proof" and second["id"] == "proof-thm-b"
    assert words(second) == "Proof Ideally, all is said. Idea. No. Then it is clear."
    assert third.name == "div" and words(third) == "Proof. Idea. An open one. It goes on."
    # Nothing would be left to fold.
    assert words(fourth.summary) == "Proof" and words(fourth) == "Proof Idea. All that is said."


def test_the_search_finds_an_idea(proofs):
    assert '"wave"' in (proofs / "html" / "searchindex.js").read_text(encoding="utf-8")


def test_on_paper_an_idea_begins_the_proof(proofs):
    (proofs / "main.html").write_text(
        f'<div role="main">{boxes(proofs)[0]}</div>', encoding="utf-8"
    )
    read = paper.read(proofs, "main")
    paper.for_paper(read)
    assert [element.name for element in read.text.div.find_all(recursive=False)] == ["p", "p"]
    assert words(read.text).endswith("Theorem 1.2. The sum is small.")


SOLUTIONS = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
# Page

```{code-cell} ipython3
x = 1
```

```{exercise}
:label: ex-one
Add one.
```

```{solution} ex-one
:class: dropdown
It is two.
```

```{code-cell} ipython3
print(x + 1)
```

```{code-cell} ipython3
:tags: [hide-input]
print("two again")
```

```{exercise}
:label: ex-two
Add two.
```

```{solution} ex-two
Not folded.
```

```{code-cell} ipython3
x + 2
```

```{exercise}
:label: ex-three
Say it.
```

```{solution} ex-three
:class: dropdown
Said.
```

That was all.

```{code-cell} ipython3
x = 5
```
"""


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    pytest.importorskip("myst_nb", reason="the book's tools are not installed")
    folder = tmp_path_factory.mktemp("solved")
    write(folder / "book", {"a.md": SOLUTIONS})
    extensions = ("myst_nb", "sphinx_exercise", "notebooks", "run_cells", "folds")
    settings = {
        "nb_execution_mode": "force",
        "run_cells_base": "https://example.org/pyodide/",  # has the buttons without the files
    }
    assert build(folder, *extensions, **settings) == []
    return BeautifulSoup(page(folder, "a"), "html.parser")


def test_the_cells_after_a_folded_solution_are_folded_with_it(solved):
    first, third = solved.select("details.solution")
    assert [fold["id"] for fold in (first, third)] == ["solution-ex-one", "solution-ex-three"]
    # With their outputs and buttons, in the order of the page, and none twice.
    inside = [code.get_text().strip() for code in first.select("pre")]
    assert inside == ["print(x + 1)", "2", 'print("two again")', "two again"]
    bars = [bar["data-cell"] for bar in solved.select(".run-bar")]
    assert [bar["data-cell"] for bar in first.select(".run-bar")] == ["2", "3"]
    assert bars == ["1", "2", "3", "4", "5"]
    assert [child.name for child in first.find_all(recursive=False)] == [
        "summary",
        "section",
        "div",
        "div",
    ]


def test_other_cells_are_not_folded(solved):
    outside = [
        code for code in solved.select(".cell_input pre") if not code.find_parent(class_="fold")
    ]
    assert [code.get_text().strip() for code in outside] == ["x = 1", "x + 2", "x = 5"]
    assert not solved.select("details.solution")[1].select(".cell")


def test_cells_of_a_folded_solution_run(browser, tmp_path):
    """They are above the others too, and one that fails is not left in a closed fold."""
    if not (test_run_cells.PYODIDE / "pyodide.asm.wasm").is_file():
        pytest.skip("Python for the page is missing: run `make pyodide` first")
    later = "```{code-cell} ipython3\nprint(y + 5)\n```\n"
    text = SOLUTIONS.replace("print(x + 1)", "y = x + 1\nprint('y is', y)") + "\n" + later
    write(tmp_path / "book", {"a.md": text})
    extensions = ("myst_nb", "sphinx_exercise", "notebooks", "run_cells", "folds")
    settings = {"nb_execution_mode": "off", "suppress_warnings": ["myst-nb.lexer"]}
    settings["run_cells_files"] = str(test_run_cells.PYODIDE)
    assert build(tmp_path, *extensions, **settings) == []
    server = serve(tmp_path / "html")
    reader = test_run_cells.Reader(browser, f"http://127.0.0.1:{server.server_port}/a.html")
    assert reader.run(6, ".run-above").strip() == "7"
    fold = reader.page.locator("#solution-ex-one")
    assert not fold.evaluate("fold => fold.open")
    fold.locator("> summary").click()
    assert reader.output(2).strip() == "y is 2"
    reader.cell(2).locator("pre").first.evaluate("code => (code.textContent = 'nothing')")
    fold.locator("> summary").click()
    reader.cell(1).locator(".run-go").click()  # what is below has not run as it stands now
    reader.said(1)
    reader.press(6, ".run-above")
    reader.page.wait_for_function("document.querySelector('#solution-ex-one').open")
    assert "NameError" in reader.output(2)
    server.shutdown()
    server.server_close()


def test_on_paper_a_solution_takes_its_code_along(solved):
    read = paper.Page("a", "", solved.select_one("[role=main]"), [])
    paper.for_paper(read)
    section = read.text.select_one("#all-solutions")
    assert "print(x + 1)" in section.get_text() and "x + 2" not in section.get_text()


def test_nothing_in_a_chapter_is_between_a_solution_and_what_comes_next():
    """So that no cell with the code of a solution stands outside of it, behind a paragraph."""
    after = re.compile(
        r"^(?P<fence>`{3,}|:{3,})\{solution\}(?:(?!\n(?P=fence)\n).)*\n(?P=fence)\n+"
        r"(?:```\{code-cell\}(?:(?!\n```\n).)*\n```\n+)*(?P<next>[^\n]*)",
        flags=re.M | re.S,
    )
    found = [
        (path.name, match["next"])
        for path in (ROOT / "book").rglob("*.md")
        for match in after.finditer(path.read_text(encoding="utf-8"))
    ]
    assert len(found) > 100
    following = r"$|#|(`{3,}|:{3,})\{(exercise|solution)\}"
    assert [(name, line) for name, line in found if not re.match(following, line)] == []
    planted = "```{solution} a\nIt is.\n```\n\n```{code-cell}\nx\n```\n\nBut so.\n"
    assert after.search(planted)["next"] == "But so."


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def shown(browser, proofs, request):
    """The article of the small book, in the look of the book."""
    article = re.search(
        r'<div class="body" role="main">.*?\n\s*<div class="clearer"', page(proofs, "a"), flags=re.S
    )[0]
    head = '<link rel="stylesheet" href="_static/book.css">'
    text = GOOD.format(f'{head}<article role="main">{article}')
    (proofs / "html" / "shown.html").write_text(text, encoding="utf-8")
    context = browser.new_context(java_script_enabled=request.param)
    here = context.new_page()
    here.set_viewport_size({"width": 390, "height": 800})
    here.goto((proofs / "html" / "shown.html").as_uri())
    yield here
    context.close()


def test_the_idea_is_visible_before_and_after_a_click(shown):
    fold, idea = shown.locator("#proof-thm-a"), shown.locator(".fold-idea")
    rest = fold.locator("p", has_text="The sum is small")
    assert idea.is_visible() and not rest.is_visible()
    fold.locator("> summary").click()
    assert idea.is_visible() and rest.is_visible()
    fold.locator("summary").press("Enter")
    assert idea.is_visible() and not rest.is_visible()
    # Bold is the word, and not the sentence; the sentence has the whole line.
    weights = [
        shown.locator(f"#proof-thm-a summary {part}").evaluate(
            "e => getComputedStyle(e).fontWeight"
        )
        for part in ("> strong", "> .fold-idea")
    ]
    assert weights == ["600", "400"]
    line, title = (part.bounding_box()["width"] for part in (idea, fold.locator("summary")))
    assert line > 0.85 * title


LONG = 1500  # characters of source: about a screen


def complaint(proof: str) -> str:
    """What a proof, the inside of its directive, lacks if it is long."""
    options, lines = notebooks.options_of(proof.split("\n"))
    text = "\n".join(lines).strip()
    idea = text.split("\n\n")[0]
    if len(text) <= LONG and "class" not in options:
        return ""
    if "dropdown" not in options.get("class", ""):
        return "is long and not folded"
    if not idea.startswith("*Idea.* ") or idea == text:
        return "does not begin with its idea"
    if len(idea) > 250 or re.search(r"\{[\w:]+\}`|\]\(", idea):
        return "has an idea of several sentences, or one with a reference"
    return ""


def proofs_of(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the inside of each proof of a page."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if (match := notebooks.FENCE.match(line)) and match["name"] == "prf:proof":
            end = notebooks.end_of_fence(lines, number, match["mark"])
            yield number + 1, "\n".join(lines[number + 1 : end])


def test_every_long_proof_is_folded_under_its_idea():
    book = ROOT / "book"
    found = [
        (f"{path.relative_to(book).as_posix()}:{line}", complaint(text))
        for path in sorted(book.rglob("*.md"))
        for line, text in proofs_of(path)
    ]
    assert len(found) > 100
    assert [f"{place}: the proof {words}" for place, words in found if words] == []


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        ("x" * 1501, "not folded"),
        ("*Idea.* Short.\n\n" + "x" * 1490, "not folded"),
        (":class: dropdown\n\n" + "x" * 1501, "idea"),
        (":class: dropdown\n\n*Idea.* " + "x" * 1501, "idea"),
        (":class: dropdown\n\n*Idea.* Short. On it goes.", "idea"),
        (":class: dropdown\n\n*Idea.* By {prf:ref}`thm-a`.\n\nx", "reference"),
        (":class: dropdown\n\n*Idea.* As [there](x.md).\n\nx", "reference"),
        (f":class: dropdown\n\n*Idea.* {'x' * 250}\n\nx", "several"),
        (":class: dropdown\n\n*Idea.* Short.\n\n" + "x" * 9999, None),
        ("x" * 1500, None),
    ],
)
def test_a_planted_long_proof_is_found(proof, words):
    assert words in complaint(proof) if words else complaint(proof) == ""
