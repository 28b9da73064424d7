"""Four exercises as the build of the book leaves them, and sets of them; no book is needed.

The labels are those of exercises with a check, the texts are not theirs.
"""

from course.problems import ProblemSet, problem_set

WORDS = "which nobody but the lecturer may read before the others have handed in"


def text(label: str, kind: str, minutes: int, check: str, **more: object) -> dict:
    return {
        "page": "power/one",
        "belongs": "power/one",
        "chapter": "1. One",
        "url": "",
        "label": label,
        "number": "Exercise 1.1",
        "title": f"About {label}",
        "kind": kind,
        "minutes": minutes,
        "statement": f"The statement of {label}.",
        "hints": [f"A first hint to {label}.", f"A second hint to {label}."],
        "check": check,
        "solution": [
            {"text": f"A solution of {label}, {WORDS}."},
            {
                "code": f"secret_{label[3:].replace('-', '_')} = 'the line of code of a solution'",
                "cell": 0,
            },
        ],
        **more,
    }


TEXTS = {
    "ex-copies": text("ex-copies", "check", 10, "Two numbers."),
    "ex-maurey": text("ex-maurey", "prove", 15, "", hints=["Only one hint."]),
    "ex-not-invariant": text("ex-not-invariant", "explore", 40, "A function of $d$ and $r$."),
    "ex-antithetic": text("ex-antithetic", "compute", 20, "A function of $C$ and $r$."),
}
MACROS = r"\def\E{\mathbb{E}}"


def ps1() -> ProblemSet:
    return problem_set("ps1", "A first set", list(TEXTS), TEXTS)
