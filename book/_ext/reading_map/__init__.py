"""Sphinx extension: what one can read after what, and how long it takes.

Gives the directives ``reading-map`` (the pages and what joins them, drawn from the ledger of
claims and the heads of the chapters), ``reading`` (a list of pages or sections with minutes, their
sum and what is taken on trust) and the roles ``minutes`` and ``section``. It warns, so that ``-W``
fails the build, when a list names what is not there, takes longer than it says, or reads a result
after a proof that uses it.
"""

import hashlib
from pathlib import Path
from typing import Any

from docutils import nodes
from kept import keep_by_page
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from .minutes import read_sections
from .order import read_needs
from .page import (
    MapDirective,
    MinutesRole,
    ReadingDirective,
    Render,
    SectionRole,
    reading_list,
    reading_map,
    reading_time,
    section_link,
    stored,
)


def collect(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    stored(app.env)["sections"][docname] = read_sections(doctree)
    stored(app.env)["needs"][docname] = read_needs(doctree, docname)


def update(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages that have to be written again: those with a list, when what they show changed."""
    titles = {name: title.astext() for name, title in sorted(env.titles.items())}
    uses = [(result.label, result.uses) for result in env.claims_ledger.results]
    kept = {name: sorted(pages.items()) for name, pages in stored(env).items()}
    exercises = getattr(env, "book_exercises", {}).get("exercises", {})
    times = [(one.label, one.minutes) for _, some in sorted(exercises.items()) for one in some]
    digest = hashlib.sha256(repr((kept, titles, uses, times)).encode()).hexdigest()
    old, env.reading_map_digest = getattr(env, "reading_map_digest", None), digest
    return [] if digest == old else list(stored(env)["pages"])


def add_static(app: Sphinx) -> None:
    """The style sheet of the pages with a list or a map, which no other page loads."""
    app.config.html_static_path.append(str(Path(__file__).parent / "static"))


def add_style(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if pagename in stored(app.env)["pages"]:
        app.add_css_file("reading_map.css")


def version() -> int:
    """A number made from the extension's files: a changed one reads everything again."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    content = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
    return int(hashlib.sha256(content).hexdigest()[:12], 16)


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("claims")
    app.add_directive("reading-map", MapDirective)
    app.add_directive("reading", ReadingDirective)
    app.add_role("minutes", MinutesRole())
    app.add_role("section", SectionRole())
    for node in (reading_map, reading_list, reading_time, section_link):
        app.add_node(node)
    app.add_post_transform(Render)
    app.connect("doctree-read", collect)
    keep_by_page(app, stored)
    app.connect("builder-inited", add_static)
    app.connect("html-page-context", add_style)
    app.connect("env-get-updated", update, priority=950)  # after the ledger
    return {"env_version": version(), "parallel_read_safe": True, "parallel_write_safe": True}
