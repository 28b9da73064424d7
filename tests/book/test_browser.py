"""The finished site in a real browser: what is wrong with a page, and what a reader does there.

Skipped, with the reason, where there is no site or no Debian chromium (``CHROMIUM`` names another).
Every guard has a planted violation.
"""

import functools
import http.server
import os
import re
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
WIDTHS = {"desktop": 1280, "phone": 390}
# Without these, a browser started by root refuses to run, or looks for its maker's servers.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

LAYOUT = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8")

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@dataclass
class Visit:
    """Listens to a browser page, and says what is wrong with what it shows."""

    page: object
    base: str
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on(
            "console",
            lambda message: (
                message.type == "error" and self.found.append(f"console: {message.text}")
            ),
        )
        self.page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        self.page.on("requestfailed", self.failed)
        self.page.on(
            "response",
            lambda response: (
                response.status >= 400 and self.found.append(f"{response.status}: {response.url}")
            ),
        )
        self.page.on("request", self.inside)

    def failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is what leaving a page does to its fonts
            self.found.append(f"failed: {request.url}")

    def inside(self, request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.found.append(f"a request to another host: {request.url}")

    def problems(self, name: str) -> list[str]:
        self.found.clear()
        self.page.goto(self.base + name, wait_until="load")
        return self.shown()

    def shown(self) -> list[str]:
        """What is wrong with the page that is open, all its folds unfolded."""
        # Folded proofs are part of the page, and images further down load only when they are near.
        folds = "document.querySelectorAll('article details')"
        self.page.evaluate(f"() => {folds}.forEach((fold) => (fold.open = true))")
        self.page.evaluate(
            "() => { for (const image of document.images) image.loading = 'eager'; }"
        )
        self.page.evaluate(
            "() => Promise.all([...document.images].map((image) => image.decode().catch(() => {})))"
        )
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        return [*self.found, *self.page.evaluate(LAYOUT), *self.page.evaluate(CONTRAST)]

    def pale_in_the_dark(self) -> list[str]:
        """What is hard to read when the page on the screen turns dark: all else stays as it was."""
        self.page.evaluate("() => { document.body.dataset.theme = 'dark'; }")
        return [f"in the dark: {problem}" for problem in self.page.evaluate(CONTRAST)]


@pytest.fixture(scope="module")
def browser():
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not executable:
        leave = (
            pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
        )  # the continuous integration must not pass by skipping
        leave("no browser: install Debian's package chromium, or set CHROMIUM to its path")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no browser driver: the Python package playwright is missing"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


def serve(folder: Path):
    """A server of ``folder`` on a free port of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def site():
    if not (SITE / "index.html").is_file():
        pytest.skip("no built site: run `make book` first")
    server = serve(SITE)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def lay_out(page) -> None:
    """A reader shows: from then on what is far from the screen gets its size, and moves no more."""
    page.mouse.move(3, 3)
    page.mouse.move(2, 2)
    page.wait_for_function("!document.documentElement.matches('.by-need')")


@functools.cache
def text(name: str) -> str:
    return (SITE / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    folders = ("_static", "_sources", "_downloads", "_images", "_modules", "slides")
    found = sorted(
        path.relative_to(SITE).as_posix()
        for path in SITE.rglob("*.html")
        if path.relative_to(SITE).parts[0] not in folders
    )
    return [name for name in found if name != "index.html"]  # it only forwards to the first page


@functools.lru_cache(maxsize=1)
def window(browser):
    """Where a reader of one browser is again."""
    context = browser.new_context()
    context.new_page()  # stays open: with its last page a window loses what it has at hand
    return context


def visit(browser, base: str, width: int, mode: str, again: bool = False) -> Visit:
    """A reader's page. To one who is here ``again`` what was loaded is at hand, which spares half
    of what a visit costs, and nothing that was chosen is known. It is for visits to which it does
    not matter in which order things arrive.
    """
    size, look = {"width": width, "height": 900}, {"color_scheme": mode, "reduced_motion": "reduce"}
    if not again:
        page = browser.new_page(viewport=size, **look)
    else:
        page = window(browser).new_page()
        page.set_viewport_size(size)
        page.emulate_media(**look)
        page.context.clear_permissions()
        page.context.clear_cookies()
        known = {"origin": base.rstrip("/"), "storageTypes": "local_storage,cache_storage"}
        page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", known)
    page.add_init_script(
        f"if (!localStorage.getItem('theme')) localStorage.setItem('theme', '{mode}')"
    )
    return Visit(page, base)


# The guards can fail -----------------------------------------------------------------------------

GOOD = """<!doctype html>
<html lang="en">
<head><title>A page</title><link rel="icon" href="data:,"></head>
<body>{}</body>
</html>
"""
PLANTED = {
    "console error": ("<script>console.error('planted')</script>", "console: planted"),
    "script error": ("<script>planted()</script>", "planted is not defined"),
    "another host": (
        "<img alt='x' src='http://192.0.2.1:9/x.png'>",
        "another host: http://192.0.2.1",
    ),
    "failing request": ("<script src='missing.js'></script>", "404"),
    "sideways scroll": ("<div style='width: 3000px'>wide</div>", "scrolls sideways"),
    "wide code": (
        f"<article><pre style='overflow: auto; width: 300px'>short\n{'w' * 99}</pre></article>",
        f"is: {'w' * 99}",
    ),
    "code cut off": (
        "<article><pre style='overflow: hidden; width: 90px'>wider than its box</pre></article>",
        "code is cut off: wider than",
    ),
    "code cut off by what is around it": (
        "<article><div style='overflow: clip; width: 90px'>"
        "<pre style='width: 300px'>outside</pre></div></article>",
        "code is cut off: outside",
    ),
    "formula left as source": ("<span class='math'>x</span>", "left as source: x"),
    "formula with an error": ("<span class='katex-error'>y</span>", "with an error: y"),
    "TeX in MathML": (
        "<span class='katex'><math><annotation>z</annotation></math></span>",
        "beside a formula: z",
    ),
    "display in the text": ("<p>so $$ x $$ holds</p>", "TeX in the text: so $$ x"),
    "command in the text": (r"<p>so \frac12 holds</p>", r"\frac12"),
    "bracket in the text": (r"<p>so \(x\) holds</p>", "TeX in the text"),
    "dollars in the text": ("<p>so $x_1$ holds</p>", "TeX in the text"),
    "one letter in dollars": ("<p>On $n$-widths</p>", "TeX in the text: On $n$-widths"),
    "dollar before a formula": (
        "<p>Then $<span class='math'><span class='katex'>x</span></span>$ holds</p>",
        "TeX in the text: Then $",
    ),
    "no alt text": ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "without alt text"),
    "broken image": ("<img alt='x' src='data:image/png;base64,AAAA'>", "broken image"),
    "open over the text": (
        "<style>p::after { content: 'open'; position: absolute }</style>"
        "<article><div class='proof open'><p class='admonition-title'>T</p></div></article>",
        "the word open lies over the text: T",
    ),
    "number over its formula": (
        "<div class='math'><div class='formula katex'>x</div>"
        "<span class='eqno' style='position: absolute; right: 0'>(7)</span></div>",
        "a number lies over its formula: (7)",
    ),
    "markup in the title": (
        r"<script>document.title = 'The norm \\norm x'</script>",
        "window's title",
    ),
    "one id twice": ("<article><p id='a'>1</p><p id='a'>2</p></article>", "the id a twice"),
}


@pytest.fixture(scope="module")
def planted(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    server = serve(folder)
    here = visit(browser, f"http://127.0.0.1:{server.server_port}/", 1280, "light")
    yield folder, here
    here.page.close()
    server.shutdown()
    server.server_close()


def test_a_good_page_passes(planted):
    folder, here = planted
    text = "<p>It costs $5, and <code>$$ \\frac $$</code> is code.</p>"
    (folder / "good.html").write_text(GOOD.format(text), encoding="utf-8")
    assert here.problems("good.html") == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(planted, name):
    folder, here = planted
    body, expected = PLANTED[name]
    page = f"{name.replace(' ', '-')}.html"
    (folder / page).write_text(GOOD.format(body), encoding="utf-8")
    problems = here.problems(page)
    assert any(expected in problem for problem in problems), problems


# What a reader does ------------------------------------------------------------------------------


def pages_with(pattern: str) -> list[str]:
    """The shortest first: what a reader does costs a test the least there."""
    found = sorted(pages(), key=lambda name: (SITE / name).stat().st_size)
    found = [name for name in found if re.search(pattern, text(name))]
    return found or pytest.skip(f"no page of this site has {pattern}")


def short_page_with(pattern: str) -> str:
    return pages_with(pattern)[0]


FOLDED_PROOF = '<details class="proof-box'
LONG_FORMULA = r'<p>[^<]*<span class="math[^>]*data-tex="[^"]*" data-text="[^"]{7}'


@pytest.fixture
def desk(browser, site):
    here = visit(browser, site, 1280, "light")
    yield here
    here.page.close()
    assert not here.found, here.found


def test_a_folded_proof_opens_by_keyboard(desk):
    desk.page.goto(desk.base + short_page_with(FOLDED_PROOF))
    proof = desk.page.locator("details.proof-box").first
    assert proof.evaluate("fold => !fold.open")
    proof.locator("summary").focus()
    desk.page.keyboard.press("Enter")
    assert proof.evaluate("fold => fold.open")
    assert proof.evaluate("fold => fold.lastElementChild.checkVisibility()")
    desk.page.keyboard.press("Space")
    assert proof.evaluate("fold => !fold.open")


def test_a_link_into_a_folded_proof_opens_it(desk):
    name = short_page_with(FOLDED_PROOF)
    desk.page.goto(desk.base + name)
    address = desk.page.locator("details.proof-box").first.get_attribute("id")
    desk.page.goto(desk.base + name + "#" + address)
    assert desk.page.locator(f"#{address}").evaluate("fold => fold.open")


@pytest.mark.parametrize("device", WIDTHS)
def test_an_address_leads_to_its_place_and_back(browser, site, device):
    """Sections far from the screen are laid out later, which must not move what was asked for."""
    here = visit(browser, site, WIDTHS[device], "light")
    page, name = here.page, pages_with('class="proof theorem')[-1]
    top = "id => document.getElementById(id).getBoundingClientRect().top"
    page.goto(here.base + name)
    last = page.locator("div.theorem").last.get_attribute("id")
    follow = """id => {
      const link = Object.assign(document.createElement("a"), { href: "#" + id });
      document.querySelector("article").prepend(link);
      link.click();
    }"""
    # On the way back the browser keeps how far it had scrolled; the text may stand in the reader's
    # own typeface then, where ours came late, and be some lines shorter.
    for arrive, lines in (
        (lambda: page.goto(here.base + name + "#" + last), 0),
        (lambda: (page.goto(here.base + "search.html"), page.go_back()), 20),
        (lambda: (page.goto(here.base + name), page.evaluate(follow, last)), 0),
    ):
        arrive()
        page.wait_for_url(f"**#{last}")
        page.wait_for_load_state("load")
        page.wait_for_timeout(1000)
        assert abs(page.evaluate(top, last) - 75) <= 75 + 28 * lines
    page.close()
    assert not here.found, here.found


SIGNS = {
    "pointer": lambda page: page.mouse.move(300, 300),
    "wheel": lambda page: page.mouse.wheel(0, 100),
    "key": lambda page: page.keyboard.press("Shift"),
    "script": lambda page: page.evaluate("scrollTo(0, 50)"),
}


@pytest.mark.parametrize("sign", SIGNS)
def test_what_is_far_waits_for_a_sign_of_a_reader(desk, sign):
    desk.page.goto(desk.base + pages_with('class="proof theorem')[-1])
    desk.page.wait_for_timeout(700)
    assert desk.page.evaluate("document.documentElement.matches('.by-need')")
    SIGNS[sign](desk.page)
    desk.page.wait_for_function("!document.documentElement.matches('.by-need')")


def here_in_the_contents(page) -> list[str]:
    page.wait_for_timeout(300)
    here = "[...document.querySelectorAll('.page-contents .scroll-current > a')]"
    return [hash for hash in page.evaluate(f"{here}.map((link) => link.hash)") if hash]


def test_the_contents_show_where_the_reader_is(browser, site):
    here = visit(browser, site, 1400, "light")  # wide enough for the contents
    page = here.page
    page.goto(here.base + pages_with(r"(?s)" + r"<section id.*" * 4)[0])
    page.wait_for_timeout(500)
    assert here_in_the_contents(page) == []
    lay_out(page)
    assert here_in_the_contents(page) == []  # the reader is at the top
    sections = page.evaluate(
        "[...document.querySelectorAll('article > section > section[id]')].map((s) => s.id)"
    )
    for name in (sections[1], sections[0], sections[2]):
        page.evaluate(f"document.getElementById('{name}').scrollIntoView({{behavior: 'instant'}})")
        assert here_in_the_contents(page)[0] == f"#{name}"
    page.evaluate("scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'})")
    assert here_in_the_contents(page)[0] == f"#{sections[-1]}"
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    assert here_in_the_contents(page) == []
    page.close()
    assert not here.found, here.found


def test_loading_a_page_lays_out_few_things(browser, site):
    """No script measures what is far from the screen: each such look lays a section out."""
    longest = pages_with('class="py function"')[-1]
    counts = []
    for _ in range(3):  # a busy machine reads a page in more pieces
        here = visit(browser, site, 1280, "light")
        session = here.page.context.new_cdp_session(here.page)
        session.send("Performance.enable")
        here.page.goto(here.base + longest)
        here.page.wait_for_timeout(700)
        numbers = session.send("Performance.getMetrics")["metrics"]
        counts += [number["value"] for number in numbers if number["name"] == "LayoutCount"]
        here.page.close()
    assert min(counts) <= 22, f"{longest}: {counts} times"


def test_search_finds_a_theorem_and_shows_no_tex(desk):
    name = next(n for n in pages_with('class="proof theorem') if not n.startswith("course/"))
    desk.page.goto(desk.base + name)
    title = desk.page.locator("div.theorem > .admonition-title").first
    words = [
        word
        for word in title.evaluate("t => [...t.childNodes].map((n) => n.data ?? '').join(' ')")
        .replace("(", " ")
        .replace(")", " ")
        .split()
        if word.isalpha()
    ]
    desk.page.goto(desk.base + "search.html?q=" + "+".join(words or ["theorem"]))
    desk.page.wait_for_selector("#search-results li", timeout=60_000)
    desk.page.wait_for_function(
        "() => document.querySelectorAll('#search-results li p.context').length > 0", timeout=60_000
    )
    first = desk.page.locator(".found li a").first.get_attribute("href")
    assert first.removeprefix("./").startswith(f"{name}#"), (words, first)
    shown = desk.page.locator("#search-results").inner_text()
    assert "\\" not in shown
    assert "$" not in shown


def test_an_excerpt_has_each_formula_once(desk):
    """KaTeX writes a formula twice, as MathML and as HTML; the function that makes an excerpt must
    read neither.
    """
    desk.page.goto(desk.base + short_page_with(LONG_FORMULA))
    markup, formula = desk.page.evaluate(
        """() => {
          const formulas = [...document.querySelectorAll("article p > .math")];
          const span = formulas.find((s) => s.dataset.text.length > 6);
          return [span.outerHTML, span.dataset.text];
        }"""
    )
    desk.page.goto(desk.base + "search.html")
    whole = desk.page.evaluate(
        "p => Search.htmlToText(`<div role='main'>${p}</div>`)", f"<p>before {markup} after</p>"
    )
    assert whole == f"before {formula} after"


def test_a_formula_is_as_tall_as_its_sentence(desk):
    """Letters without ascenders, of KaTeX (0.431 of the size) and Source Serif (0.475)."""
    desk.page.goto(desk.base + short_page_with(LONG_FORMULA))
    formula, sentence = desk.page.evaluate(
        """() => {
          const formula = document.querySelector("article p > .math > .katex");
          const size = (node) => parseFloat(getComputedStyle(node).fontSize);
          return [size(formula), size(formula.closest("p"))];
        }"""
    )
    assert 0.95 < 0.431 * formula / (0.475 * sentence) < 1.05


def test_a_formula_copied_with_its_sentence_is_characters_and_alone_latex(desk):
    desk.page.goto(desk.base + short_page_with(LONG_FORMULA))
    sentence, alone, text, tex = desk.page.evaluate(
        """() => {
          const formulas = [...document.querySelectorAll("article p > .math[data-tex]")];
          const span = formulas.find((s) => s.dataset.text.length > 6);
          const copied = (node) => {
            const range = document.createRange();
            range.selectNode(node);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            const data = new DataTransfer();
            const copy = new ClipboardEvent("copy", { clipboardData: data, cancelable: true });
            document.dispatchEvent(copy);
            return data.getData("text/plain");
          };
          return [copied(span.parentElement), copied(span), span.dataset.text, span.dataset.tex];
        }"""
    )
    assert text in sentence and tex not in sentence
    assert alone == tex


THEME = "document.body.dataset.theme"
SURFACE = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("device", WIDTHS)
def test_the_dark_mode_switch(browser, site, device):
    here = visit(browser, site, WIDTHS[device], "light")
    page = here.page
    page.goto(here.base + pages()[0])
    light = page.evaluate(SURFACE)
    for _ in range(3):  # the switch goes round light, dark, and the system's own
        if page.evaluate(THEME) == "dark":
            break
        page.locator("button.theme-toggle:visible").click()
    assert page.evaluate(THEME) == "dark"
    assert page.evaluate(SURFACE) != light
    page.goto(here.base + pages()[1])
    assert page.evaluate(THEME) == "dark"
    page.close()
    assert not here.found, here.found


MENUS = {"nav": (".sidebar-drawer", "#__navigation"), "toc": (".toc-drawer", "#__toc")}
SHOWN = """drawer => [...document.querySelectorAll(drawer + " a")].some((link) => {
  const box = link.getBoundingClientRect();
  const seen = { visibilityProperty: true, opacityProperty: true };
  return link.checkVisibility(seen) && box.right > 0 && box.left < innerWidth;
})"""


@pytest.mark.parametrize("width", [360, 768, 1000, 1280])
@pytest.mark.parametrize("menu", MENUS)
def test_every_menu_button_shows_and_hides_its_menu(browser, site, menu, width):
    """At every width a menu stands beside the text, or a button opens it, by mouse and by keyboard;
    Escape, the ground beside it, and the choice of a link close it.
    """
    here = visit(browser, site, width, "light", again=True)
    page, (drawer, name) = here.page, MENUS[menu]
    box = page.locator(name)

    def becomes(state: bool) -> None:
        page.wait_for_function(f"d => ({SHOWN})(d) === {str(state).lower()}", arg=drawer)

    page.set_default_timeout(15_000)
    page.goto(here.base + short_page_with('class="proof theorem'))
    buttons = page.locator(f".{menu}-overlay-icon:visible")
    if page.evaluate(SHOWN, drawer):
        assert buttons.count() == 0 and not box.is_visible()
    else:
        assert buttons.count() == 1, "neither the menu nor a button for it is there"
        buttons.click()
        becomes(True)
        assert page.locator(f"{drawer} a:visible").count() > 3
        page.keyboard.press("Escape")
        becomes(False)
        for key in ("Enter", "Space"):
            box.focus()
            page.keyboard.press(key)
            becomes(True)
            assert page.evaluate("d => document.activeElement.closest(d) !== null", drawer)
            page.keyboard.press("Escape")
            becomes(False)
            assert box.evaluate("box => document.activeElement === box")
        buttons.click()
        becomes(True)
        page.mouse.click(5 if menu == "toc" else width - 5, 450)
        becomes(False)
        buttons.click()
        becomes(True)
        page.locator(f"{drawer} a:visible").last.click()
        becomes(False)
    page.close()
    assert not here.found, here.found


def test_a_closed_menu_is_not_on_the_way_of_the_keyboard(browser, site):
    here = visit(browser, site, 390, "light")
    here.page.goto(here.base + short_page_with('class="proof theorem'))
    for _ in range(12):
        here.page.keyboard.press("Tab")
        assert here.page.evaluate(
            "document.activeElement.closest('.sidebar-drawer, .toc-drawer') === null"
        )
    here.page.close()
    assert not here.found, here.found


def test_the_line_above_a_chapter(desk):
    """Print prints, Cite shows an entry of BibTeX, Notebook leads to a notebook."""
    page = desk.page
    page.goto(desk.base + short_page_with('class="proof theorem'))
    page.evaluate("() => { window.print = () => (window.printed = true); }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.locator(".page-cite summary").click()
    entry = page.locator(".page-cite pre").inner_text()
    assert entry.startswith("@incollection{randomfeatures:") and "Version" in entry
    with page.expect_download() as download:
        page.get_by_role("link", name="Notebook", exact=True).click()
    assert download.value.suggested_filename.endswith(".ipynb")


def test_a_film_plays_stops_and_follows_its_slider(desk):
    desk.page.goto(desk.base + short_page_with('class="film"'))
    film = desk.page.locator(".film").first
    button, slider, images = (
        film.locator("button:not(.figure-enlarge)"),
        film.locator("input"),
        film.locator("img"),
    )
    last = images.count() - 1
    shown = """film => [...film.querySelectorAll('img')].flatMap(
        (image, i) => (image.checkVisibility() ? [i] : []))"""
    label = "film => film.querySelector('output').textContent"
    assert film.evaluate(shown) == [last]  # nothing moves before it is asked to
    film.scroll_into_view_if_needed()
    arrived = "film => [...film.querySelectorAll('img')].every((image) => image.naturalWidth)"
    desk.page.wait_for_function(arrived, arg=film.element_handle(), timeout=15_000)
    button.click()
    assert button.inner_text() == "Pause"
    desk.page.wait_for_function(
        "film => !film.querySelectorAll('img')[1].hidden", arg=film.element_handle(), timeout=5000
    )
    button.click()
    assert button.inner_text() == "Play"
    before = film.evaluate(shown)
    desk.page.wait_for_timeout(1000)
    assert film.evaluate(shown) == before != [last]
    slider.focus()
    desk.page.keyboard.press("Home")
    first = film.evaluate(label)
    assert film.evaluate(shown) == [0]
    desk.page.keyboard.press("ArrowRight")
    assert film.evaluate(shown) == [1] and film.evaluate(label) != first
    assert slider.get_attribute("aria-valuetext") == film.evaluate(label)


def test_poor_contrast_is_found(planted):
    folder, here = planted
    pale, dark = "<span style='color: #999'>pale</span>", "<span style='color: #555'>enough</span>"
    text = f"<article><p>{pale} {dark}</p></article>"
    (folder / "pale.html").write_text(GOOD.format(text), encoding="utf-8")
    here.page.goto(here.base + "pale.html")
    assert [problem.split()[-1] for problem in here.page.evaluate(CONTRAST)] == ["pale"]


def test_text_that_is_pale_only_in_the_dark_is_found(planted):
    folder, here = planted
    style = "<style>body[data-theme='dark'] { background: #111 } p { color: #222 }</style>"
    text = f"{style}<article><p><span>dim</span></p></article>"
    (folder / "dim.html").write_text(GOOD.format(text), encoding="utf-8")
    assert here.problems("dim.html") == []
    assert [problem.split()[-1] for problem in here.pale_in_the_dark()] == ["dim"]
