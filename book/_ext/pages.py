"""Sphinx extension: what is around a page's text, as far as a style sheet cannot say it.

The theme's options and colours, the line above a chapter (notebook, citation, print), the version,
and the assets: scripts and style sheets that this book does not use are not sent.
"""

import importlib.metadata
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from search_text import plain_html
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform

# jupyter-book adds what its own theme needs: buttons and toggles (``folds`` makes them of HTML),
# sphinx-thebe, which names a foreign server, and the components of sphinx-design.
UNUSED = re.compile(
    r"thebe|toggle-?button|toggleHint|toggleOpenOnPrint|design-tabs|sphinx-design|"
    r"sphinx-book-theme",
    flags=re.I,
)

LIGHT = {
    "color-link": "#0b57a4",
    "color-link--hover": "#8a3b00",
    "color-link--visited": "#0b57a4",
    "color-brand-primary": "#123c5e",
    "color-brand-content": "#0b57a4",
    "book-result": "#2a6ca8",
    "book-result-surface": "#f1f6fb",
    "book-definition": "#2e7d4f",
    "book-definition-surface": "#f1f8f3",
    "book-remark": "#767c86",
    "book-remark-surface": "#f6f7f8",
    "book-exercise": "#a35c00",
    "book-exercise-surface": "#fcf6ec",
    "book-chapter": "#123c5e",
    "book-chapter-surface": "#f4f6f8",
    "book-rule": "#c9ced6",
    "book-figure-filter": "none",
}
DARK = {
    "color-link": "#7db7f0",
    "color-link--hover": "#f0b76a",
    "color-link--visited": "#7db7f0",
    "color-brand-primary": "#cfe3f7",
    "color-brand-content": "#7db7f0",
    "book-result": "#6aa9e0",
    "book-result-surface": "#17222d",
    "book-definition": "#62b884",
    "book-definition-surface": "#16241c",
    "book-remark": "#9aa1ad",
    "book-remark-surface": "#1d2026",
    "book-exercise": "#e0a04c",
    "book-exercise-surface": "#272015",
    "book-chapter": "#7db7f0",
    "book-chapter-surface": "#1a2129",
    "book-rule": "#454b55",
    "book-figure-filter": "invert(1) hue-rotate(180deg)",
}
SANS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
FONTS = {"font-stack": SANS, "font-stack--monospace": MONO}


def name_of(asset: object) -> str:
    """The file of a script or style sheet."""
    return str(getattr(asset, "filename", None) or asset)


def used(asset: object) -> bool:
    """Whether a script or style sheet, a file or a text, is one that the book needs."""
    body = getattr(asset, "attributes", {}).get("body", "")
    return not UNUSED.search(f"{name_of(asset)} {body}")


def in_order(asset: Any) -> Any:
    """The way back reads the history before another script changes it; Sphinx sorts afterwards."""
    if not name_of(asset).endswith("previews.js"):
        return asset
    return type(asset)(asset.filename, priority=0, **asset.attributes)


def on_config_inited(app: Sphinx, config: Config) -> None:
    """The options of the theme; those that jupyter-book sets are its own theme's."""
    config.html_theme_options = {
        "light_css_variables": {**FONTS, **LIGHT},
        "dark_css_variables": DARK,
        "top_of_page_buttons": [],
        "footer_icons": [],
    }
    config.html_show_sourcelink = False
    if config.book_repository and not config.claims_repository:
        repository = config.book_repository.rstrip("/")
        config.claims_repository = f"{repository}/blob/{config.book_branch}"


def on_builder_inited(app: Sphinx) -> None:
    """The theme knows this setting only once it is loaded, too late for the configuration."""
    app.config.pygments_dark_style = "a11y-high-contrast-dark"


def citation(docname: str, title: str, book: str, year: str, version: str, url: str) -> str:
    r"""A page as an entry of BibTeX; with the title of the book, the whole of it.

    >>> print(citation("sharp/sandwich", "Sandwich", "Random Features", "2026", "0.1.0", ""))
    @incollection{randomfeatures:sharp-sandwich,
      title = {Sandwich},
      booktitle = {Random Features},
      author = {{The Random Features authors}},
      year = {2026},
      note = {Version 0.1.0}
    }
    >>> print(citation("intro", "Random Features", "Random Features", "2026", "0.1.0", "")[:21])
    @misc{randomfeatures,
    """
    whole = title == book
    fields = {
        "title": title,
        **({} if whole else {"booktitle": book}),
        "author": "{The Random Features authors}",
        "year": year,
        "note": f"Version {version}",
        **({"url": url} if url else {}),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    kind, key = "misc" if whole else "incollection", docname.replace("/", "-")
    return f"@{kind}{{randomfeatures{'' if whole else f':{key}'},\n{lines}\n}}"


def launches(repository: str, branch: str, notebook: str) -> dict[str, str]:
    """Where a notebook of the branch opens to be run; both services read it from GitHub alone.

    >>> found = launches("https://github.com/owner/book", "notebooks", "limits/scaling.ipynb")
    >>> found["Colab"]
    'https://colab.research.google.com/github/owner/book/blob/notebooks/limits/scaling.ipynb'
    >>> found["Binder"]
    'https://mybinder.org/v2/gh/owner/book/notebooks?labpath=limits%2Fscaling.ipynb'
    >>> launches("", "notebooks", "a.ipynb"), launches("https://example.org/o/b", "n", "a.ipynb")
    ({}, {})
    """
    match = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", repository)
    if not match:
        return {}
    colab, binder = "https://colab.research.google.com/github", "https://mybinder.org/v2/gh"
    return {
        "Colab": f"{colab}/{match[1]}/blob/{quote(branch)}/{quote(notebook)}",
        "Binder": f"{binder}/{match[1]}/{quote(branch, '')}?labpath={quote(notebook, '')}",
    }


class PlainFormulas(SphinxPostTransform):
    """The theme lays a box around each numbered formula, with the formula's id a second time; the
    style sheet makes formulas scroll without it.
    """

    formats = ("html",)
    default_priority = 501  # after the theme's own

    def run(self, **kwargs: Any) -> None:
        for box in list(self.document.findall(nodes.container)):
            if "math-wrapper" in box["classes"]:
                box.parent.replace(box, box.children)


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    for key in ("script_files", "css_files"):
        context[key] = [in_order(asset) for asset in context[key] if used(asset)]
    repository = app.config.book_repository.rstrip("/")
    context["repository"] = repository
    if "ipynb_source" in context:
        notebook = context["ipynb_source"]
        context["launches"] = launches(repository, app.config.book_notebooks, notebook)
    if "body" in context:  # Sphinx's role of a work in a list has gone out of use
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
    context["has_notation"] = "notation" in app.env.found_docs
    context["version"] = importlib.metadata.version("randomfeatures")
    if document is not None:
        source = Path(app.env.doc2path(pagename))
        if repository and source.is_file():
            path = quote(source.relative_to(app.srcdir).as_posix())
            context["edit"] = f"{repository}/edit/{app.config.book_branch}/book/{path}"
        url = context.get("pageurl") or ""
        context["citation"] = citation(
            pagename,
            plain_html(context["title"]),
            app.config.html_title,
            app.config.copyright,
            context["version"],
            url,
        )


def setup(app: Sphinx) -> dict[str, Any]:
    # The address of the book's repository, https://example.org/owner/book: links at the foot of
    # each page lead to it, to its issues, to a new issue, to the page's source. Empty: no links.
    # From its ``book_branch`` a reader edits; ``book_notebooks`` has the notebooks alone, for Colab
    # and Binder, which open them from GitHub: the publishing workflow fills that branch.
    app.add_config_value("book_repository", "", "html")
    app.add_config_value("book_branch", "main", "html")
    app.add_config_value("book_notebooks", "notebooks", "html")
    app.add_post_transform(PlainFormulas)
    app.connect("config-inited", on_config_inited)
    app.connect("builder-inited", on_builder_inited, priority=100)
    app.connect("html-page-context", on_page_context, priority=950)  # after the plain titles
    return {"parallel_read_safe": True, "parallel_write_safe": True}
