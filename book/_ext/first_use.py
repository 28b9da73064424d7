"""Sphinx extension: each entry of a glossary says where the book first uses the term.

The chapters, that is the numbered pages, are searched in their order, each from its beginning, for
the names of the entry. An entry whose names no chapter uses is a warning, and so fails the build.
"""

import hashlib
import re
from typing import Any

from claims.ledger import chapters
from docutils import nodes
from kept import keep_by_page
from sphinx.addnodes import glossary
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)
SILENT = (
    nodes.math,
    nodes.math_block,
    nodes.literal,
    nodes.literal_block,
    nodes.raw,
    nodes.comment,
)
# Sections that speak in passing of what is explained elsewhere: only where no other one does.
ASIDE = ("exercises", "related-work", "what-this-does-not-show", "what-we-will-use")


def stored(env: BuildEnvironment) -> dict[str, Any]:
    """By page: its sections with their words; and the pages that have a glossary."""
    if not hasattr(env, "first_use"):
        env.first_use = {"words": {}, "glossaries": {}}
    return env.first_use


def collect(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    sections = [node for node in doctree.findall(nodes.section) if has_title(node)]
    own = [(node["ids"][0], words(node)) for node in sections]
    stored(app.env)["words"][docname] = own
    if any(True for _ in doctree.findall(glossary)):
        stored(app.env)["glossaries"][docname] = True


def has_title(node: nodes.section) -> bool:
    return bool(node["ids"]) and bool(node.children) and isinstance(node[0], nodes.title)


def words(node: nodes.Element) -> str:
    """The text of a section without that of the sections in it, in small letters."""
    found: list[str] = []

    def walk(child: nodes.Node) -> None:
        if isinstance(child, nodes.Text):
            found.append(child.astext())
        elif not isinstance(child, SILENT) and not (
            isinstance(child, nodes.section) and has_title(child)
        ):
            for inner in child.children:
                walk(inner)
            if isinstance(child, nodes.Element) and not isinstance(child, nodes.Inline):
                found.append(" . ")

    for child in node.children:
        walk(child)
    return squeezed("".join(found))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.lower().replace("-", " ")).strip()


def pattern(name: str) -> str:
    """The name as a whole word, also in the plural.

    >>> bool(re.search(pattern("random feature"), "two random features"))
    True
    >>> bool(re.search(pattern("wave"), "microwaves"))
    False
    >>> bool(re.search(pattern("energy"), "energies"))
    True
    """
    word = squeezed(name)
    stem, end = (word[:-1], "(?:y|ies)") if word.endswith("y") else (word, "(?:s|es)?")
    return rf"(?<!\w){re.escape(stem)}{end}(?!\w)"


def first_use(env: BuildEnvironment, names: list[str]) -> tuple[str, str] | None:
    """The page and the section that first use one of the names, in the order of the book."""
    either = re.compile("|".join(map(pattern, names)))
    known = stored(env)
    pages = [name for name in chapters(env) if env.toc_secnumbers.get(name)]
    uses = [
        (docname, anchor)
        for docname in pages
        if docname not in known["glossaries"]
        for anchor, text in known["words"].get(docname, [])
        if either.search(text)
    ]
    central = [use for use in uses if use[1] not in ASIDE]
    return next(iter([*central, *uses]), None)


class Render(SphinxPostTransform):
    """Add the first use to each entry, before references resolve."""

    default_priority = 8

    def run(self, **kwargs: Any) -> None:
        for box in list(self.document.findall(glossary)):
            for item in box.findall(nodes.definition_list_item):
                names = [term.astext() for term in item.findall(nodes.term)]
                found = first_use(self.env, names)
                if found is None:
                    message = f"the glossary has {names[0]!r}, which no chapter says"
                    logger.warning(message, location=(self.env.docname, item.line))
                else:
                    item[-1] += self.sentence(*found)

    def sentence(self, docname: str, anchor: str) -> nodes.paragraph:
        number = ".".join(map(str, self.env.toc_secnumbers[docname].get("", ())))
        for ref in self.env.tocs[docname].findall(nodes.reference):
            if ref.get("anchorname") in (f"#{anchor}", ""):
                title = [child.deepcopy() for child in ref.children]
                if ref["anchorname"]:
                    break
        page = self.app.builder.get_relative_uri(self.env.docname, docname)
        link = nodes.reference("", "", *title, internal=True, refuri=f"{page}#{anchor}")
        text = nodes.Text(f"First used in chapter {number}: ")
        return nodes.paragraph("", "", text, link, classes=["first-use"])


def update(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages with a glossary are written again when a word of the book has changed."""
    text = repr(sorted(stored(env)["words"].items()))
    digest = hashlib.sha256(text.encode()).hexdigest()
    old, env.first_use_digest = getattr(env, "first_use_digest", None), digest
    return [] if digest == old else list(stored(env)["glossaries"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(Render)
    app.connect("doctree-read", collect)
    keep_by_page(app, stored)
    app.connect("env-get-updated", update)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
