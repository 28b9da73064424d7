"""The explorer in a real browser: by keyboard, mouse and touch; its state in the address; its
numbers those of the package; on paper and without scripts a table.

Most is tried on a small page of its own; what needs the finished site is skipped without it.
"""

import sys
from pathlib import Path

import pytest
import test_browser
from small_book import build, write
from small_book import page as built_page
from test_browser import SITE, Visit, pages, serve, visit

from randomfeatures.chapters.explorer import ERRORS, grid, page
from randomfeatures.sharp.every_bound import numbers
from randomfeatures.sharp.every_bound_table import KINDS

BOOK = Path(__file__).resolve().parents[2] / "book"
pytest.importorskip("sphinx", reason="the book's tools are not installed")
sys.path.insert(0, str(BOOK / "_ext"))
from explorer import STATIC  # noqa: E402

browser, site = test_browser.browser, test_browser.site

LABELS = sorted({kind.label for kind in KINDS.values() if "-" in kind.label} | {"thm-full-degrees"})
SKELETON = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Numbers</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><link rel="stylesheet" href="explorer.css"></head>
<body><main><article><h1>Numbers</h1>
<p style="min-height: 60rem">{links}</p>{explorer}</article></main>
<script src="explorer.js"></script></body></html>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page with the explorer alone, and the links that the chapter around it has."""
    folder = tmp_path_factory.mktemp("explorer")
    links = " ".join(f'<a href="x.html#{label}">Theorem {label[4:]}</a>' for label in LABELS)
    text = SKELETON.format(links=links, explorer=page(grid((10, 784), (-0.5, 0.0, 0.5))))
    (folder / "numbers.html").write_text(text, encoding="utf-8")
    for file in STATIC.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="module")
def address(folder):
    server = serve(folder)
    yield f"http://127.0.0.1:{server.server_port}/numbers.html"
    server.shutdown()
    server.server_close()


@pytest.fixture
def here(browser, address):
    listener = visit(browser, address.removesuffix("numbers.html"), 1280, "light")
    listener.page.goto(address)
    yield listener
    listener.page.close()
    assert listener.found == []


def shown(page) -> dict[str, str]:
    """The numbers of both tables, without their signs."""
    rows = page.locator(".explorer-view tr[data-kind]").all()
    cells = {row.get_attribute("data-kind"): row.locator("td").first.inner_text() for row in rows}
    return {name: text.partition("\u00a0")[2] for name, text in cells.items()}


def expected(d: int, error: float, r: int, bias: float = 0.0) -> dict[str, str]:
    entries = numbers(d, error=error, r=r, bias=bias).entries()
    return {
        name: "" if entry.text == "-" or "off here" in entry.assumes else entry.text
        for name, entry in entries.items()
    }


def values(page) -> dict[str, str]:
    controls = page.locator(".explorer-control output").all()
    return {control.get_attribute("for")[9:]: control.inner_text() for control in controls}


def test_it_opens_with_the_numbers_of_the_page(here):
    assert shown(here.page) == expected(784, 0.01, 4096)
    said = here.page.locator(".explorer-sentences p").all_inner_texts()
    assert " ".join(numbers(784, error=0.01).sentences().split()) == said[0]
    assert said[1].startswith("784 dimensions, 4,096 features: at least 0.08988 ‖w‖² with any")
    assert here.page.url.endswith("numbers.html")  # nothing was chosen yet


def test_every_control_by_keyboard(here):
    page = here.page
    page.keyboard.press("Tab")
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == "explorer-d":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Home")
    assert shown(page) == expected(10, 0.01, 4096)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # norm 10
    assert shown(page) == expected(10, 0.0001, 4096)
    page.keyboard.press("Tab")
    page.keyboard.press("End")  # error 0.0001
    assert values(page) == {"d": "10", "norm": "10", "error": "0.0001", "bias": "", "r": "4,096"}
    assert shown(page) == expected(10, 1e-6, 4096)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "explorer-bias"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == expected(10, 1e-6, 2048)
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "2,048"


def test_every_number_of_a_dimension_is_the_package_s(here):
    move = """([name, value]) => {
        const input = document.getElementById(`explorer-${name}`);
        input.value = value;
        input.dispatchEvent(new Event('input', {bubbles: true}));
    }"""
    errors = [error for error in map(str, ERRORS) if float(error) >= 1e-4]
    for place, squared in enumerate((1, 10, 100, 1000)):
        here.page.evaluate(move, ["norm", place])
        for index, error in enumerate(errors):
            here.page.evaluate(move, ["error", index])
            here.page.evaluate(move, ["r", 3 * place + index])
            relative = float(f"{float(error) / squared:.0e}")
            assert shown(here.page) == expected(784, relative, 2 ** (3 * place + index))


def test_a_bias_leaves_what_is_proved_for_it(here):
    here.page.get_by_label("Bias ÷ norm").select_option("0.5")
    right = expected(784, 0.01, 4096, bias=0.5)
    assert right["best_width"] == "51,826,859"
    assert shown(here.page) == right | {"best_error": ""}  # not on the grid, and it says so
    text = here.page.locator("tr[data-kind=random_width_proved]").inner_text()
    assert "with a bias: not proved" in text
    said = here.page.locator(".explorer-sentences").inner_text()
    assert "a bias of 0.5 ‖w‖: at least 51,826,859 features of any kind." in said


def test_the_address_holds_the_choice(here, browser, address):
    page = here.page
    page.get_by_label("Squared error").press("ArrowRight")
    page.get_by_label("Bias ÷ norm").select_option("−0.5")
    assert page.url == f"{address}#d=784&norm=1&error=0.005&bias=-0.5&r=4096"
    link = page.locator(".explorer-address a")
    assert link.get_attribute("href") == "#" + page.url.partition("#")[2]
    again = visit(browser, address.removesuffix("numbers.html"), 390, "dark")
    again.page.goto(page.url)
    assert shown(again.page) == shown(page)
    assert values(again.page) == values(page)
    top = "document.querySelector('.explorer').getBoundingClientRect().top"
    assert again.page.evaluate(f"scrollY > 0 && {top} >= 0 && {top} < innerHeight / 4")
    assert again.found == []
    again.page.close()


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        ("d=10&norm=10&error=0.05&r=16", (10, 0.0005, 16)),
        ("d=700&norm=3&error=0.011&r=5000", (784, 0.001, 4096)),  # the nearest of each
        ("d=999999&error=1e-30&r=1e99", (784, 0.0001, 2**30)),
        ("d=ten&error=&r=-3&norm=0&bias=x&other=1", (784, 0.01, 4096)),
        ("", (784, 0.01, 4096)),
        ("sec-explorer", (784, 0.01, 4096)),
    ],
)
def test_an_address_is_restored_to_the_nearest_point(here, address, choice, state):
    here.page.goto(f"{address}?loaded-again#{choice}")
    assert shown(here.page) == expected(*state)


def test_an_address_that_changes_moves_the_page(here):
    here.page.evaluate("location.hash = '#d=10&error=0.1&norm=1&r=64&bias=0'")
    here.page.wait_for_function("document.getElementById('explorer-r').value === '6'")
    assert shown(here.page) == expected(10, 0.1, 64)
    here.page.evaluate("location.hash = '#elsewhere'")
    assert shown(here.page) == expected(10, 0.1, 64)


def test_each_number_links_to_its_theorem(here):
    for name, kind in KINDS.items():
        cell = here.page.locator(f"tr[data-kind={name}] td").nth(1)
        if "-" in kind.label:
            assert cell.locator("a").get_attribute("href").startswith("x.html#"), name
            assert cell.locator("a").inner_text().startswith("Theorem ")
    proved = here.page.locator("tr[data-kind=random_width_proved] a")
    assert proved.get_attribute("href") == "x.html#prop-sandwich"
    here.page.get_by_label("Squared error").press("End")
    assert proved.get_attribute("href") == "x.html#thm-full-degrees"


def test_the_figure_by_mouse_and_by_touch(here, browser, address):
    figure = here.page.locator("svg.explorer-figure")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    # The axis begins at 58 pixels and ends 12 before the edge; errors 0 to 9 are on it.
    at = box["x"] + 58 + (box["width"] - 70) * 3 / 9
    here.page.mouse.click(at + 3, box["y"] + 60)
    assert values(here.page)["error"] == "0.02"
    assert shown(here.page) == expected(784, 0.02, 4096)
    context = browser.new_context(viewport={"width": 390, "height": 900}, has_touch=True)
    phone = Visit(context.new_page(), address.removesuffix("numbers.html"))
    phone.page.goto(address)
    figure = phone.page.locator("svg.explorer-figure")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    at = box["x"] + 58 + (box["width"] - 70) * 1 / 9
    phone.page.touchscreen.tap(at - 3, box["y"] + 60)
    assert shown(phone.page) == expected(784, 0.1, 4096)
    assert phone.found == []
    context.close()


def test_the_figure_has_its_curves_and_its_cross(here):
    curves = here.page.locator("svg.explorer-figure path")
    assert curves.count() == 4  # the bounds by way of the wave begin at smaller errors
    assert here.page.locator("svg.explorer-figure circle").count() == 4
    here.page.goto(f"{here.base}numbers.html?loaded-again#d=10&norm=31.62&error=0.0001")
    assert curves.count() == 6
    inside = """() => {
        const figure = document.querySelector('svg.explorer-figure');
        const box = figure.getBoundingClientRect();
        return [...figure.querySelectorAll('circle, text')].every((mark) => {
            const place = mark.getBoundingClientRect();
            return place.left >= box.left - 1 && place.right <= box.right + 5
                && place.top >= box.top - 5 && place.bottom <= box.bottom + 1;
        });
    }"""
    assert here.page.evaluate(inside)
    here.page.set_viewport_size({"width": 390, "height": 900})
    here.page.wait_for_function("document.querySelector('svg.explorer-figure').clientWidth < 390")
    assert here.page.evaluate(inside)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_a_table_stands_in_its_place(here):
    table, view = here.page.locator(".explorer-fallback"), here.page.locator(".explorer-view")
    assert view.is_visible() and not table.is_visible()
    here.page.emulate_media(media="print")
    assert table.is_visible() and not view.is_visible()
    assert "2,916,896,016" in table.inner_text()


def test_without_scripts_a_table_stands_in_its_place(browser, address):
    context = browser.new_context(java_script_enabled=False)
    alone = context.new_page()
    alone.goto(address)
    assert alone.locator(".explorer-fallback").is_visible()
    assert "2,916,896,016" in alone.locator(".explorer-fallback").inner_text()
    assert alone.locator(".explorer-view").count() == 0
    context.close()


def test_it_works_from_a_folder_on_disk(browser, folder):
    here = Visit(browser.new_page(), folder.as_uri())
    here.page.goto(f"{folder.as_uri()}/numbers.html#d=10")
    here.page.get_by_label("Squared error").press("ArrowRight")
    assert shown(here.page) == expected(10, 0.005, 4096)
    assert "error=0.005" in here.page.url
    assert here.found == []
    here.page.close()


def test_only_its_page_loads_its_files(tmp_path):
    pages = {"book/numbers.md": "# Numbers\n", "book/other.md": "# Other\n"}
    write(tmp_path, pages)
    assert build(tmp_path, "explorer") == []
    for name in ("explorer.js", "explorer.css"):
        assert f"_static/{name}" in built_page(tmp_path, "numbers")
        assert name not in built_page(tmp_path, "other")
        assert (tmp_path / "html" / "_static" / name).is_file()


# On the finished site ----------------------------------------------------------------------------


def built() -> None:
    if not (SITE / "numbers.html").is_file():
        pytest.skip("no page of numbers in the built site: run `make book` first")


@pytest.mark.parametrize("file", ["explorer.js", "explorer.css"])
def test_only_its_page_of_the_book_loads_its_files(site, file):
    built()
    loading = [name for name in pages() if file in (SITE / name).read_text(encoding="utf-8")]
    assert loading == ["numbers.html"]
    assert ".explorer-" not in (SITE / "_static" / "site.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_page_of_the_book(browser, site, width, mode):
    built()
    here = visit(browser, site, width, mode)
    assert here.problems("numbers.html#d=784&norm=1&error=0.01&bias=0&r=4096") == []
    assert shown(here.page) == expected(784, 0.01, 4096)
    links = here.page.locator(".explorer-view td:last-child a")
    assert links.count() == len(KINDS)
    for link in links.all():
        target, _, label = link.get_attribute("href").partition("#")
        assert not label or f'id="{label}"' in (SITE / target).read_text(encoding="utf-8")
    here.page.get_by_label("Dimension d").press("ArrowRight")
    assert shown(here.page) == expected(1000, 0.01, 4096)
    assert here.found == []
    here.page.close()
