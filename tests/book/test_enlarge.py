"""A figure as large as the screen allows, in a real browser: by pointer, finger and keyboard.

Skipped where there is no site or no browser, as in ``test_browser``.
"""

import re

import pytest
from test_browser import ARGUMENTS, SITE, browser, lay_out, pages, short_page_with, site, visit

__all__ = ["ARGUMENTS", "browser", "site"]  # fixtures

FIGURE = re.compile(r'<figure[^>]* id="(fig-[^"]*)"')
LARGE = "dialog.figure-large"
STATE = """() => {
  const box = document.querySelector('.figure-box'), image = box.querySelector('img');
  const size = image.getBoundingClientRect();
  return {width: size.width, height: size.height, alt: image.alt, src: image.src,
    boxWidth: box.clientWidth, boxHeight: box.clientHeight, left: box.scrollLeft,
    scrolls: box.scrollWidth > box.clientWidth + 1, reachable: box.tabIndex === 0};
}"""


def a_figure() -> tuple[str, str]:
    """The widest figure of the site, its page and its label."""
    sizes = []
    for name in pages():
        text = (SITE / name).read_text(encoding="utf-8")
        for match in FIGURE.finditer(text):
            width = re.search(r'<img [^>]*width="(\d+)"', text[match.start() :])
            if width:
                sizes.append((int(width[1]), name, match[1]))
    if not sizes:
        pytest.skip("no page of this site has a figure")
    return max(sizes)[1:]


def opened(browser, site, **settings):
    """A browser's page at the figure."""
    name, label = a_figure()
    here = visit(browser, site, 1280, "light")
    if settings:
        here.page.close()
        page = browser.new_page(**settings)
        here = type(here)(page, site)
    here.page.goto(here.base + name + "#" + label)
    here.page.wait_for_load_state("load")
    lay_out(here.page)
    image = here.page.locator(f"#{label} img")
    image.scroll_into_view_if_needed()
    image.evaluate("image => image.decode()")
    return here, image


def is_open(here) -> bool:
    return here.page.locator(LARGE).evaluate_all("found => found.some((d) => d.open)")


def test_by_pointer_and_by_keyboard(browser, site):
    here, image = opened(browser, site)
    small = image.bounding_box()
    top = here.page.evaluate("scrollY")
    image.click()
    assert is_open(here)
    state = here.page.evaluate(STATE)
    assert state["alt"] == image.get_attribute("alt")
    assert state["src"].endswith(image.get_attribute("src").split("/")[-1])
    assert state["width"] > 1.3 * small["width"] and not state["scrolls"]
    full = state["width"] / state["boxWidth"], state["height"] / state["boxHeight"]
    assert 0.99 < max(full) <= 1, full
    here.page.keyboard.press("Escape")
    assert not is_open(here) and here.page.evaluate("scrollY") == top
    focused = here.page.locator(":focus")
    assert focused.get_attribute("aria-label").startswith("Enlarge Fig")
    here.page.keyboard.press("Enter")
    assert is_open(here)
    assert here.page.locator(LARGE).get_attribute("aria-label").startswith("Fig")
    here.page.keyboard.press("Enter")  # on the cross, which has the focus
    assert not is_open(here)
    assert here.page.locator(":focus").get_attribute("aria-label").startswith("Enlarge Fig")
    here.page.close()
    assert not here.found, here.found


def test_by_finger_the_figure_keeps_its_size_and_scrolls(browser, site):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    here, image = opened(browser, site, **phone)
    image.tap()
    assert is_open(here)
    state = here.page.evaluate(STATE)
    assert state["width"] == pytest.approx(int(image.get_attribute("width")), abs=2)
    assert state["scrolls"] and state["reachable"] and state["left"] == 0
    wide = "document.documentElement.scrollWidth"
    assert here.page.evaluate(wide) == 390  # the figure scrolls, the page does not
    box = here.page.locator(".figure-box")
    box.focus()
    here.page.keyboard.press("ArrowRight")
    here.page.wait_for_function("document.querySelector('.figure-box').scrollLeft > 0")
    box.tap()
    assert not is_open(here)
    here.page.close()
    assert not here.found, here.found


def test_a_figure_whose_width_is_set_and_a_film_open_too(browser, site):
    """The former is a link to its file, for readers without scripts; of a film it is the frame."""
    here = visit(browser, site, 1280, "light")
    name = short_page_with('class="reference internal image-reference"')
    here.page.goto(here.base + name)
    here.page.locator("figure:has(.figure-enlarge) img").first.click()
    assert is_open(here) and here.page.url == here.base + name
    here.page.goto(here.base + short_page_with('class="film"'))
    film = here.page.locator(".film").first
    film.locator("input").focus()
    here.page.keyboard.press("Home")
    film.get_by_role("button", name="Enlarge").click()
    assert is_open(here)
    assert here.page.evaluate(STATE)["src"] == film.locator("img").first.evaluate("i => i.src")
    here.page.close()
    assert not here.found, here.found


def test_on_paper_and_without_scripts_nothing_of_it_is_there(browser, site):
    here, _ = opened(browser, site)
    button = here.page.locator(".figure-enlarge").first
    assert button.is_visible()
    here.page.emulate_media(media="print")
    assert not button.is_visible()
    here.page.close()
    name, label = a_figure()
    page = browser.new_page(java_script_enabled=False)
    page.goto(site + name)
    assert page.locator(f"#{label} img").count() == 1
    assert page.locator(".figure-enlarge").count() == 0
    page.close()
