"""The ledger of claims: every numbered result with its place in the paper and what speaks for it.

Read from the chapters (Sphinx's doctrees), the tests and the package (their syntax trees; neither
is imported), never typed by hand. Gives the roles ``source`` and ``no-function`` and the directives
``claims-table``, ``claims-graph`` and ``claims-map``, and writes ``claims.json`` beside the pages.
It warns, so that ``-W`` fails the build, when a result lacks its label, proof, source, check or
function, or a mark, a kind or a dependency is wrong.
"""

import hashlib
import json
from pathlib import Path

from docutils import nodes
from kept import keep_by_page
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from .checks import read_checks
from .functions import read_functions
from .ledger import (
    Ledger,
    chapters,
    cited,
    in_order,
    problems,
    read_figures,
    read_results,
    stored,
)
from .page import (
    GraphDirective,
    MapDirective,
    NoFunctionRole,
    Page,
    Render,
    SourceRole,
    TableDirective,
    claims_graph,
    claims_map,
    claims_table,
)

logger = logging.getLogger(__name__)


def collect(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    stored(app.env)["results"][docname] = read_results(doctree, docname)
    stored(app.env)["figures"][docname] = read_figures(doctree, docname)
    stored(app.env)["cites"][docname] = cited(doctree)


def update(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Warn of everything wrong, on every build; return the pages that have to be written again."""
    checks, wrong_checks = read_checks(folder(app, app.config.claims_tests))
    functions, wrong_functions = read_functions(folder(app, app.config.claims_package))
    results, figures = in_order(env, "results"), in_order(env, "figures")
    cites = {docname: stored(env)["cites"].get(docname, ()) for docname in chapters(env)}
    env.claims_ledger = Ledger(results, figures, checks, functions, cites)

    statements, objects = set(getattr(env, "proof_list", {})), env.get_domain("py").objects
    wrong = problems(env.claims_ledger, statements, set(objects))
    for location, message in wrong_checks + wrong_functions + wrong:
        logger.warning(message, location=location, type="claims")

    old = getattr(env, "claims_digests", None)
    env.claims_digests = digests(env)
    return stale(env, old) if old else list(stored(env)["pages"])


def digests(env: BuildEnvironment) -> dict[str, str]:
    """What the pages were made from: the numbers, the ledger, and which function is shown where."""
    ledger: Ledger = env.claims_ledger
    objects = env.get_domain("py").objects
    titles = [env.titles[result.docname].astext() for result in ledger.results]
    shown = [(function, objects.get(function.address)) for function in ledger.functions]
    return {
        "numbers": digest(env.toc_fignumbers),
        "ledger": digest([ledger, titles, shown]),
        "functions": digest(shown),
        "uses": digest([(result.label, result.uses) for result in ledger.results]),
    }


def digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def stale(env: BuildEnvironment, old: dict[str, str]) -> list[str]:
    """The pages that show a claim, a check, a function or a number that has changed."""
    changed = {name for name, value in env.claims_digests.items() if value != old[name]}
    if "numbers" in changed:
        # Sphinx itself would leave the old number in every page that only refers to it.
        return list(env.found_docs)
    pages = stored(env)["pages"] if changed else {}
    chapters = [result.docname for result in env.claims_ledger.results]
    return list(dict.fromkeys([*pages, *(chapters if changed & {"functions", "uses"} else [])]))


def folder(app: Sphinx, path: str) -> Path:
    return Path(app.srcdir, path).resolve()


def write_json(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        records = Page(app, app.config.root_doc).records()
        text = json.dumps(records, indent=1, ensure_ascii=False) + "\n"
        Path(app.outdir, "claims.json").write_text(text, encoding="utf-8")


def add_static(app: Sphinx) -> None:
    """The script of the page with the cards, which no other page loads."""
    app.config.html_static_path.append(str(Path(__file__).parent / "static"))


def add_script(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if stored(app.env)["pages"].get(pagename):
        app.add_js_file("claims_filter.js", loading_method="defer")


def version() -> int:
    """A number made from the extension's files.

    A changed extension reads everything again: what an older one has stored may have another form.
    """
    files = sorted(Path(__file__).parent.glob("*.py"))
    content = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
    return int(hashlib.sha256(content).hexdigest()[:12], 16)


def setup(app: Sphinx) -> dict:
    app.add_config_value("claims_tests", "../tests", "env")
    app.add_config_value("claims_package", "../src", "env")
    # Where a reader finds the files, for instance https://example.org/owner/book/blob/main
    app.add_config_value("claims_repository", "", "env")
    app.add_role("source", SourceRole())
    app.add_role("no-function", NoFunctionRole())
    app.add_directive("claims-table", TableDirective)
    app.add_directive("claims-graph", GraphDirective)
    app.add_directive("claims-map", MapDirective)
    app.add_node(claims_table)
    app.add_node(claims_graph)
    app.add_node(claims_map)
    app.add_post_transform(Render)
    app.connect("doctree-read", collect)
    keep_by_page(app, stored)
    app.connect("env-get-updated", update, priority=900)  # after Sphinx has given the numbers
    app.connect("builder-inited", add_static)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_json)
    return {"env_version": version(), "parallel_read_safe": True, "parallel_write_safe": True}
