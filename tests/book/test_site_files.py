"""What every page needs comes as one style sheet and one script."""

import re

import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")
pytest.importorskip("furo", reason="the book's theme is not installed")

from small_book import build, page, write

SOURCES = {
    "first.js": '"use strict";\nwindow.order = ["first"]',
    "second.js": "(function () { undeclared = 1; order.push('second') })() // no end",
    "late.js": "order.push('late');",
    "one.css": "p { background: url(one.png) }",
    "two.css": "p { color: red }",
}


def built(folder, text: str) -> None:
    write(folder / "book", {"a.md": f"# One\n\n{text}\n"})
    settings = {
        "html_js_files": ["first.js", "second.js", ("late.js", {"defer": "defer"})],
        "html_css_files": ["one.css", "two.css"],
        "html_static_path": [str(folder / "static")],
        "html_theme": "furo",
        "copyright": "2026",
        "book_repository": "",
        "claims_repository": "",
    }
    build(folder, "claims", "pages", "site_files", **settings)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site_files")
    write(folder / "static", SOURCES)
    built(folder, "Text.")
    return folder


def test_a_page_waits_for_one_sheet_and_one_script(book):
    markup = page(book, "a")
    scripts = re.findall(r'<script[^>]*src="_static/([^"?]*)', markup)
    assert scripts == ["site.js", "late.js"]
    assert re.findall(r'rel="stylesheet"[^>]*href="_static/([^"?]*)', markup) == ["site.css"]


def test_the_files_follow_each_other_as_they_did(book):
    script = (book / "html" / "_static" / "site.js").read_text(encoding="utf-8")
    assert script.index("DOCUMENTATION_OPTIONS") < script.index("first") < script.index("second")
    assert "push('late')" not in script and "sourceMappingURL" not in script
    sheet = (book / "html" / "_static" / "site.css").read_text(encoding="utf-8")
    assert sheet.index("one.png") < sheet.index("color: red")


def test_the_scripts_run_as_they_did_apart(book):
    """One that ends in a comment, and one that is not strict after one that is."""
    racer = pytest.importorskip("py_mini_racer", reason="no engine for scripts: mini-racer")
    import site_files

    together = site_files.scripts_together([SOURCES["first.js"], SOURCES["second.js"]])
    found = racer.MiniRacer().eval(f"var window = globalThis; {together}; order.join()")
    assert found == "first,second"


def test_a_changed_script_has_another_address(book):
    address = re.search(r"site\.js\?v=(\w+)", page(book, "a"))[1]
    write(book / "static", {"first.js": SOURCES["first.js"] + ";"})
    built(book, "Text, changed.")
    assert re.search(r"site\.js\?v=(\w+)", page(book, "a"))[1] != address
