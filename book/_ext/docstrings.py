"""Docstrings on the package's pages.

"Book: ``label``." names what a function computes, "See: ``label``." what it is used for; both
become links to the statement, and an unknown label is a warning. |x| stays an absolute value, and
what a docstring says of its source, its error and what it raises stands in paragraphs of their own.
"""

import re

from kept import keep_by_page
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

SENTENCE = re.compile(r"\b(?P<word>Book|See):(?P<labels>(?:[^.`]|``[^`]*``)*)\.")
UNKNOWN = "which no statement of the book has as its label"
LABEL = re.compile(r"``([^`]+)``")
# What keeps its bars in reStructuredText: literals and roles, directives with what is indented
# below them, examples, tables.
KEEPS_BARS = re.compile(
    r"``.*?``|`[^`]*`"
    r"|^( *)\.\. .*\n(?:\s*\n|\1 +.*\n)*"
    r"|^ *>>>.*\n(?:.*\S.*\n)*"
    r"|^ *[+|].*[+|]$",
    re.M,
)
PART = re.compile(r"(?:^|(?<=\.) +)(Book|See|Source|Error|Errors|Raises|Shapes|Returns): +")

logger = logging.getLogger(__name__)


def book_labels(text: str) -> list[str]:
    """The labels that a text names after "Book:".

    >>> book_labels("Book: ``thm-a`` and ``lem-b``. See: ``thm-c``. Source: ``other``.")
    ['thm-a', 'lem-b']
    """
    sentences = [sentence for sentence in SENTENCE.finditer(text) if sentence["word"] == "Book"]
    return [label for sentence in sentences for label in LABEL.findall(sentence["labels"])]


def labels(text: str) -> list[str]:
    """The labels that a text names after "Book:" or "See:".

    >>> labels("Book: ``thm-a`` and ``lem-b``. See: ``thm-c``. Source: ``other``.")
    ['thm-a', 'lem-b', 'thm-c']
    """
    sentences = SENTENCE.finditer(text)
    return [label for sentence in sentences for label in LABEL.findall(sentence["labels"])]


def with_links(text: str) -> str:
    """A text in which each of its :func:`labels` is a reference to a statement or an equation.

    >>> with_links("Book: ``thm-a`` and ``eq-b``. Not ``c``.")
    'Book: :prf:ref:`thm-a` and :eq:`eq-b`. Not ``c``.'
    """
    return SENTENCE.sub(lambda sentence: LABEL.sub(reference, sentence[0]), text)


def reference(label: re.Match) -> str:
    role = "eq" if label[1].startswith("eq-") else "prf:ref"
    return f":{role}:`{label[1]}`"


def with_bars(text: str) -> str:
    r"""A text whose bars mean absolute values.

    Between bars, reStructuredText would look for the definition of a name.

    >>> with_bars("if |x| > 1, ``|y|``")
    'if \\|x\\| > 1, ``|y|``'
    """
    kept = [match.span() for match in KEEPS_BARS.finditer(text + "\n")]
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", text)]
    free = {bar for bar in bars if not any(start <= bar < end for start, end in kept)}
    return "".join(rf"\{letter}" if i in free else letter for i, letter in enumerate(text))


def in_parts(text: str) -> str:
    """A text in which the book, the source, the error and what is raised each begin a paragraph.

    >>> in_parts("Book: ``x``. Error: none.").split("\\n\\n")
    ['', '**Book:** ``x``.', '**Error:** none.']
    """
    lines = text.split("\n")
    return "\n".join(
        line if line.startswith(" ") else PART.sub(r"\n\n**\1:** ", line) for line in lines
    )


def link(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Replace each label by a reference, and keep it for the check.

    Its chapter may be read later, or changed in a later build.
    """
    text = "\n".join(lines)
    named = stored(app.env).setdefault(app.env.docname, [])
    named.extend((name, label) for label in labels(text))
    lines[:] = in_parts(with_bars(with_links(text))).split("\n")


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn, on every build, of a label that no statement or equation of the book has."""
    known = {*getattr(env, "proof_list", {}), *env.get_domain("math").equations}
    for docname, named in stored(env).items():
        for name, label in named:
            if label not in known:
                message = f"the docstring of {name} names {label}, {UNKNOWN}"
                logger.warning(message, location=docname, type="docstrings")


def stored(env: BuildEnvironment) -> dict[str, list[tuple[str, str]]]:
    """What the environment keeps: for each page, the names on it and the labels they name."""
    if not hasattr(env, "docstring_labels"):
        env.docstring_labels = {}
    return env.docstring_labels


def setup(app: Sphinx) -> dict:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link)
    keep_by_page(app, lambda env: {"labels": stored(env)})
    app.connect("env-updated", check)
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
