"""Docstrings on the package's page.

"Book: ``label``." becomes a link to the statement, an unknown label is a warning, |x| stays an absolute value, and
what a docstring says of its source, its error and what it raises stands in paragraphs of their own.
"""

import re

from sphinx.util import logging

BOOK = re.compile(r"Book:(?P<labels>(?:[^.`]|``[^`]*``)*)\.")
LABEL = re.compile(r"``([^`]+)``")
# What keeps its bars in reStructuredText: literals and roles, directives with what is indented below them, examples, tables.
KEEPS_BARS = re.compile(r"``.*?``|`[^`]*`|^( *)\.\. .*\n(?:\s*\n|\1 +.*\n)*|^ *>>>.*\n(?:.*\S.*\n)*|^ *[+|].*[+|]$", re.M)
PART = re.compile(r"(?:^|(?<=\.) +)(Book|Source|Error|Errors|Raises|Shapes|Returns): +")

logger = logging.getLogger(__name__)


def book_labels(text: str) -> list[str]:
    """The labels that a text names after "Book:".

    >>> book_labels("Book: ``thm-a`` and ``lem-b``. Source: ``other``.")
    ['thm-a', 'lem-b']
    """
    return [label for sentence in BOOK.finditer(text) for label in LABEL.findall(sentence["labels"])]


def with_bars(text: str) -> str:
    r"""A text whose bars mean absolute values, where reStructuredText would look for the definition of a name between them.

    >>> with_bars("if |x| > 1, ``|y|``")
    'if \\|x\\| > 1, ``|y|``'
    """
    kept = [match.span() for match in KEEPS_BARS.finditer(text + "\n")]
    bars = [m.start() for m in re.finditer(r"(?<!\\)\|", text)]
    free = {i for i in bars if not any(a <= i < b for a, b in kept)}
    return "".join(rf"\{c}" if i in free else c for i, c in enumerate(text))


def in_parts(text: str) -> str:
    """A text in which the book, the source, the error and what is raised each begin a paragraph of their own.

    >>> in_parts("Book: ``x``. Error: none.").split("\\n\\n")
    ['', '**Book:** ``x``.', '**Error:** none.']
    """
    return "\n".join(line if line.startswith(" ") else PART.sub(r"\n\n**\1:** ", line) for line in text.split("\n"))


def link(app, what, name, obj, options, lines: list[str]) -> None:
    """Replace each label by a reference, and keep it for the check, since its chapter may be read later or changed in a later build."""
    text = "\n".join(lines)
    _stored(app.env).setdefault(app.env.docname, []).extend((name, label) for label in book_labels(text))
    linked = BOOK.sub(lambda sentence: LABEL.sub(r":prf:ref:`\1`", sentence[0]), text)
    lines[:] = in_parts(with_bars(linked)).split("\n")


def check(app, env) -> None:
    """Warn, on every build, of a label that no statement of the book has."""
    statements = getattr(env, "proof_list", {})
    for docname, named in _stored(env).items():
        for name, label in named:
            if label not in statements:
                logger.warning(
                    f"the docstring of {name} names {label}, which no statement of the book has as its label",
                    location=docname,
                    type="docstrings",
                )


def _stored(env) -> dict[str, list[tuple[str, str]]]:
    if not hasattr(env, "docstring_labels"):
        env.docstring_labels = {}
    return env.docstring_labels


def purge(app, env, docname: str) -> None:
    _stored(env).pop(docname, None)


def merge(app, env, docnames: set[str], other) -> None:
    _stored(env).update({d: v for d, v in _stored(other).items() if d in docnames})


def setup(app) -> dict:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", check)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
