"""A reader checks an answer in the page: in a real browser, by Python in the page, without a
network.
"""

import sys

import pytest

pytest.importorskip("sphinx_exercise", reason="the book's tools are not installed")
pytest.importorskip("myst_nb", reason="the book's tools are not installed")
import small_book
import test_exercises
import test_run_cells

browser = test_run_cells.browser
sys.path.append(str(test_run_cells.ROOT / "answers"))
import seal_answers  # noqa: E402

LABEL = "ex-parseval"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not (test_run_cells.PYODIDE / "pyodide.asm.wasm").is_file():
        pytest.skip("Python for the page is missing: run `make pyodide` first")
    folder = tmp_path_factory.mktemp("check")
    one = test_run_cells.HEAD + test_exercises.ONE
    small_book.write(folder, {"book/all.md": test_exercises.INDEX, "book/one.md": one})
    extensions = ("myst_nb", *test_exercises.EXTENSIONS, "run_cells")
    settings = {"nb_execution_mode": "off", "run_cells_files": str(test_run_cells.PYODIDE)}
    settings |= {"mathjax_path": "none.js"}  # the small book's formulas ask a network otherwise
    assert small_book.build(folder, *extensions, **settings) == []
    server = test_run_cells.serve(folder / "html")
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_an_answer_is_checked_in_the_page(browser, site):
    reader = test_run_cells.Reader(browser, site + "one.html")
    assert "No answer yet. Asked: a number" in reader.run(1)
    question = next(q for q in seal_answers.table() if q.label == LABEL)
    said, wrong = next(iter(question.wrong.items()))
    typed = "..."
    reader.press(1, ".run-edit")
    for answer, expected in ((question.right, "Right."), (wrong, f"Not right. {said}")):
        reader.page.keyboard.press("Control+End")
        for _ in range(len(typed) + 1):  # the bracket, and what stood there before
            reader.page.keyboard.press("Backspace")
        typed = repr(float(answer))
        reader.page.keyboard.type(f"{typed})")
        reader.page.keyboard.press("Shift+Enter")
        reader.page.wait_for_function(
            "said => document.querySelector('.run-output')?.innerText.startsWith(said)",
            arg=expected,
        )
    assert reader.errors == []
    addresses = {url.split("/")[2] for url in reader.requests if not url.startswith("blob:")}
    assert addresses == {site.split("/")[2]}
