"""Sphinx extension: what is around a page's text, as far as a style sheet cannot say it.

The name of the book stands beside its logo, and scripts that this book does not use are not sent: the buttons of sphinx-togglebutton
(``folds`` makes them of HTML), and sphinx-thebe, which names a foreign server and declares a constant twice.
"""

import re

UNUSED = re.compile(r"thebe|toggle-?button|toggleHint|toggleOpenOnPrint|design-tabs", flags=re.I)


def used(asset) -> bool:
    """Whether a script or style sheet, a file or a text, is one that the book needs."""
    return not UNUSED.search(f"{getattr(asset, 'filename', None) or asset} {getattr(asset, 'attributes', {}).get('body', '')}")


def on_config_inited(app, config) -> None:
    config.html_theme_options = {**config.html_theme_options, "logo": {"text": config.html_title, "alt_text": ""}}


def on_page_context(app, pagename, templatename, context, document) -> None:
    for key in ("script_files", "css_files"):
        context[key] = [asset for asset in context[key] if used(asset)]


def setup(app):
    app.connect("config-inited", on_config_inited)
    app.connect("html-page-context", on_page_context, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
