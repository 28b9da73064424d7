"""Docstrings on the package's page.

"Book: ``label``." becomes a link to the statement, an unknown label is a warning, and |x| stays an absolute value.
"""

import re

from sphinx.util import logging

BOOK = re.compile(r"Book:(?P<labels>(?:[^.`]|``[^`]*``)*)\.")
LABEL = re.compile(r"``([^`]+)``")
# What keeps its bars in reStructuredText: literals and roles, directives with what is indented below them, examples, tables.
KEEPS_BARS = re.compile(r"``.*?``|`[^`]*`|^( *)\.\. .*\n(?:\s*\n|\1 +.*\n)*|^ *>>>.*\n(?:.*\S.*\n)*|^ *[+|].*[+|]$", re.M)

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
    return "".join(rf"\{c}" if c == "|" and not any(a <= i < b for a, b in kept) else c for i, c in enumerate(text))


def link(app, what, name, obj, options, lines: list[str]) -> None:
    """Replace each label by a reference, and keep it for the check, since its chapter may be read later or changed in a later build."""
    text = "\n".join(lines)
    _stored(app.env).setdefault(app.env.docname, []).extend((name, label) for label in book_labels(text))
    lines[:] = BOOK.sub(lambda sentence: LABEL.sub(r":prf:ref:`\1`", sentence[0]), with_bars(text)).split("\n")


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
