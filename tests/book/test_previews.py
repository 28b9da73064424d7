"""What a reader does with references and statements, in a real browser.

Previews by pointer, keyboard and finger, the way back, citing, copying a formula, keys, the
notation at hand. Skipped where there is no site or no browser, as in ``test_browser``.
"""

import functools
import re

import pytest
from small_book import build, page, write
from test_browser import (
    ARGUMENTS,
    SITE,
    browser,
    lay_out,
    pages,
    pages_with,
    short_page_with,
    site,
    visit,
)

__all__ = ["ARGUMENTS", "browser", "site"]  # fixtures

STATEMENTS = re.compile(r"^(thm|prop|lem|cor|def|rem|exm|ex|fig|equation)-")
SHOWN = ".preview:popover-open"
INSIDE = """box => { const r = box.getBoundingClientRect();
  return r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight; }"""


@functools.cache
def text(name: str) -> str:
    """A page's article."""
    whole = (SITE / name).read_text(encoding="utf-8")
    return whole[whole.find("<article") : whole.find("</article>")]


def in_a_fold(markup: str, position: int) -> bool:
    return markup.count("<details", 0, position) > markup.count("</details>", 0, position)


@functools.cache
def reference(kind: str, elsewhere: bool, folded: bool = False) -> tuple[str, str]:
    """The shortest page and address of a link to a target of the kind, not in a fold."""
    link = re.compile(rf'<a class="reference internal" href="([^"#]*)#({kind}[^"]*)"')
    for name in pages_with('class="reference internal"'):
        if name.startswith(("code/", "claims", "search", "sources", "genindex")):
            continue
        for match in link.finditer(text(name)):
            path, target = match.groups()
            if bool(path) != elsewhere or in_a_fold(text(name), match.start()):
                continue
            there = text(place(name, path) if path else name)
            position = there.find(f'id="{target}"')
            if position >= 0 and (not folded or in_a_fold(there, position)):
                return name, f"{path}#{target}"
    pytest.skip(f"no page of this site has a reference to {kind}")


def place(name: str, path: str) -> str:
    """The page that a path on the page ``name`` leads to."""
    return SITE.joinpath(name).parent.joinpath(path).resolve().relative_to(SITE).as_posix()


def hover(link) -> None:
    """The pointer on a link that no longer moves: sections are laid out one after another."""
    lay_out(link.page)
    link.hover()


def at(page, href: str):
    """A link to press; what is above it moves no more."""
    lay_out(page)
    return page.locator(f'article p a.reference[href="{href}"]').locator("visible=true").first


@pytest.fixture
def desk(browser, site):
    here = visit(browser, site, 1280, "light", again=True)
    here.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    here.page.set_default_timeout(15_000)
    yield here
    here.page.close()
    # A page that is left while its fonts come is no fault.
    assert not [f for f in here.found if not re.search("^failed: .*/fonts/", f)], here.found


@pytest.fixture
def phone(browser, site):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page, site
    context.close()


KINDS = {
    "theorem": ("(?:thm|prop|lem)-", ".admonition-title .caption-number"),
    "definition": ("def-", ".admonition-title .caption-number"),
    "exercise": ("ex-", ".admonition-title .caption-number"),
    "equation": ("equation-", ".katex"),
    "figure": ("fig-", "figcaption"),
    "citation": (r"id\d+", ".citation p"),
}


@pytest.mark.parametrize(
    "kind, elsewhere",
    [(kind, elsewhere) for kind in KINDS for elsewhere in (True, False)][:-1],
)
def test_a_pointer_on_a_reference_shows_what_it_names(desk, kind, elsewhere):
    pattern, content = KINDS[kind]
    name, href = reference(pattern, elsewhere)
    asked = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.page.goto(desk.base + name)
    link = at(desk.page, href)
    link.scroll_into_view_if_needed()
    desk.page.wait_for_timeout(300)
    assert [url for url in asked if ".html" in url] == [desk.page.url]  # before it is asked for
    hover(link)
    preview = desk.page.locator(SHOWN)
    preview.wait_for()
    assert preview.locator(content).first.is_visible()
    assert preview.evaluate(INSIDE)
    described = link.get_attribute("aria-describedby")
    assert desk.page.locator(f"#{described}").inner_text().strip()
    assert preview.get_attribute("role") == "tooltip"
    assert preview.locator("a[href]:visible, button:visible, [tabindex]").count() == 0
    assert preview.locator(".claim-source, .relations, .headerlink").count() == 0
    assert [url for url in asked if ".html" in url][1:] == (
        [desk.page.evaluate("([p]) => new URL(p, location).href.split('#')[0]", [href])]
        if elsewhere
        else []
    )
    preview.hover()  # it may be read with the pointer on it
    desk.page.wait_for_timeout(500)
    assert preview.is_visible()
    desk.page.mouse.move(2, 2)
    preview.wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None
    ids = desk.page.evaluate("[...document.querySelectorAll('article [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_a_preview_names_its_page(desk):
    name, href = reference("(?:thm|prop)-", elsewhere=True)
    desk.page.goto(desk.base + name)
    hover(at(desk.page, href))
    shown = desk.page.locator(f"{SHOWN} .preview-place")
    heading = re.search(r"<h1>.*?</span>([^<]{12})", text(place(name, href.split("#")[0])))[1]
    assert heading in shown.inner_text()


def test_a_preview_by_keyboard(desk):
    """The link with the focus shows it, Escape closes it, Enter follows."""
    name, href = reference("(?:thm|prop)-", elsewhere=True)
    desk.page.goto(desk.base + name)
    link = at(desk.page, href)
    link.evaluate("link => link.focus({ focusVisible: true })")
    desk.page.locator(SHOWN).wait_for()
    assert link.get_attribute("aria-describedby")
    desk.page.keyboard.press("Escape")
    desk.page.locator(SHOWN).wait_for(state="hidden")
    assert link.evaluate("link => link === document.activeElement")
    desk.page.wait_for_timeout(500)
    assert not desk.page.locator(SHOWN).is_visible()
    desk.page.keyboard.press("Shift+Tab")
    desk.page.keyboard.press("Tab")
    desk.page.locator(SHOWN).wait_for()
    desk.page.keyboard.press("Tab")
    desk.page.wait_for_function(
        "([box, link]) => link.getAttribute('aria-describedby') === null",
        arg=[None, link.element_handle()],
    )
    link.focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/" + href.removeprefix("../"))


@pytest.mark.parametrize("kind", ["theorem", "equation", "citation"])
def test_a_preview_by_finger(phone, kind):
    """The first tap shows it; a tap elsewhere closes it; from it, or by a second tap, one goes."""
    page, base = phone
    name, href = reference(KINDS[kind][0], elsewhere=True)
    preview, there = page.locator(SHOWN), "**/" + href.removeprefix("../")

    def tap(part):
        at(page, href).evaluate(
            "(link, part) => scrollTo({ behavior: 'instant',"
            " top: scrollY + link.getBoundingClientRect().top - part * innerHeight })",
            part,
        )
        at(page, href).tap()

    def tapped(part):
        page.goto(base + name)
        tap(part)
        preview.wait_for()
        assert page.url == base + name
        assert preview.evaluate(INSIDE) and preview.get_attribute("role") == "dialog"
        assert preview.locator(KINDS[kind][1]).first.is_visible()

    tapped(0.2)
    page.touchscreen.tap(370, 300)
    preview.wait_for(state="hidden")
    tap(0.9)
    preview.wait_for()
    preview.get_by_role("button").tap()
    preview.wait_for(state="hidden")
    tapped(0.4)
    preview.get_by_role("link", name="Go there").tap()
    page.wait_for_url(there)
    tapped(0.8)
    at(page, href).tap()
    page.wait_for_url(there)


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_no_preview_leaves_the_screen(browser, site, width):
    """Every reference of a page, wherever it stands on the screen."""
    here = visit(browser, site, width, "light", again=True)
    here.page.goto(here.base + pages_with('<a class="reference internal" href="#thm-')[-1])
    links = here.page.locator("article p > a.reference.internal[href^='#']")
    seen = 0
    for number in range(0, links.count(), 3):
        link = links.nth(number)
        if not link.is_visible() or not STATEMENTS.match(link.get_attribute("href")[1:]):
            continue
        link.evaluate("(link, i) => { scrollTo(0, scrollY + link.getBoundingClientRect().top - 10"
                      " - (innerHeight - 60) * (i % 3) / 2); }", number // 3)  # fmt: skip
        hover(link)
        here.page.locator(SHOWN).wait_for()
        assert here.page.locator(SHOWN).evaluate(INSIDE), link.inner_text()
        here.page.keyboard.press("Escape")
        seen += 1
    assert seen > 2
    here.page.close()
    assert not here.found, here.found


TOP = "link => link.getBoundingClientRect().top"


@pytest.mark.parametrize("how", ["button", "browser"])
@pytest.mark.parametrize("elsewhere", [True, False], ids=["another page", "the same page"])
def test_follow_a_reference_and_come_back(desk, elsewhere, how):
    """To the exact spot, with the folds as they were."""
    page = desk.page
    name, href = reference("(?:thm|prop)-", elsewhere=elsewhere)
    page.goto(desk.base + name)
    lay_out(page)
    assert page.locator(".way-back").count() == 0
    page.evaluate("document.querySelectorAll('article details.fold').forEach((f) => f.open = true)")
    link = at(page, href)
    link.evaluate("link => scrollTo({ top: scrollY + link.getBoundingClientRect().top - 333,"
                  " behavior: 'instant' })")  # fmt: skip
    before = link.evaluate(TOP)
    opened = page.locator("details.fold[open]").count()
    link.click()
    page.wait_for_url("**/" + href.removeprefix("../") if elsewhere else "**" + href)
    back = page.locator(".way-back-go")
    back.wait_for()
    assert len(back.inner_text()) > len("← Back to ")
    page.wait_for_timeout(300)
    page.mouse.wheel(0, 700)
    page.wait_for_timeout(300)
    if how == "button":  # lines break elsewhere meanwhile
        page.set_viewport_size({"width": 900, "height": 900})
    back.click() if how == "button" else page.go_back()
    page.wait_for_url(desk.base + name)
    page.wait_for_timeout(700)
    assert abs(at(page, href).evaluate(TOP) - before) <= 2
    assert page.locator("details.fold[open]").count() == opened
    assert page.locator(".way-back").count() == 0
    assert at(page, href).evaluate("link => link === document.activeElement")


@pytest.mark.parametrize("width", [390, 800, 1000, 1280, 1920])
def test_the_way_back_is_seen_and_can_be_pressed(browser, site, width):
    here = visit(browser, site, width, "light", again=True)
    name, href = reference("(?:thm|prop)-", elsewhere=True)
    here.page.goto(here.base + name)
    at(here.page, href).click()
    back = here.page.locator(".way-back")
    back.wait_for()
    for _ in range(2):
        here.page.wait_for_timeout(700)
        assert back.evaluate(INSIDE)
        here.page.mouse.wheel(0, 400)
    back.locator(".way-back-go").click(timeout=5000)
    here.page.wait_for_url(here.base + name)
    here.page.close()
    assert not here.found, here.found


def test_a_reference_into_a_folded_proof(desk):
    """The preview shows the formula, the link opens the fold, and the way back leads back."""
    page = desk.page
    found = None
    for elsewhere in (True, False):
        try:
            found = reference("equation-", elsewhere, folded=True)
            break
        except pytest.skip.Exception:
            continue
    if found is None:
        pytest.skip("no formula in a folded proof is referred to from outside a fold")
    name, href = found
    page.goto(desk.base + name)
    hover(at(page, href))
    page.locator(f"{SHOWN} .katex").first.wait_for()
    assert "the proof of" in page.locator(f"{SHOWN} .preview-place").inner_text()
    page.keyboard.press("Escape")
    lay_out(page)
    before = at(page, href).evaluate(TOP)
    at(page, href).click()
    page.locator(".way-back-go").wait_for()
    target = page.locator("#" + href.split("#")[1])
    page.wait_for_function("node => node.checkVisibility()", arg=target.element_handle())
    page.locator(".way-back-go").click()
    page.wait_for_url(desk.base + name)
    page.wait_for_timeout(700)
    assert abs(at(page, href).evaluate(TOP) - before) <= 2


def test_the_way_back_goes_through_all_that_was_followed_and_can_be_hidden(desk):
    page = desk.page
    name, href = reference("(?:thm|prop)-", elsewhere=True)
    page.goto(desk.base + name)
    at(page, href).click()
    page.locator(".way-back").wait_for()
    first = page.locator(".way-back-go").inner_text()
    # On to a third page: what the second one keeps is read when it is loaded again.
    page.locator("article p a.reference.internal[href*='.html#']:visible").first.click()
    page.wait_for_url(lambda url: href.split("#")[0] not in url)
    page.wait_for_function(
        "text => document.querySelector('.way-back-go')?.innerText !== text", arg=first
    )
    page.locator(".way-back-go").click()
    page.wait_for_function(
        "text => document.querySelector('.way-back-go')?.innerText === text", arg=first
    )
    page.get_by_role("button", name="Hide the way back").click()
    page.reload()
    assert page.locator(".way-back").count() == 0


def test_folds_are_as_they_were_after_another_page_and_after_a_reload(desk):
    page = desk.page
    name = short_page_with('<details class="proof-box')
    page.goto(desk.base + name)
    fold = page.locator("details.proof-box").first
    fold.locator("summary").click()
    page.wait_for_function("history.state?.folds?.length === 1")
    page.goto(desk.base + next(other for other in pages() if other != name))
    page.go_back()
    page.wait_for_url(desk.base + name)
    assert fold.evaluate("fold => fold.open")
    page.reload()
    assert fold.evaluate("fold => fold.open")
    assert page.locator("details.fold[open]").count() == 1


def test_from_disk_a_reference_is_a_link(browser):
    """No second file can be read: nothing is tried and nothing is wrong, and the way back works."""
    name, href = reference("(?:thm|prop)-", elsewhere=True)
    here = visit(browser, "file://", 1280, "light")
    here.page.goto((SITE / name).as_uri())
    hover(at(here.page, href))
    here.page.wait_for_timeout(600)
    assert here.page.locator(SHOWN).count() == 0
    at(here.page, href).click()
    here.page.locator(".way-back-go").click()
    here.page.wait_for_url((SITE / name).as_uri())
    here.page.close()
    # What else a browser says of pages from disk, of their fonts for instance, is not asked here.
    assert not [f for f in here.found if f.startswith("script") or ".html" in f], here.found


# Words at hand -----------------------------------------------------------------------------------

CLIPBOARD = "navigator.clipboard.readText()"


def said(page) -> str:
    page.locator(".said.shown").wait_for()
    return page.locator(".said").inner_text()


def test_cite_a_theorem(desk):
    page = desk.page
    page.goto(desk.base + short_page_with('class="proof theorem'))
    box = page.locator("div.proof.theorem").first
    label = box.get_attribute("id")
    number = box.locator(".caption-number").first.text_content().strip()
    box.hover()
    cite = box.get_by_role("button", name=f"cite {number}")
    cite.focus()
    page.keyboard.press("Enter")
    assert said(page) == f"BibTeX of {number} copied"
    entry = page.evaluate(CLIPBOARD)
    whole = page.locator(".page-cite pre").text_content().strip()
    assert entry.startswith(f"@incollection{{randomfeatures:{label},\n")
    assert re.search(rf"^  title = \{{{number} \(.*\), in: \d+\..*\}},$", entry, flags=re.M)
    assert re.search(rf"^  note = \{{Label {label}\. Version [\d.]+\}}$", entry, flags=re.M)
    assert entry.count("\n") == whole.count("\n") and entry.count("{") >= entry.count("}")
    # And its address.
    box.get_by_role("link", name=f"link to {number}").click()
    page.wait_for_url(f"**#{label}")
    page.wait_for_function(f"() => {CLIPBOARD}.then((t) => t.endsWith('#{label}'))")
    assert page.evaluate(CLIPBOARD) == page.url
    assert page.locator(".way-back").count() == 0


def test_a_displayed_formula_is_copied_as_latex(desk):
    page = desk.page
    page.goto(desk.base + short_page_with(r'class="formula" data-tex="[^"]*lVert'))
    formula = page.locator('.formula[data-tex*="lVert"]:visible').first
    latex = formula.get_attribute("data-tex")
    formula.locator(".katex-base").first.dblclick()
    assert said(page) == "LaTeX copied"
    assert page.evaluate(CLIPBOARD) == latex
    page.evaluate("navigator.clipboard.writeText('')")
    page.keyboard.press("Control+c")  # the double click has left it selected
    assert page.evaluate(CLIPBOARD) == latex
    # With the words around it, it is characters.
    formula.evaluate(
        """formula => {
          const range = document.createRange();
          range.setStartBefore(formula.closest("div.math").previousElementSibling);
          range.setEndAfter(formula);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        }"""
    )
    page.keyboard.press("Control+c")
    copied = page.evaluate(CLIPBOARD)
    assert formula.get_attribute("data-text")[:6] in copied and "lVert" not in copied


OPEN = "document.querySelectorAll('article details.fold[open]').length"
ALL = "document.querySelectorAll('article details.fold').length"


def test_all_folds_by_one_key_and_by_a_button(desk):
    page = desk.page
    page.goto(desk.base + short_page_with('<details class="proof-box'))
    lay_out(page)
    assert page.evaluate(OPEN) == 0
    button = page.locator(".page-folds")
    assert button.inner_text() == "Unfold all"
    page.evaluate("scrollTo({ top: document.body.scrollHeight / 2, behavior: 'instant' })")
    seen = page.evaluate_handle(
        "[...document.querySelectorAll('article h2')].find("
        "(h) => h.getBoundingClientRect().top > 0)"
    )
    seen.evaluate("h => scrollTo({ top: scrollY + h.getBoundingClientRect().top - 5,"
                  " behavior: 'instant' })")  # fmt: skip
    before = seen.evaluate(TOP)
    page.keyboard.press("o")
    assert page.evaluate(OPEN) == page.evaluate(ALL) > 0
    assert not page.locator(".page-cite").evaluate("fold => fold.open")
    assert abs(seen.evaluate(TOP) - before) <= 10  # less than half a line
    assert button.inner_text() == "Fold all"
    page.keyboard.press("o")
    assert page.evaluate(OPEN) == 0
    button.click()
    assert page.evaluate(OPEN) == page.evaluate(ALL)


def test_keys(desk):
    page = desk.page
    name = short_page_with('<details class="proof-box')
    page.goto(desk.base + name)
    page.keyboard.press("?")
    help = page.get_by_role("dialog", name="Keys")
    help.wait_for()
    assert help.locator("kbd").all_inner_texts() == ["o", "n", "p", "s", "w", "/", "?"]
    page.keyboard.press("n")  # a dialog is open: keys are its own
    page.keyboard.press("Escape")
    help.wait_for(state="hidden")
    # Not while one writes.
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("on?")
    assert page.evaluate("document.activeElement.value") == "on?"
    assert page.evaluate(OPEN) == 0 and not help.is_visible()
    page.evaluate("document.activeElement.blur()")
    following = page.locator("link[rel=next]").evaluate("link => link.href")
    page.keyboard.press("n")
    page.wait_for_url(following)
    page.keyboard.press("p")
    page.wait_for_url(desk.base + name)
    # They can be switched off, and on again.
    page.locator(".page-keys").click()
    help.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("o")
    assert page.evaluate(OPEN) == 0
    page.keyboard.press("?")
    help.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    assert page.evaluate(OPEN) > 0


def test_the_text_alone_from_page_to_page(desk):
    page, beside = desk.page, desk.page.locator(".sidebar-drawer")
    page.goto(desk.base + short_page_with('<details class="proof-box'))
    assert beside.is_visible()
    page.keyboard.press("w")
    assert not beside.is_visible() and page.locator("article h1").is_visible()
    following = page.locator("link[rel=next]").evaluate("link => link.href")
    page.keyboard.press("n")
    page.wait_for_url(following)
    assert not beside.is_visible()
    page.keyboard.press("w")
    assert beside.is_visible()
    page.reload()
    assert beside.is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_of_chapters_begins_near_this_one(browser, site, width):
    here = visit(browser, site, width, "light")
    name = [name for name in sorted(pages()) if name.startswith("sharp/")][-1]
    here.page.goto(here.base + name)
    here.page.wait_for_timeout(500)
    seen = here.page.evaluate(
        """() => {
          const here = document.querySelector(".sidebar-tree .current-page > .reference");
          const line = here.getBoundingClientRect();
          const list = here.closest(".sidebar-scroll").getBoundingClientRect();
          return [line.top >= list.top, line.bottom <= list.bottom, scrollY];
        }"""
    )
    assert seen == [True, True, 0], seen
    here.page.close()
    assert not here.found, here.found


def test_the_notation_over_a_page(desk):
    page = desk.page
    name = short_page_with('class="proof theorem')
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(desk.base + name)
    assert not [url for url in asked if url.endswith("notation.html")]
    page.get_by_role("link", name="Notation", exact=True).and_(page.locator("article a")).click()
    dialog = page.get_by_role("dialog", name="Notation")
    dialog.wait_for()
    rows = dialog.locator("tbody tr:visible")
    total = rows.count()
    assert total > 20
    dialog.get_by_role("searchbox").fill("dimension")
    assert 0 < rows.count() < total
    assert all("dimension" in text.lower() for text in rows.all_inner_texts())
    page.keyboard.press("Escape")
    if dialog.is_visible():  # the first Escape empties the field
        page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.keyboard.press("s")
    dialog.wait_for()
    dialog.get_by_role("searchbox").fill("")
    link = dialog.locator("tbody a").first
    target = link.evaluate("link => link.href")
    link.click()
    page.wait_for_url(target)
    assert [url.split("#")[0] for url in asked].count(desk.base + "notation.html") == 1


def test_the_notation_fits_a_phone(phone):
    page, base = phone
    page.goto(base + short_page_with('class="proof theorem'))
    page.locator("article a.page-notation").tap()
    page.get_by_role("dialog", name="Notation").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("dialog").evaluate(INSIDE)
    page.get_by_role("button", name="Close").tap()
    page.get_by_role("dialog", name="Notation").wait_for(state="hidden")


def test_the_list_of_what_uses_a_result_opens_by_keyboard(desk):
    name = short_page_with("<summary>Uses [^<]*, used by")
    desk.page.goto(desk.base + name)
    fold = desk.page.locator(".relations > details").first
    fold.locator("summary").focus()
    desk.page.keyboard.press("Enter")
    link = fold.locator("a").first
    assert link.is_visible()
    hover(link)
    desk.page.locator(SHOWN).wait_for()
    desk.page.emulate_media(media="print")
    assert not fold.is_visible()


def test_every_label_is_one_that_previews_know():
    box = re.compile(r'<div class="(?:proof [a-z]+|exercise) admonition[^"]*" id="([^"]*)"')
    labels = [label for name in pages() for label in box.findall(text(name))]
    assert len(labels) > 9
    assert [label for label in labels if not STATEMENTS.match(label)] == []


@pytest.mark.parametrize("repository", ["", "https://example.org/owner/book/"])
def test_links_to_the_repository_are_shown_where_it_has_an_address(tmp_path, repository):
    markup = built(tmp_path, book_repository=repository)
    links = re.findall(r'<a href="(https://example[^"]*)"', markup)
    plain = repository.rstrip("/")
    every = [
        plain,
        f"{plain}/issues",
        f"{plain}/issues/new?title=a",
        f"{plain}/edit/main/book/a.md",
    ]
    assert links == (every if repository else [])


def test_the_way_back_reads_the_history_before_sphinx_empties_it(tmp_path):
    scripts = re.findall(r'<script src="_static/([^"?]*)', built(tmp_path))
    assert scripts.index("previews.js") < scripts.index("sphinx_highlight.js")


def built(folder, **settings: str) -> str:
    """A page of a small book with this book's templates and scripts."""
    write(folder / "book", {"a.md": "# One\n\nText.\n"})
    here = SITE.parents[1] / "book"
    settings |= {"claims_repository": "", "copyright": "2026", "html_theme": "furo"}
    paths = {
        "templates_path": [str(here / "_templates")],
        "html_static_path": [str(here / "_static")],
    }
    scripts = {"html_js_files": ["book.js", "keys.js", "previews.js"]}
    extensions = ("build_math", "search_text", "claims", "pages")
    build(folder, *extensions, **settings, **paths, **scripts)
    return page(folder, "a")
