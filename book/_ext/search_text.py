"""Sphinx extension: what is read without a page's layout is plain characters, without TeX and without markup.

That is the window's title, the titles of the previous and next page in the head, the description for search engines, and the book's own
search index. The excerpts under a search's results are made in the browser: ``_static/book.js`` takes the same characters from
``data-text``.
"""

import html
import re

from bs4 import BeautifulSoup
from build_math import JOINER, display_source, render
from docutils import nodes

DESCRIPTION = 160


def plain_html(fragment: str) -> str:
    """The text of an HTML fragment; each formula is its plain characters."""
    soup = BeautifulSoup(fragment, "html.parser")
    for element in soup.select("[data-text]"):
        element.replace_with(element["data-text"])
    return re.sub(r"\s+", " ", soup.get_text().replace(JOINER, "")).strip()


def plain_doctree(document: nodes.document) -> nodes.document:
    """A copy of the document in which each formula is its plain characters."""
    document = document.deepcopy()
    for node in list(document.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))):
        display = isinstance(node, nodes.math_block)
        text = render(display_source(node) if display else node.astext(), display)[1]
        node.parent.replace(node, nodes.Text(text))
    return document


def on_builder_inited(app) -> None:
    if app.builder.name == "html":
        original = app.builder.index_page
        app.builder.index_page = lambda name, document, title: original(name, plain_doctree(document), html.escape(plain_html(title)))


def on_page_context(app, pagename, templatename, context, document) -> None:
    for key in ("prev", "next"):
        if context.get(key):
            context[key] = {**context[key], "title": html.escape(plain_html(context[key]["title"]))}
    if context.get("title"):
        context["title"] = html.escape(plain_html(context["title"]))
        context["pagetitle"] = plain_html(context["title"])
    description = describe(document) if document else ""
    if description:
        context["page_description"] = description
        context["metatags"] = context.get("metatags", "") + f'\n<meta name="description" content="{html.escape(description)}" />'


def describe(document: nodes.document) -> str:
    """The beginning of the first paragraph that is the book's prose, not a box, cut at a word."""
    for paragraph in plain_doctree(document).findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            text = re.sub(r"\s+", " ", paragraph.astext()).strip()
            return text if len(text) <= DESCRIPTION else text[:DESCRIPTION].rsplit(" ", 1)[0] + " …"
    return ""


def setup(app):
    app.connect("builder-inited", on_builder_inited)
    app.connect("html-page-context", on_page_context, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
