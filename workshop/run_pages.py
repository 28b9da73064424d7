"""Run every cell of every chapter in a browser, as a reader with the Run buttons does.

What a cell shows there has to be what the book shows: the same printed text, as many figures.
``.venv/bin/python workshop/run_pages.py`` runs all pages of the built site, one after the other,
for about an hour; names choose pages (``limits/scaling numbers``), and the site has to have been
built with Pyodide (``make pyodide book``). It prints a line for each page, and ends with status 1
if a cell differs. A cell that the page itself names as one for the notebook is left out.
"""

import functools
import http.server
import os
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
SECONDS = 300
"""How long one cell may run."""

# What a cell shows: its printed text and tables, and the number of its images.
SHOWN = """(output) => {
  const all = (what) => [...(output?.querySelectorAll(what) ?? [])];
  const parts = all(".stream:not(.stderr) pre, .text_plain pre, .text_html");
  const figures = all("img, svg").filter((x) => !x.closest("button, figcaption, .text_html"));
  return {text: parts.map((part) => part.textContent).join("\\n"), images: figures.length};
}"""
ENDED = "said => /^(ran in|stopped)/.test(document.querySelector(said).textContent)"


@dataclass
class Swept:
    """What became of one page: its cells, how long they took, and what is wrong, cell by cell."""

    name: str
    cells: int = 0
    for_notebook: int = 0
    first: float = 0.0
    later: list[float] = field(default_factory=list)
    wrong: dict[int, str] = field(default_factory=dict)

    def __str__(self) -> str:
        said = f"{self.name}: {self.cells} cells"
        if self.for_notebook:
            said += f", {self.for_notebook} for the notebook"
        if self.cells:
            said += f"; first {self.first:.1f} s, then {sum(self.later):.1f} s"
            said += f", the longest {max([0, *self.later]):.1f} s"
        for number, what in self.wrong.items():
            said += f"\n  cell {number}: " + what.replace("\n", "\n    ")
        return said


def lines(text: str) -> list[str]:
    """The lines that are not empty, their inner space as one.

    >>> lines("a   b \\n\\n c")
    ['a b', 'c']
    """
    return [words for line in text.splitlines() if (words := " ".join(line.split()))]


def difference(book: dict[str, Any], here: dict[str, Any]) -> str:
    """How what a cell shows here differs from the book; empty if it does not."""
    said = []
    if book["images"] != here["images"]:
        said.append(f"{here['images']} figures instead of {book['images']}")
    expected, found = lines(book["text"]), lines(here["text"])
    if expected != found:
        said += [f"- {line}" for line in expected if line not in found][:5]
        said += [f"+ {line}" for line in found if line not in expected][:5]
        said = said or ["the same lines in another order"]
    return "\n".join(said)


def sweep(page: Any, address: str, name: str, seconds: float = SECONDS) -> Swept:
    """Press Run at each cell of the page, in their order."""
    result = Swept(name)
    page.goto(f"{address}{name}.html", wait_until="load")
    bars = page.locator(".run-bar")
    for place in range(bars.count()):
        bar = bars.nth(place)
        if bar.evaluate("bar => bar.closest('.exercise-check') !== null"):
            continue  # it waits for the reader's answer
        if bar.get_attribute("data-absent") is not None:
            result.for_notebook += 1
            continue
        number = int(bar.get_attribute("data-cell"))
        cell = page.locator(f".cell:has(> .run-bar[data-cell='{number}'])")
        book = cell.evaluate(f"cell => ({SHOWN})(cell.querySelector('.cell_output'))")
        begun = time.monotonic()
        cell.evaluate("cell => cell.querySelector('.run-go').click()")
        said = f".run-bar[data-cell='{number}'] .run-said"
        try:
            page.wait_for_function(ENDED, arg=said, timeout=1000 * seconds)
        except Exception as error:  # the driver's own kind of error, which is not always installed
            if "Timeout" not in type(error).__name__:
                raise
            result.wrong[number] = f"no end within {seconds} s; the cells after it did not run"
            break
        result.cells += 1
        took = time.monotonic() - begun
        if result.cells == 1:
            result.first = took
        else:
            result.later.append(took)
        here = cell.evaluate(f"cell => ({SHOWN})(cell.querySelector('.run-output'))")
        error = cell.locator(".run-error")
        if error.count():
            result.wrong[number] = "\n".join(error.first.inner_text().splitlines()[-6:])
        elif what := difference(book, here):
            result.wrong[number] = what
    return result


def pages(folder: Path) -> list[str]:
    """The pages with cells, in the order of their names."""
    found = {path.relative_to(folder): path for path in folder.rglob("*.html")}
    return sorted(
        name.with_suffix("").as_posix()
        for name, path in found.items()
        if "_" not in name.parts[0] and 'class="run-bar"' in path.read_text(encoding="utf-8")
    )


def serve(folder: Path) -> http.server.ThreadingHTTPServer:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main(wanted: list[str]) -> int:
    from playwright.sync_api import sync_playwright

    if not (SITE / "_static" / "run.json").is_file():
        print("no site with Run buttons: `make pyodide book` first", file=sys.stderr)
        return 2
    server, wrong = serve(SITE), 0
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context()
        for name in wanted or pages(SITE):
            page = context.new_page()
            swept = sweep(page, f"http://127.0.0.1:{server.server_port}/", name)
            page.close()
            print(swept, flush=True)
            wrong += len(swept.wrong)
    server.shutdown()
    print(f"{wrong} cells differ from the book" if wrong else "every cell shows the book's output")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
