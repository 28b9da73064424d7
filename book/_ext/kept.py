"""What an extension keeps of each page from one build to the next."""

from collections.abc import Callable

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def keep_by_page(app: Sphinx, stored: Callable[[BuildEnvironment], dict[str, dict]]) -> None:
    """Forget a page before it is read again, and take over what a parallel reader collected.

    ``stored`` gives the extension's tables in the environment, each by page.
    """

    def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        for pages in stored(env).values():
            pages.pop(docname, None)

    def merge(
        app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
    ) -> None:
        for name, pages in stored(env).items():
            theirs = stored(other)[name]
            pages.update({docname: theirs[docname] for docname in docnames if docname in theirs})

    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
