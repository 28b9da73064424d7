"""The Run buttons: a small book of two pages in a real browser, with Python's own output.

What runs there is the package and the hash-checked Pyodide of ``.cache/pyodide``; without those
files (``make pyodide`` fetches them) or a browser, the tests that need them are skipped, with the
reason.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the book's tools are not installed")
import small_book
import test_browser
from sphinx.errors import ExtensionError
from test_browser import serve

browser = test_browser.browser  # the fixture, one browser for this file too
ROOT = Path(__file__).resolve().parents[2]
PYODIDE = ROOT / ".cache" / "pyodide"
HEAD = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
"""
CELL = "```{code-cell} ipython3\n%s\n```\n"
RUNS = [
    "import matplotlib.pyplot as plt\nimport numpy as np\nx = np.arange(4)\nprint(x.sum())",
    "def half(a):\n    return a / 2\n\nhalf(x)",
    "from randomfeatures.limits.any_coefficients import width_bound\nround(width_bound(d=20))",
    "plt.plot(x)\nplt.show()",
    "half('a')",
    "from randomfeatures.sharp.optimum import features_needed\nfeatures_needed(100, 0.01)",
]
NEEDS_TORCH = ["import torch\nimport numpy as np", "y = torch.zeros(2)", "z = y + 1"]
# Little to load: on this page Python is started again and again.
LIGHT = ["x = np.arange(4)\nprint(x.sum())", RUNS[1], "while True:\n    pass"]
PAGES = {
    "book/one.md": HEAD + "# One\n\n" + "\n".join(CELL % code for code in RUNS),
    "book/three.md": HEAD + "# Three\n\n" + "\n".join(CELL % c for c in [*NEEDS_TORCH, *LIGHT]),
    "book/two.md": HEAD + "# Two\n\n" + "\n".join(CELL % code for code in NEEDS_TORCH[1:]),
}
LONG = "---\ntags: [hide-input, minutes-in-page]\n---\nslow = 1"
PAGES["book/four.md"] = HEAD + "# Four\n\n" + "\n".join(CELL % c for c in [LONG, "slow", "2"])
PAGES["book/two.md"] = PAGES["book/two.md"].replace("y = torch", "import torch\ny = torch")


def build(folder: Path, **config: object) -> list[str]:
    small_book.write(folder, PAGES)
    settings = {
        "nb_execution_mode": "off",
        "suppress_warnings": ["myst-nb.lexer"],  # cells that were not executed name no language
        "run_cells_files": str(PYODIDE),
        **config,
    }
    return small_book.build(folder, "myst_nb", "run_cells", **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not (PYODIDE / "pyodide.asm.wasm").is_file():
        pytest.skip("Python for the page is missing: run `make pyodide` first")
    folder = tmp_path_factory.mktemp("run")
    assert build(folder) == []
    return folder / "html"


@pytest.fixture
def site(folder):
    server = serve(folder)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Reader:
    """One reader's page: presses Run, and waits for what comes."""

    def __init__(self, browser, address: str) -> None:
        self.page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
        self.page.set_default_timeout(240_000)  # the machine may be busy
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address, wait_until="networkidle")

    def cell(self, number: int):
        return self.page.locator(f".cell:has(> .run-bar[data-cell='{number}'])")

    def press(self, number: int, button: str = ".run-go") -> None:
        self.cell(number).locator(button).click()

    def said(self, number: int) -> str:
        """What the cell says once it has run."""
        said = f".run-bar[data-cell='{number}'] .run-said"
        ended = "said => /ran in|stopped/.test(document.querySelector(said).textContent)"
        self.page.wait_for_function(ended, arg=said)
        return self.page.locator(said).text_content()

    def run(self, number: int, button: str = ".run-go") -> str:
        """What the cell shows."""
        self.press(number, button)
        self.said(number)
        return self.output(number)

    def output(self, number: int) -> str:
        return self.cell(number).locator(".run-output").inner_text()

    def waits_for(self, text: str) -> None:
        self.page.locator(".run-words", has_text=text).wait_for()


def test_a_reader_runs_edits_and_resets(browser, site):
    reader = Reader(browser, site + "one.html")
    before = len(reader.requests)
    assert not [url for url in reader.requests if "pyodide" in url or "worker" in url]
    assert "MB" in reader.cell(1).locator(".run-go").get_attribute("title")
    assert reader.run(1).split() == ["6"]
    assert len(reader.requests) > before
    assert "array([0. , 0.5, 1. , 1.5])" in reader.run(2)
    assert reader.run(3).split() == ["5507"]  # the book's own number, from the package
    reader.run(4)
    image = reader.cell(4).locator(".run-output img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500

    said = reader.run(5)
    assert said.startswith("Traceback") and "cell 5, line 1, in <module>" in said
    assert "cell 2, line 2, in half" in said and "return a / 2" in said
    assert said.rstrip().endswith("unsupported operand type(s) for /: 'str' and 'int'")
    assert "pyodide" not in said and "book_page" not in said

    reader.press(2, ".run-edit")
    reader.page.keyboard.press("Control+End")
    reader.page.keyboard.type(".sum() * 100")
    reader.page.keyboard.press("Shift+Enter")
    reader.page.wait_for_function(
        "document.querySelectorAll('.run-said')[1].textContent.includes('edited')"
    )
    assert "300.0" in reader.run(2)
    reader.press(2, ".run-edit")
    reader.press(2, ".run-edit")
    reader.page.keyboard.press("Control+End")
    reader.page.keyboard.insert_text("\nx.max() + 7\n")  # pasted: some lines end in an element
    assert "10" in reader.run(2)
    reader.press(2, ".run-edit")
    reader.press(2, ".run-edit")
    reader.page.keyboard.press("Escape")
    focused = "document.activeElement.className"
    assert reader.page.evaluate(focused) == "run-edit"

    assert reader.run(6).split() == ["599521"]  # by the stand-in for python-flint, which says so
    assert "not proved" in reader.cell(6).locator(".run-note").inner_text()

    reader.page.get_by_role("button", name="Reset page").click()
    assert reader.page.locator(".run-output").count() == 0
    assert "sum" not in reader.cell(2).locator("pre").inner_text()
    assert {url.split("/")[2] for url in reader.requests if not url.startswith("blob:")} == {
        site.split("/")[2]
    }
    assert reader.errors == []


def test_what_is_above_runs_first_and_a_loop_is_stopped(browser, site):
    """Also beside cells that need torch."""
    reader = Reader(browser, site + "three.html")
    reader.press(4)
    reader.page.get_by_role("button", name="Stop").click()  # while Python is loaded
    reader.waits_for("Stopped")
    reader.page.get_by_role("button", name="Reset page").click()
    assert "NameError" in reader.run(5)
    reader.page.get_by_role("button", name="Run all above, then this").click()
    reader.page.wait_for_function(
        "/1.5/.test(document.querySelectorAll('.cell')[4].querySelector('.run-output')?.innerText)"
    )
    assert reader.page.locator(".run-error").count() == 0
    reader.press(6)
    reader.waits_for("Cell 6 runs")
    reader.page.get_by_role("button", name="Stop").click()
    reader.waits_for("Python was ended: what the cells had defined is gone")
    # What was loaded is kept: Python starts again without a network.
    reader.page.context.set_offline(True)
    assert "NameError" in reader.run(5)
    assert "array([0. , 0.5, 1. , 1.5])" in reader.run(5, ".run-above")


def test_where_memory_can_be_shared_stop_keeps_what_was_defined(browser, folder):
    server = serve(folder)
    handler = server.RequestHandlerClass.func
    old = handler.end_headers

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        old(self)

    handler.end_headers = end_headers
    reader = Reader(browser, f"http://127.0.0.1:{server.server_port}/three.html")
    assert reader.page.evaluate("crossOriginIsolated")
    assert reader.run(4, ".run-above").split() == ["6"]
    reader.press(6)
    reader.waits_for("Cell 6 runs")
    reader.page.get_by_role("button", name="Stop").click()
    reader.said(6)
    assert "KeyboardInterrupt" in reader.output(6)
    assert "NameError" not in reader.run(5)
    server.shutdown()
    server.server_close()


def test_a_file_with_other_contents_is_refused(browser, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "site", copy_function=os.link)
    file = tmp_path / "site" / "_static" / "pyodide" / "python_stdlib.zip"
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.unlink()  # a link to the good one
    file.write_bytes(content)
    server = serve(tmp_path / "site")
    reader = Reader(browser, f"http://127.0.0.1:{server.server_port}/three.html")
    reader.press(1)
    reader.waits_for("python_stdlib.zip is not the file that this book was built with")
    server.shutdown()
    server.server_close()


def test_a_page_that_needs_torch_says_so(browser, site):
    reader = Reader(browser, site + "two.html")
    assert reader.page.locator(".run-go").count() == 0
    assert not [url for url in reader.requests if "run.js" in url]
    for number in (1, 2):
        note = reader.cell(number).locator(".run-note")
        assert "Needs PyTorch" in note.inner_text()
        assert note.locator("a").get_attribute("href") == "_sources/two.ipynb"


def test_cells_beside_those_that_need_torch_have_buttons(browser, site):
    reader = Reader(browser, site + "three.html")
    buttons = [reader.cell(number).locator(".run-go").count() for number in range(1, 7)]
    assert buttons == [1, 0, 0, 1, 1, 1]  # to import it is nothing, to use it is to need it


# Without a browser.


def test_a_cell_that_would_take_minutes_says_so(tmp_path):
    build(tmp_path, run_cells_base="https://example.org/pyodide/")
    bars = re.findall(r'<div class="run-bar".*?</div>', small_book.page(tmp_path, "four"), re.S)
    assert len(bars) == 3
    for bar in bars[:2]:  # the second reads what the first computes
        assert "Would take minutes in a page" in bar and "_sources/four.ipynb" in bar
        assert "<button" not in bar
    assert "run-go" in bars[2]


def test_without_the_files_there_are_no_buttons(tmp_path):
    assert build(tmp_path, run_cells_files=str(tmp_path / "nothing")) == []
    page = small_book.page(tmp_path, "one")
    assert "run-bar" not in page and "run.js" not in page
    assert not (tmp_path / "html" / "_static" / "pyodide").exists()


def test_a_wrong_file_stops_the_build(tmp_path):
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide" / "pyodide.js").write_text("alert(1)", encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"pyodide\.js is not the file"):
        build(tmp_path, run_cells_files=str(tmp_path / "pyodide"))


def test_another_address_needs_no_files(tmp_path):
    address = "https://example.org/pyodide/v0.27.7/full/"
    settings = {"run_cells_files": str(tmp_path / "nothing"), "run_cells_base": address}
    assert build(tmp_path, **settings) == []
    static = tmp_path / "html" / "_static"
    assert json.loads((static / "run.json").read_text(encoding="utf-8"))["base"] == address
    assert not (static / "pyodide").exists()
    assert address not in small_book.page(tmp_path, "one")  # asked for after the click alone


def test_buttons_are_no_words_of_the_search(tmp_path):
    build(tmp_path, run_cells_base="https://example.org/pyodide/")
    index = (tmp_path / "html" / "searchindex.js").read_text(encoding="utf-8")
    assert '"edit"' not in index and "Run all above" in small_book.page(tmp_path, "one")
