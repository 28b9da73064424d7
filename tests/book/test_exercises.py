"""Exercises: head, hints, check and index, in a book of two pages; and their notebook."""

import json
import re
from html import unescape

import pytest
from small_book import build, page, text_of, write

pytest.importorskip("sphinx_exercise", reason="the book's tools are not installed")

ONE = """# One

````{exercise} Sums of $x^2$
:label: ex-parseval
:kind: compute
:minutes: 15

Compute it.
````

```{hint} ex-parseval
Begin with $x$.
```

```{hint} ex-parseval
Then use {ref}`ex-plain`.
```

```{check} ex-parseval
The **fraction**.
```

```{solution} ex-parseval
:class: dropdown

It is this.
```

```{exercise}
:label: ex-plain

Prove it.
```

```{hint} ex-plain
Only one.
```

```{solution} ex-plain
:class: dropdown
Done.
```
"""
INDEX = "# All exercises\n\n```{exercise-index}\n```\n"
EXTENSIONS = ("sphinx_exercise", "exercises", "folds")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "book", {"all.md": INDEX, "one.md": ONE})
    return tmp_path


def test_head_hints_and_check(folder):
    assert build(folder, *EXTENSIONS) == []
    html = page(folder, "one")
    first, second, *_ = re.findall(r'admonition-title">(.*?)</p>', html, re.S)
    assert re.fullmatch(r" ?Exercise 2.1 +\(Sums of .* compute · 15 min ", text_of(first))
    assert text_of(second).strip() == "Exercise 2.2"
    assert 'href="all.html#row-ex-parseval"' in html
    titles = [text_of(s).strip() for s in re.findall(r"<summary.*?</summary>", html, re.S)]
    assert titles[:2] == ["Hint 1", "Hint 2"]
    assert titles[2].startswith("Solution to Exercise") and "min" not in titles[2]
    assert titles[3] == "Hint"
    assert html.count("<details") == 5
    said = text_of(html)
    assert "Check your answer. The fraction ." in said
    assert "Asked: a number, to 6 significant digits." in said
    code = 'from randomfeatures import exercises\n\nexercises.check("ex-parseval", ...)'
    assert code in unescape(re.sub("<[^>]*>", "", html))
    assert html.index("Begin with") < html.index("Check your answer") < html.index("It is this")


def test_the_index_lists_every_exercise_and_links_to_it(folder):
    build(folder, *EXTENSIONS)
    html = page(folder, "all")
    rows = [
        [text_of(cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)]
        for row in re.findall(r"<tr.*?</tr>", html, re.S)
    ]
    assert rows[0] == ["Exercise", "Kind", "Minutes", "Hints", "Code", "Check"]
    assert rows[1][0].startswith("Exercise 2.1 Sums of")
    assert rows[1][1:] == ["compute", "15", "2", "–", "yes"]
    assert rows[2] == ["Exercise 2.2", "–", "–", "1", "–", "–"]
    assert 'id="row-ex-parseval"' in html and 'href="one.html#ex-parseval"' in html
    assert "2 exercises on 1 page, each with its solution (by kind: compute 1)" in text_of(html)


def test_a_change_of_a_page_is_seen_in_the_index(folder):
    build(folder, *EXTENSIONS)
    write(folder / "book", {"one.md": ONE.replace(":minutes: 15", ":minutes: 25")})
    build(folder, *EXTENSIONS)
    assert ">25<" in page(folder, "all")


PROBLEMS = """# Problems

```{exercise} Of one
:label: ex-far
:kind: prove
:minutes: 5
:chapter: one

Do it.
```

```{exercise} Of no chapter
:label: ex-own

Do it.
```
"""


def test_an_exercise_elsewhere_is_listed_with_its_chapter_and_linked_from_it(folder):
    chapter = ONE.replace("# One", "# One\n\n## Exercises") + "\n## Later\n\nNo exercise.\n"
    write(folder / "book", {"one.md": chapter, "problems.md": PROBLEMS})
    assert build(folder, *EXTENSIONS) == []
    listed = [
        text_of(row) for row in re.findall(r'<tr[^>]*id="row.*?</tr>', page(folder, "all"), re.S)
    ]
    assert [re.search("Sums|Of one|Of no|2.2", row)[0] for row in listed] == [
        "Sums",
        "2.2",
        "Of one",
        "Of no",
    ]
    assert "(in Problems )" in listed[2] and "(in" not in listed[3]
    html = page(folder, "one")
    more = re.search(r'<p class="more-exercises">(.*?)</p>', html, re.S)
    assert text_of(more[1]).strip() == "More: Of one (prove, 5 min)."
    assert 'href="problems.html#ex-far"' in more[1]
    assert html.index("Only one") < more.start() < html.index("No exercise")
    assert "More:" not in page(folder, "problems")


def test_a_chapter_is_written_again_when_what_it_links_to_changes(folder):
    for kind, said in (("prove", "(prove"), ("open", "(open")):
        write(folder / "book", {"problems.md": PROBLEMS.replace("prove", kind)})
        build(folder, *EXTENSIONS)
        assert said in page(folder, "one")
    write(folder / "book", {"problems.md": PROBLEMS.replace(":chapter: one\n", "")})
    build(folder, *EXTENSIONS)
    assert "More:" not in page(folder, "one")


def test_an_unknown_chapter_is_said_with_its_line(folder):
    write(folder / "book", {"problems.md": PROBLEMS.replace("chapter: one", "chapter: lost")})
    said = build(folder, *EXTENSIONS)
    assert len(said) == 1
    assert re.match(r"problems.md:3: .*ex-far: no page is called lost", said[0])
    write(folder / "book", {"problems.md": PROBLEMS})
    assert build(folder, *EXTENSIONS) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (":kind: compute", ":kind: guess", "ex-parseval|kind"),
        (":minutes: 15", ":minutes: soon", "minutes"),
        ("{hint} ex-plain", "{hint} ex-nowhere", "no exercise of this page is called ex-nowhere"),
        ("{check} ex-parseval", "{check} ex-plain", "no answer to ex-plain"),
        ("{hint} ex-plain", "{hint} ex-parseval", "between ex-parseval and its solution"),
    ],
)
def test_what_stands_wrong_is_said(folder, old, new, said):
    write(folder / "book", {"one.md": ONE.replace(old, new)})
    assert any(re.search(said, line) for line in build(folder, *EXTENSIONS))


def test_code_in_a_solution_is_counted_and_a_check_is_not(tmp_path):
    pytest.importorskip("myst_nb")
    head = "---\njupytext:\n  text_representation: {extension: .md, format_name: myst}\n"
    head += "kernelspec: {name: python3, display_name: Python 3}\n---\n"
    cell = "\n```{code-cell} ipython3\nprint(1)\n```\n"
    text = head + ONE.replace("It is this.\n```\n", "It is this.\n```\n" + cell)
    write(tmp_path / "book", {"all.md": INDEX, "one.md": text})
    build(tmp_path, "myst_nb", *EXTENSIONS, nb_execution_mode="off")
    html = page(tmp_path, "all")
    row = re.search(r'id="row-ex-parseval".*?</tr>', html, re.S)[0]
    assert text_of(row).split()[-2:] == ["yes", "yes"]
    row = re.search(r'id="row-ex-plain".*?</tr>', html, re.S)[0]
    assert text_of(row).split()[-2:] == ["–", "–"]


def test_the_notebook_has_the_check_as_a_cell_and_the_hints_folded():
    notebooks = pytest.importorskip("notebooks")

    class Page:
        title, url = "One", ""

        def number(self, name, target):
            return f"[{target}]"

        def link(self, name, target):
            return ""

    head = "---\njupytext:\n  text_representation: {extension: .md, format_name: myst}\n"
    head += "kernelspec: {name: python3, display_name: Python 3}\n---\n"
    source = head + ONE.replace(":minutes: 15", ":minutes: 15\n:chapter: limits/scaling")
    made = notebooks.notebook(source, Page(), "", "")
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    line = 'exercises.check("ex-parseval", ...)'
    assert [source for source in code if line in source] == [
        f"from randomfeatures import exercises\n\n{line}"
    ]
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    assert text.count("<details><summary>Hint</summary>") == 3
    assert "**[ex-parseval] (Sums of $x^2$) · compute · 15 min.**" in text
    assert "{hint}" not in json.dumps(made) and "{check}" not in json.dumps(made)
    assert not re.search(":kind:|:minutes:|:chapter:", text)
    scope = {}
    exec(code[-1].rpartition("\n")[0], scope)
    assert "No answer yet" in repr(eval(line, scope))
