"""Sphinx extension: what is read without a page's layout is plain characters.

No TeX and no markup: in the window's title, the titles of the previous and next page in the head,
the description for search engines, and the book's own search index. The excerpts under a search's
results are made in the browser: ``_static/book.js`` takes the same characters from ``data-text``.
"""

import html
import re

from bs4 import BeautifulSoup
from build_math import JOINER, display_source, render
from docutils import nodes
from sphinx.application import Sphinx

DESCRIPTION = 160


def plain_html(fragment: str) -> str:
    """The text of an HTML fragment; each formula is its plain characters."""
    soup = BeautifulSoup(fragment, "html.parser")
    for element in soup.select("[data-text]"):
        element.replace_with(element["data-text"])
    return re.sub(r"\s+", " ", soup.get_text().replace(JOINER, "")).strip()


def plain_doctree(document: nodes.document) -> nodes.document:
    """A copy of the document in which each formula is its plain characters.

    It comes without the names of other results that a result's box lists.
    """
    document = document.deepcopy()
    for node in list(document.findall(is_list_of_relations)):
        node.parent.remove(node)
    for node in list(document.findall(is_formula)):
        display = isinstance(node, nodes.math_block)
        text = render(display_source(node) if display else node.astext(), display)[1]
        node.parent.replace(node, nodes.Text(text))
    return document


def is_formula(node: nodes.Node) -> bool:
    return isinstance(node, nodes.math | nodes.math_block)


def is_list_of_relations(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "relations" in node["classes"]


def plain_title(fragment: str) -> str:
    """A title as plain characters, safe to stand in HTML."""
    return html.escape(plain_html(fragment))


def on_builder_inited(app: Sphinx) -> None:
    if app.builder.name != "html":
        return
    original = app.builder.index_page

    def index_page(pagename: str, document: nodes.document, title: str) -> None:
        original(pagename, plain_doctree(document), plain_title(title))

    app.builder.index_page = index_page


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    for key in ("prev", "next"):
        if context.get(key):
            context[key] = {**context[key], "title": plain_title(context[key]["title"])}
    if context.get("title"):
        context["title"] = plain_title(context["title"])
        context["pagetitle"] = plain_html(context["title"])
    description = describe(document) if document else ""
    if description:
        context["page_description"] = description
        tag = f'<meta name="description" content="{html.escape(description)}" />'
        context["metatags"] = f"{context.get('metatags', '')}\n{tag}"


def describe(document: nodes.document) -> str:
    """The beginning of the first paragraph that is the book's prose, not a box, cut at a word."""
    for paragraph in plain_doctree(document).findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            text = re.sub(r"\s+", " ", paragraph.astext()).strip()
            if len(text) <= DESCRIPTION:
                return text
            return text[:DESCRIPTION].rsplit(" ", 1)[0] + " …"
    return ""


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", on_builder_inited)
    app.connect("html-page-context", on_page_context, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
