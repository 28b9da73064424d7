"""The exercises in plain Markdown, which the problem sets of a course are made of."""

import importlib
import json

import pytest

pytest.importorskip("jupytext", reason="the book's tools are not installed")
from small_book import build, write

problem_texts = importlib.import_module("problem_texts")

CHAPTER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---
# One

```{code-cell} ipython3
from randomfeatures.chapters.plotting import glue
glue("kept", 1)
```

````{exercise} Sums of $x^2$
:label: ex-one
:kind: compute
:minutes: 15

Compute it, see {ref}`ex-two`.

```{math}
y = 2
```
````

```{hint} ex-one
Begin.
```

```{hint} ex-one
Go on.
```

```{check} ex-one
The **fraction**.
```

```{solution} ex-one
:class: dropdown

It is this.
```

```{code-cell} ipython3
glue("kept", 2)
print(1)
```

```{exercise}
:label: ex-two
:chapter: a

Prove it.
```

```{solution} ex-two
Done.
```

Text between.

```{code-cell} ipython3
print(2)
```
"""


class Page:
    title, url = "One", ""

    def number(self, name, target):
        return {"ex-one": "Exercise 1.1", "ex-two": "Exercise 1.2"}[target]

    def link(self, name, target):
        return ""


def test_an_exercise_is_taken_apart():
    one, two = problem_texts.exercises_of(CHAPTER, Page())
    assert one == {
        "label": "ex-one",
        "number": "Exercise 1.1",
        "title": "Sums of $x^2$",
        "belongs": "",
        "kind": "compute",
        "minutes": 15,
        "statement": "Compute it, see Exercise 1.2.\n\n$$\ny = 2\n$$",
        "hints": ["Begin.", "Go on."],
        "check": "The **fraction**.",
        "solution": [{"text": "It is this."}, {"code": "print(1)", "cell": 1}],
    }
    assert (two["kind"], two["minutes"], two["hints"], two["check"]) == ("", 0, [], "")


def test_code_that_text_leads_to_is_no_part_of_a_solution():
    _, two = problem_texts.exercises_of(CHAPTER, Page())
    assert two["solution"] == [{"text": "Done."}]


def test_the_build_writes_them_beside_the_site_and_not_into_it(tmp_path):
    pages = {"book/a.md": "# A\n", "book/b.md": CHAPTER.replace("{code-cell} ipython3", "")}
    write(tmp_path, pages)
    extensions = ("sphinx_exercise", "exercises", "build_math", "claims", "problem_texts")
    build(tmp_path, *extensions)
    whole = json.loads((tmp_path / "exercises.json").read_text(encoding="utf-8"))
    assert [text["label"] for text in whole["exercises"]] == ["ex-one", "ex-two"]
    first = whole["exercises"][0]
    assert (first["page"], first["chapter"], first["number"]) == ("b", "2. One", "Exercise 2.1")
    other = whole["exercises"][1]
    assert (other["page"], other["belongs"], other["chapter"]) == ("b", "a", "1. A")
    assert r"\def\E" in whole["macros"]
    assert not list((tmp_path / "html").rglob("exercises.json"))
