"""What a page may cost: its size, what comes before the first figure, broken links, and what keeps
a reader without eyes or without a mouse from it. ``test_every_page`` asks it of every page.

What needs a browser is skipped where there is none, Lighthouse and axe where they are not
installed; each with the reason. Every budget has a planted fault.
"""

import functools
import gzip
import html
import http.server
import json
import os
import posixpath
import re
import shutil
import subprocess
import threading
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import test_browser
from light_fonts import CHARACTERS
from test_browser import GOOD, SITE, Visit, lay_out, pages, visit

browser, site, planted = test_browser.browser, test_browser.site, test_browser.planted

TEXT = {".html", ".css", ".js", ".json", ".svg"}
HTML = 900_000
FIRST_LOAD = 300_000
"""Bytes sent, text compressed, before any figure, and without the index of the search page."""
INDEX = 150_000


def on_every_page(check, names: list[str] | None = None) -> None:
    if not (SITE / "index.html").is_file():
        pytest.skip("no built site: run `make book` first")
    found = {name: problems for name in names or pages() if (problems := check(SITE, name))}
    assert not found, "\n".join(f"{name}: {', '.join(found[name])}" for name in found)


# What the files say ------------------------------------------------------------------------------


@functools.cache
def text(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


@functools.cache
def sent(path: Path) -> int:
    """How many bytes a server sends for a file."""
    content = path.read_bytes()
    return len(gzip.compress(content)) if path.suffix in TEXT else len(content)


def too_large(folder: Path, name: str) -> list[str]:
    size = (folder / name).stat().st_size
    return [f"{size} bytes of HTML"] if size > HTML else []


def not_late(folder: Path, name: str) -> list[str]:
    """Figures after the first that do not wait, and pictures in the page itself."""
    images = re.findall(r"<img\b[^>]*>", text(folder, name).partition("<article")[2])
    figures = [image for image in images if "_images/" in image]
    early = [image for image in figures[1:] if 'loading="lazy"' not in image]
    return [f"not late: {image[:90]}" for image in early] + [
        f"in the page itself: {image[:60]}" for image in images if len(image) > 5000
    ]


LINK = re.compile(r'(?:href|src)="([^"]*)"')


@functools.cache
def anchors(folder: Path, name: str) -> set[str]:
    return set(re.findall(r'\b(?:id|name)="([^"]+)"', text(folder, name)))


def broken(folder: Path, name: str) -> list[str]:
    """Links inside the site to no file, or to no place on a page."""
    found = []
    for link in sorted(set(LINK.findall(re.sub(r"<script.*?</script>", "", text(folder, name))))):
        address = urlsplit(html.unescape(link))
        if address.scheme or address.netloc:
            continue
        path = unquote(address.path)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
        place = unquote(address.fragment)
        if not (folder / target).exists():
            found.append(f"no file: {link}")
        elif place and target.endswith(".html") and place not in anchors(folder, target):
            found.append(f"no place: {link}")
    return found


@pytest.mark.parametrize("check", [too_large, not_late, broken])
def test_the_files_of_every_page(check):
    on_every_page(check)


@pytest.mark.parametrize(
    "check, body, expected",
    [
        (too_large, "<p>" + "x" * HTML, "bytes of HTML"),
        (not_late, 2 * '<article><img src="_images/a.png">', "not late"),
        (not_late, f'<article><img src="data:image/png;base64,{"A" * 5000}">', "in the page"),
        (broken, '<a href="gone.html">x</a>', "no file: gone.html"),
        (broken, '<a href="#gone">x</a>', "no place: #gone"),
        (broken, '<a href="other.html#gone">x</a>', "no place: other.html#gone"),
        (broken, '<img src="_images/gone.png">', "no file: _images/gone.png"),
    ],
)
def test_a_planted_fault_in_a_file_is_found(tmp_path, check, body, expected):
    good = '<h1 id="here">x</h1><a href="other.html#here">x</a> <a href="#here">x</a>'
    good += '<a href="https://example.org/gone">x</a> <a href="?q=1#here">x</a>'
    (tmp_path / "other.html").write_text(GOOD.format(good), encoding="utf-8")
    assert check(tmp_path, "other.html") == []
    (tmp_path / "bad.html").write_text(GOOD.format(body), encoding="utf-8")
    assert any(expected in problem for problem in check(tmp_path, "bad.html"))


# What a browser asks for and shows --------------------------------------------------------------

# Colours alone differ between light and dark, and take axe minutes: on every page they are measured
# by ``test_browser``, and by axe on one page of each kind.
KINDS = ("intro", "sharp/sandwich", "numbers", "claims", "code/index", "references", "search")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """options => axe.run({ resultTypes: ["violations"], ...options })
  .then((result) => result.violations.flatMap((found) =>
    found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 90)}`)))"""
# Most of a page is inside its formulas, which KaTeX makes alike on every page: in their place stand
# boxes of their size. And where colours are not looked at, code needs none.
WITHOUT_FORMULAS = """colours => {
  const code = colours ? [] : document.querySelectorAll("article pre");
  for (const block of code) block.textContent = block.textContent;
  const sizes = [...document.querySelectorAll(".katex")].map((formula) => {
    const { width, height } = formula.getBoundingClientRect();
    return [formula, `display: inline-block; width: ${width}px; height: ${height}px`];
  });
  for (const [formula, style] of sizes) {
    const box = document.createElement("span");
    box.style.cssText = style;
    formula.replaceChildren(box);
  }
}"""


# Where nothing is drawn, a browser without a screen may never call itself idle.
IDLE = """() => new Promise((done) => {
  let frame = 0;
  const draw = () => (frame = requestAnimationFrame(draw));
  draw();
  requestIdleCallback(() => (cancelAnimationFrame(frame), done()));
})"""


@pytest.fixture(scope="module")
def axe() -> str:
    package = pytest.importorskip(
        "axe_playwright_python",
        reason="no axe: the Python package axe-playwright-python is missing",
    )
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(here: Visit, axe: str, options: dict) -> list[str]:
    """What axe finds on the page that is open, whose formulas are boxes from then on."""
    lay_out(here.page)
    # Then what scrolls is given to the keyboard.
    here.page.evaluate(IDLE)
    here.page.evaluate(WITHOUT_FORMULAS, options is COLOURS)
    here.page.evaluate(axe)
    return here.page.evaluate(AXE, options)


EVERYTHING = {
    "runOnly": {"type": "tag", "values": RULES},
    "rules": {"color-contrast": {"enabled": False}},
}
COLOURS = {"runOnly": ["color-contrast"]}


@pytest.mark.every_page
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_no_pale_text(browser, site, axe, mode):
    here = visit(browser, site, 1280, mode)
    names = [name for kind in KINDS if (SITE / (name := f"{kind}.html")).is_file()]
    assert len(names) > 5

    def pale(_: Path, name: str) -> list[str]:
        here.page.goto(here.base + name)
        return violations(here, axe, COLOURS)

    on_every_page(pale, names)
    here.page.close()


WHEN_TOLD = """
const [idle, waiting] = [window.requestIdleCallback, []];
let later = (work) => waiting.push(work);
window.requestIdleCallback = (work) => later(work);
window.beIdle = () => waiting.forEach((later = (work) => idle(work)));"""


def first_load(here: Visit, folder: Path, name: str) -> list[str]:
    """Too many bytes before the figures: what a first visit asks for until the page has loaded.

    What is far below the screen is laid out when the browser is idle, and then asks for its fonts:
    that waits until all is counted. ``here`` has to be new, for what was asked for once is kept.
    """
    page, asked = here.page, []

    def note(request) -> None:
        asked.append(unquote(urlsplit(request.url).path)[1:])

    page.add_init_script(WHEN_TOLD)
    page.on("request", note)
    page.goto(here.base + name, wait_until="load")
    page.wait_for_timeout(100)
    page.remove_listener("request", note)
    page.evaluate("beIdle()")
    sizes = {path: sent(folder / path) for path in asked if (folder / path).is_file()}
    sizes = {path: size for path, size in sizes.items() if "_images/" not in path}
    assert name in sizes and sizes.pop("searchindex.js", 0) <= INDEX
    if sum(sizes.values()) <= FIRST_LOAD:
        return []
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:3]
    return [f"{sum(sizes.values())} bytes at first: {largest}"]


def without_glyph(here: Visit) -> list[str]:
    """Characters of formulas that our fonts lack: the browser takes them from elsewhere."""
    every = "document.querySelectorAll('.katex-html, .katex-base')"
    used = set(here.page.evaluate(f"[...{every}].map((part) => part.textContent).join('')"))
    lacking = sorted(used - CHARACTERS)
    shown = [sign for sign in lacking if unicodedata.category(sign) not in ("Cc", "Cf")]
    return [f"no glyph: {sign!a}" for sign in shown]


def test_a_planted_character_without_glyph_is_found(planted):
    folder, here = planted
    (folder / "rare.html").write_text(
        GOOD.format("<p class='katex-html'>x&beta; &#8916;</p>&#8938;"), encoding="utf-8"
    )
    here.page.goto(here.base + "rare.html")
    assert without_glyph(here) == [r"no glyph: '\u22d4'"]


def test_a_planted_heavy_script_is_found(browser, planted):
    folder, base = planted[0], planted[1].base

    def found(name: str) -> list[str]:
        here = visit(browser, base, 1280, "light")
        problems = first_load(here, folder, name)
        here.page.close()
        return problems

    (folder / "heavy.bin").write_bytes(os.urandom(FIRST_LOAD))
    picture = '<img alt="x" src="_images/heavy.bin">'
    (folder / "_images").mkdir()
    (folder / "_images" / "heavy.bin").write_bytes(os.urandom(FIRST_LOAD))
    (folder / "light.html").write_text(GOOD.format(picture), encoding="utf-8")
    assert found("light.html") == []
    script = "<script>fetch('heavy.bin')</script>"
    (folder / "heavy.html").write_text(GOOD.format(script), encoding="utf-8")
    assert "bytes at first" in found("heavy.html")[0]


@pytest.mark.parametrize(
    "body, options, expected",
    [
        ("<main><h1>T</h1></main><input aria-label='x'>", EVERYTHING, "region"),
        ("<main><h1>T</h1><input></main>", EVERYTHING, "label"),
        ("<main><h1>T</h1><p style='color: #aaa'>pale</p></main>", COLOURS, "color-contrast"),
    ],
)
def test_a_planted_violation_is_found(planted, axe, body, options, expected):
    folder, here = planted
    good, bad = f"good-{expected}.html", f"bad-{expected}.html"
    (folder / good).write_text(GOOD.format("<main><h1>T</h1><p>text</p></main>"), encoding="utf-8")
    (folder / bad).write_text(GOOD.format(body), encoding="utf-8")
    here.page.goto(here.base + good)
    assert violations(here, axe, options) == []
    here.page.goto(here.base + bad)
    found = violations(here, axe, options)
    assert found and all(problem.startswith(expected) for problem in found)


# Lighthouse --------------------------------------------------------------------------------------

LOWEST = {"accessibility": 1.0, "best-practices": 1.0, "seo": 1.0, "performance": 0.6}
"""Performance is far higher on a quiet machine; beside other tests it is not measured well."""
SEEN = ("intro", "sharp/sandwich", "claims")


def poor(report: dict) -> list[str]:
    """The categories of a report of Lighthouse below their floor, with what failed."""
    found = []
    for name, floor in LOWEST.items():
        category = report["categories"][name]
        if (category["score"] or 0) >= floor:
            continue
        audits = [report["audits"][ref["id"]] for ref in category["auditRefs"] if ref["weight"]]
        failed = [audit["id"] for audit in audits if (audit["score"] or 0) < 0.9]
        found.append(f"{name} {category['score']}: {', '.join(failed)}")
    return found


@pytest.fixture(scope="module")
def compressed():
    """The site as a host sends it: text compressed, which a folder's plain server does not do."""

    class Compressing(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments) -> None:
            pass

        def do_GET(self) -> None:
            path = Path(self.translate_path(self.path))
            if not path.is_file():
                return self.send_error(404)
            content, kind = path.read_bytes(), self.guess_type(str(path))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Cache-Control", "max-age=3600")
            if path.suffix in TEXT:
                content = gzip.compress(content)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    if not (SITE / "index.html").is_file():
        pytest.skip("no built site: run `make book` first")
    handler = functools.partial(Compressing, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", SEEN)
def test_lighthouse(compressed, tmp_path, name):
    program = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    if not program:
        pytest.skip(
            "no Lighthouse: `npm install lighthouse@12.8.2`, and set LIGHTHOUSE to its path"
        )
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    out = tmp_path / "report.json"
    command = [program, f"{compressed}{name}.html", "--quiet", "--output=json"]
    command += [f"--output-path={out}", "--chrome-flags=--headless=new --no-sandbox"]
    environment = {**os.environ, "CHROME_PATH": chromium or ""}
    subprocess.run(command, env=environment, check=True, timeout=240, capture_output=True)
    assert poor(json.loads(out.read_text(encoding="utf-8"))) == []


def test_a_poor_report_of_lighthouse_is_seen():
    audits = {"label": {"id": "label", "score": 0}, "title": {"id": "title", "score": 1}}
    refs = [{"id": "label", "weight": 7}, {"id": "title", "weight": 1}]
    categories = {name: {"score": floor, "auditRefs": []} for name, floor in LOWEST.items()}
    assert poor({"categories": categories, "audits": audits}) == []
    categories["accessibility"] = {"score": 0.99, "auditRefs": refs}
    categories["performance"] = {"score": None, "auditRefs": []}
    report = {"categories": categories, "audits": audits}
    assert poor(report) == ["accessibility 0.99: label", "performance None: "]
