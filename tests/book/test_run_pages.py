"""A chapter of the finished site as a reader uses it: every cell run in the page shows what the
book shows, and the notebook of a page runs when it has been downloaded.

`make audit` runs another; ``workshop/run_pages.py`` presses Run on all pages.
"""

import shutil

import pytest

pytest.importorskip("myst_nb", reason="the book's tools are not installed")
import nbformat
import run_pages
import test_browser
from test_browser import SITE

browser = test_browser.browser  # the fixtures, one browser for this file too
site = test_browser.site
PAGE = "limits/bounded-coefficients"
ANOTHER = "neighbours/power-series"
# The wrong twin: one printed digit of the book is another one.
PLANT = """addEventListener('load', () => {
  const planted = [...document.querySelectorAll('.cell_output .stream pre')].at(1);
  planted.textContent = planted.textContent.replace(/[1-8]/, '9');
  planted.closest('.cell').querySelector('.run-bar').classList.add('planted');
})"""


@pytest.fixture(scope="module")
def reader(browser, site):
    if not (SITE / "_static" / "run.json").is_file():
        pytest.skip("the site has no Run buttons: `make pyodide book` first")
    context = browser.new_context()  # one for all pages: what the first has loaded is kept
    yield context
    context.close()


def test_run_shows_what_the_book_shows_and_a_planted_digit_is_found(reader, site):
    page = reader.new_page()
    page.add_init_script(PLANT)
    swept = run_pages.sweep(page, site, PAGE)
    planted = int(page.locator(".planted").get_attribute("data-cell"))
    page.close()
    assert swept.cells > 5 and list(swept.wrong) == [planted], str(swept)
    assert "\n+ " in swept.wrong[planted], str(swept)


@pytest.mark.every_page
def test_run_shows_what_the_book_shows(reader, site):
    page = reader.new_page()
    swept = run_pages.sweep(page, site, ANOTHER)
    page.close()
    assert swept.cells > 5 and swept.wrong == {}, str(swept)


def test_a_downloaded_notebook_runs(browser, site, tmp_path):
    client = pytest.importorskip("nbclient", reason="the book's tools are not installed")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{site}{PAGE}.html")
    with page.expect_download() as started:
        page.locator(".page-tools").get_by_role("link", name="Notebook").click()
    file = tmp_path / started.value.suggested_filename
    shutil.copyfile(started.value.path(), file)
    page.close()
    assert file.suffix == ".ipynb"
    notebook = nbformat.read(file, 4)
    nbformat.validate(notebook)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "pip install" in first.source
    first.source = ""  # the package is installed already; a wheel would come from the site
    place = {"metadata": {"path": str(tmp_path)}}
    client.NotebookClient(notebook, timeout=120, resources=place).execute()
    printed = "".join(
        output.get("text", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert len(printed) > 100
