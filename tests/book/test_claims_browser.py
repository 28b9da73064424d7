"""The ledger of claims in a browser: filters, statements, weight; and the landing page."""

import re
from collections import Counter

import pytest
import test_browser
from test_browser import GOOD, SITE, visit

browser, site, desk = test_browser.browser, test_browser.site, test_browser.desk
planted = test_browser.planted

LIMIT = 900_000  # bytes of the page
VISIBLE = """() => [...document.querySelectorAll(".claims-card")].filter(
    (card) => card.checkVisibility()).map((card) => card.className.split(" "))"""


@pytest.fixture
def ledger(desk):
    desk.page.goto(desk.base + "claims.html")
    desk.page.wait_for_selector(".claims-filter:not([hidden])")
    return desk


def test_the_page_is_light():
    if not (SITE / "claims.html").is_file():
        pytest.skip("no built site: run `make book` first")
    assert (SITE / "claims.html").stat().st_size <= LIMIT
    assert 'href="claims.json"' in (SITE / "claims.html").read_text(encoding="utf-8")


def counts(page) -> dict[str, int]:
    read = """() => [...document.querySelectorAll(".claims-filter label")].map((label) => [
        label.querySelector("input").name + "-" + label.querySelector("input").value,
        Number(label.querySelector(".claims-count").textContent)])"""
    return dict(page.evaluate(read))


def test_the_counts_are_those_of_the_cards(ledger):
    classes = Counter(name for card in ledger.page.evaluate(VISIBLE) for name in card)
    shown = counts(ledger.page)
    assert shown == {name: classes[name] for name in shown}
    assert {"part-limits", "status-new", "status-quoted", "check-monte-carlo"} <= shown.keys()
    assert sum(n for name, n in shown.items() if name.startswith("part-")) == len(
        ledger.page.evaluate(VISIBLE)
    )


def test_filters_by_keyboard_with_the_choice_in_the_address(ledger):
    page = ledger.page
    everything = len(page.evaluate(VISIBLE))
    offered = counts(page)
    page.locator("input[name=part][value=limits]").focus()
    page.keyboard.press("Space")
    assert len(page.evaluate(VISIBLE)) == offered["part-limits"]
    after = counts(page)
    assert after["part-sharp"] == offered["part-sharp"]  # another part adds its results
    assert after["status-new"] < offered["status-new"]  # of this part only
    page.locator("input[name=status][value=new]").focus()
    page.keyboard.press("Space")
    cards = page.evaluate(VISIBLE)
    assert len(cards) == after["status-new"] > 0
    assert all({"part-limits", "status-new"} <= set(card) for card in cards)
    status = page.locator(".claims-filter [role=status]")
    assert status.inner_text() == f"{len(cards)} of {everything} results."
    empty = ".claims-chapter:visible:not(:has(.claims-card:not([hidden])))"
    assert page.locator(".claims-chapter:visible").count() > 0 == page.locator(empty).count()
    assert page.url.endswith("claims.html?part=limits&status=new")

    page.reload()
    page.wait_for_selector(".claims-filter:not([hidden])")
    assert page.evaluate(VISIBLE) == cards
    page.locator("input[name=status][value=sharpened]").check()
    assert len(page.evaluate(VISIBLE)) > len(cards)  # either status
    page.locator(".claims-filter button").focus()
    page.keyboard.press("Enter")
    assert len(page.evaluate(VISIBLE)) == everything
    assert page.url.endswith("claims.html")


def test_a_link_to_a_card_shows_it_whatever_is_chosen(ledger):
    page = ledger.page
    page.goto(ledger.base + "claims.html?part=power#claim-thm-any-coefficients")
    page.wait_for_selector(".claims-filter:not([hidden])")
    assert page.locator("#claim-thm-any-coefficients").is_visible()


def test_a_statement_is_typeset_when_it_is_opened_and_plain_before(ledger):
    page = ledger.page
    card = page.locator("#claim-thm-any-coefficients")
    plain = card.locator("p.claims-statement")
    assert "r < " in plain.text_content() and "\\" not in plain.text_content()
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator("div.claims-statement .katex").first.wait_for(state="visible")
    assert card.locator("p.claims-statement").count() == 0
    assert card.locator(".claim-source, [id]").count() == 0
    for link in card.locator("div.claims-statement a").all():
        assert "/limits/" in link.evaluate("link => link.href")


def test_without_the_chapter_the_plain_statement_stays(browser, site):
    here = visit(browser, site, 1280, "light")
    here.page.goto(here.base + "claims.html")
    here.page.route("**/limits/*.html", lambda route: route.abort())
    card = here.page.locator("#claim-thm-any-coefficients")
    card.locator("summary").click()
    here.page.wait_for_timeout(300)
    assert card.locator("p.claims-statement").is_visible()
    here.page.close()


def test_without_scripts_and_on_paper_everything_is_there(browser, site, ledger):
    everything = len(ledger.page.evaluate(VISIBLE))
    ledger.page.goto(ledger.base + "claims.html?status=quoted")
    ledger.page.wait_for_selector(".claims-filter:not([hidden])")
    assert len(ledger.page.evaluate(VISIBLE)) < everything
    ledger.page.emulate_media(media="print")
    assert len(ledger.page.evaluate(VISIBLE)) == everything
    assert not ledger.page.locator(".claims-filter").is_visible()

    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "claims.html?status=quoted")
    cards = page.locator(".claims-card")
    assert cards.count() == everything
    assert all(card.is_visible() for card in (cards.first, cards.nth(40), cards.last))
    assert not page.locator(".claims-filter").is_visible()
    context.close()


# The landing page ---------------------------------------------------------------------------------

# What stands above the first section: the claims with their statements, one picture, three doors.
LANDING = """() => {
  const found = [], article = document.querySelector("article");
  const before = (a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING;
  const section = article.querySelector("h2"), image = article.querySelector("figure img");
  const above = (what) => [...article.querySelectorAll(what)].filter((e) => before(e, section));
  const shown = (code) => code.closest(".cell_input") && code.checkVisibility();
  const doors = above(".doors > li");
  if (above("figure img").length !== 1) found.push("not one picture");
  if (doors.filter((door) => door.querySelector("a")).length !== 3) found.push("not three doors");
  if (above("a[href*='#thm-']").length < 3) found.push("fewer than three statements");
  if (above("pre").some(shown)) found.push("code comes first");
  if (image && doors[0] && !before(image, doors[0])) found.push("doors before the picture");
  return found;
}"""


def test_the_landing_page_has_what_is_proved_a_picture_and_three_doors(desk):
    page = desk.page
    page.goto(desk.base + "intro.html", wait_until="networkidle")
    assert page.evaluate(LANDING) == []
    image = page.locator("article figure img").first
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 400
    size = page.evaluate(
        "src => fetch(src).then((r) => r.blob()).then((b) => b.size)", image.get_attribute("src")
    )
    assert size <= 80_000
    addresses = page.locator(".doors a").evaluate_all("links => links.map((link) => link.href)")
    for address in addresses:
        page.goto(address, wait_until="networkidle")
        _, _, anchor = address.partition("#")
        assert not anchor or page.locator(f"[id='{anchor}']").count() == 1


def test_a_poor_landing_page_is_found(planted):
    folder, here = planted
    poor = (
        "<article><h1>Book</h1><div class='cell_input'><pre>import math</pre></div>"
        "<ul class='doors'><li><a href='a.html'>Read</a></li></ul><h2>More</h2>"
        "<figure><img alt='x' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></figure></article>"
    )
    (folder / "poor.html").write_text(GOOD.format(poor), encoding="utf-8")
    here.page.goto(here.base + "poor.html")
    assert here.page.evaluate(LANDING) == [
        "not one picture",
        "not three doors",
        "fewer than three statements",
        "code comes first",
        "doors before the picture",
    ]


def test_the_numbers_at_the_head_come_from_the_run():
    """None is typed: each is a number that the run kept."""
    source = (SITE.parents[1] / "book" / "intro.md").read_text(encoding="utf-8")
    head = source[: source.index("```{code-cell}")].partition("# Random Features")[2]
    typed = re.findall(r"\d[\d.]*(?:·10|e\+|[ ]?%)", head)
    assert not typed
    assert head.count("{glue:text}") >= 4
