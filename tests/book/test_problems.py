"""Each chapter of the parts listed has six exercises or more, with those on pages of problems.

What stands on a page of problems belongs to a chapter, and half of it or more has code.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
LEAST = 6

# A part: its chapters, each with the pages that are read as one.
PARTS = {
    "power": [
        "random-features",
        "training-both-layers",
        "sampling",
        "polynomials",
        "polynomials-bias",
        "kernels",
        "tangent-kernel",
    ],
    "limits": [
        "triangle-wave",
        "concentration concentration-spectrum concentration-two-waves",
        "anti-concentration",
        "scaling",
        "bounded-coefficients",
        "every-direction real-features",
        "any-coefficients",
        "how-many-features",
    ],
    "sharp": [
        "spectrum spectrum-with-bias",
        "optimum almost-every-direction",
        "threshold",
        "population-error population-error-biases population-error-small",
        "sandwich",
        "every-bound",
    ],
    "beyond": [
        "one-neuron one-neuron-samples one-neuron-separation",
        "lazy-training lazy-training-limits lazy-training-mixture lazy-training-descent",
        "landscape",
        "amplification amplification-first-step amplification-training amplification-end-to-end"
        " amplification-figures",
        "prior-kernel prior-kernel-networks prior-kernel-readouts",
    ],
}
# The parts of whose exercises half or more have code.
CODED = ["power", "limits", "sharp", "beyond"]
EXERCISE = re.compile(r"^(`{3,})\{exercise\}.*\n((?::[\w-]+:.*\n)+)", flags=re.M)
SOLUTION = re.compile(
    r"^(?P<mark>`{3,})\{solution\} (?P<label>\S+)\n(?P<text>.*?)^(?P=mark)\n(?P<after>.*?)"
    r"(?=^`{3,}\{(?:exercise|solution)\}|^#|\Z)",
    flags=re.M | re.S,
)


def pages(part: str) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in (BOOK / part).glob("*.md")}


def exercises(text: str) -> list[dict[str, str]]:
    """The options of each exercise of a page.

    >>> exercises("```{exercise} One\\n:label: ex-one\\n:chapter: a/b\\n\\nDo it.\\n```\\n")
    [{'label': 'ex-one', 'chapter': 'a/b'}]
    """
    return [dict(re.findall(r":([\w-]+): *(.*)", match[2])) for match in EXERCISE.finditer(text)]


def with_code(text: str) -> set[str]:
    """The exercises of a page with a cell after their solution or in it."""
    found = SOLUTION.finditer(text)
    return {m["label"] for m in found if "{code-cell}" in m["text"] + m["after"]}


def counts(part: str, sources: dict[str, str]) -> Counter[str]:
    """How many exercises belong to each page of the part."""
    found: Counter[str] = Counter()
    for name, text in sources.items():
        for options in exercises(text):
            found[options.get("chapter", f"{part}/{name}").strip()] += 1
    return found


def too_few(part: str, chapters: list[str], sources: dict[str, str]) -> dict[str, int]:
    count = counts(part, sources)
    totals = {chapter: sum(count[f"{part}/{n}"] for n in chapter.split()) for chapter in chapters}
    return {chapter: total for chapter, total in totals.items() if total < LEAST}


def of_problems(sources: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in sources.items() if name.startswith("problems")}


@pytest.mark.parametrize("part", PARTS)
def test_each_chapter_has_its_exercises(part):
    assert too_few(part, PARTS[part], pages(part)) == {}


@pytest.mark.parametrize("part", PARTS)
def test_every_page_of_the_part_is_counted(part):
    sources = pages(part)
    listed = sorted(name for chapter in PARTS[part] for name in chapter.split())
    assert listed == sorted(set(sources) - set(of_problems(sources)))


@pytest.mark.parametrize("part", PARTS)
def test_a_problem_belongs_to_a_chapter_and_half_of_them_have_code(part):
    total, coded = 0, 0
    for name, text in of_problems(pages(part)).items():
        found = exercises(text)
        assert all("chapter" in options for options in found), name
        assert all({"label", "kind", "minutes"} <= set(options) for options in found), name
        total, coded = total + len(found), coded + len(with_code(text))
    assert total > 0 and 2 * coded >= total


@pytest.mark.parametrize("part", CODED)
def test_half_of_a_part_has_code(part):
    sources = pages(part).values()
    coded = sum(len(with_code(text)) for text in sources)
    assert 2 * coded >= sum(len(exercises(text)) for text in sources)


def test_a_chapter_with_too_few_and_a_solution_without_code_are_seen():
    one = "```{{exercise}} One\n:label: ex-{}\n{}\nDo it.\n```\n\n"
    sources = {"a": "".join(one.format(i, "") for i in range(3))}
    sources["problems"] = "".join(one.format(i, ":chapter: p/b\n") for i in range(6))
    assert too_few("p", ["a", "b"], sources) == {"a": 3}
    sources["problems"] += 3 * one.format(9, ":chapter: p/a\n")
    assert too_few("p", ["a", "b"], sources) == {}
    solved = "```{{solution}} ex-{}\n:class: dropdown\nSo.\n```\n\n"
    cell = "Look:\n\n```{code-cell} ipython3\n1 + 1\n```\n"
    assert with_code(solved.format(1) + cell + "\n## Next\n" + solved.format(2)) == {"ex-1"}
    assert with_code(solved.format(1) + "\n## Next\n" + cell) == set()
