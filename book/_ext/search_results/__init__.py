"""Sphinx extension: what the search page lists before Sphinx's own results.

Every numbered statement and exercise, every page, every symbol of the notation, with what a reader
may call them (``synonyms.yml``), in a small file that only the search page fetches;
``static/search_results.js`` ranks them. A synonym that leads nowhere is a warning, and so fails the
build.
"""

import json
import re
from pathlib import Path
from typing import Any

from build_math import JOINER
from claims.ledger import STATEMENTS, chapters, is_no_function, is_source
from docutils import nodes
from kept import keep_by_page
from search_text import plain_doctree
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node

from .entries import Entry, Found, encoded, excerpt
from .synonyms import read_synonyms, resolve

logger = logging.getLogger(__name__)

FILE = "search-results.json"
EXERCISES = (exercise_node, exercise_enumerable_node)


# What is collected, page by page, as plain strings.


def stored(env: BuildEnvironment) -> dict[str, list[Found]]:
    if not hasattr(env, "search_results"):
        env.search_results = {}
    return env.search_results


def collect(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    found = [read_statement(node) for node in doctree.findall(is_statement)]
    found += [read_exercise(node) for node in doctree.findall(is_exercise)]
    if docname == app.config.search_results_symbols:
        found += read_symbols(doctree)
    stored(app.env)[docname] = found


def is_statement(node: nodes.Node) -> bool:
    return isinstance(node, STATEMENTS)


def is_exercise(node: nodes.Node) -> bool:
    return isinstance(node, EXERCISES)


def read_statement(node: nodes.Element) -> Found:
    plain = plain_doctree(node)
    for note in [*plain.findall(is_source), *plain.findall(is_no_function)]:
        note.parent.remove(note)
    title = re.sub(r"^\s*\((.*)\)\s*$", r"\1", plain[0].astext(), flags=re.S)
    text = excerpt(plain[1].astext())
    return Found(node["realtype"], node["countertype"], node["label"], squeezed(title), text)


def read_exercise(node: nodes.Element) -> Found:
    plain = plain_doctree(node)
    title = squeezed(plain[0].astext()).removeprefix("Exercise").strip()
    text = "" if title else excerpt(plain[-1].astext(), 44)
    return Found("exercise", "exercise", node["label"], title, text)


def read_symbols(doctree: nodes.document) -> list[Found]:
    """The rows of the tables of the notation, each with the section it stands in."""
    found = []
    for body in doctree.findall(nodes.tbody):
        section = body
        while not isinstance(section, nodes.section):
            section = section.parent
        for row in body.findall(nodes.row):
            symbol, meaning = (squeezed(plain_doctree(cell).astext()) for cell in row[:2])
            text = excerpt(re.sub(r"\s*\(.*|\s*Code:.*", "", meaning), 40)
            found.append(Found("symbol", "", section["ids"][0], symbol, text))
    return found


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(JOINER, "")).strip()


# What is written.


def entries(app: Sphinx) -> list[Entry]:
    """All that can be found, in the order of the book: each page, then what stands on it."""
    env, found = app.env, []
    names: dict[str, list[str]] = {}
    for function in env.claims_ledger.functions:
        names.setdefault(function.label, []).append(function.name)
    for docname in chapters(env):
        title = squeezed(plain_doctree(env.titles[docname]).astext())
        number = ".".join(map(str, env.toc_secnumbers.get(docname, {}).get("", ())))
        found.append(Entry(docname, "", f"Chapter {number}" if number else "Page", title, [], ""))
        for item in stored(env).get(docname, []):
            numbers = env.toc_fignumbers.get(docname, {}).get(item.counter, {})
            number = ".".join(map(str, numbers.get(item.anchor, ())))
            name = f"{item.kind.capitalize()} {number}".strip()
            functions = names.get(item.anchor, [])
            found.append(Entry(docname, item.anchor, name, item.title, functions, item.text))
    return found


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    every = entries(app)
    path = Path(app.srcdir, app.config.search_results_synonyms)
    said, wrong = read_synonyms(path) if path.is_file() else ([], [])
    anchors = {docname: anchors_of(app.env, docname) for docname in app.env.found_docs}
    synonyms, lost = resolve(said, every, anchors)
    for message in [*wrong, *lost]:
        logger.warning(message, location=path.name, type="search_results")
    uris = {docname: app.builder.get_target_uri(docname) for docname in app.env.found_docs}
    text = json.dumps(encoded(every, uris, synonyms), ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, FILE).write_text(text + "\n", encoding="utf-8")


def anchors_of(env: BuildEnvironment, docname: str) -> dict[str, str]:
    """The labelled sections of a page that a synonym may lead to, with their titles."""
    labels = env.get_domain("std").labels.values()
    return {anchor: title for page, anchor, title in labels if page == docname}


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("claims")
    app.add_config_value("search_results_synonyms", "synonyms.yml", "")
    app.add_config_value("search_results_symbols", "notation", "env")
    app.connect("doctree-read", collect)
    keep_by_page(app, lambda env: {"entries": stored(env)})
    app.connect("builder-inited", add_static)
    app.connect("build-finished", write)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def add_static(app: Sphinx) -> None:
    """The script of the search page, which no other page loads."""
    app.config.html_static_path.append(str(Path(__file__).parent / "static"))
