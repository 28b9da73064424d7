"""Decks of slides and the handout, from ``slides/*.md`` and the built site.

``make slides`` calls it after the site is built, and writes into _build/html/slides; where there is
a browser, each deck comes as PDF too. ``slides/README.md`` says how a deck is written: whatever the
book states, draws or measures is quoted from it by label (``quoted.py``).
"""

import hashlib
import html
import re
import shutil
import sys
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from pdf import ROOT, SITE, book_data, metadata
from printing import chromium, describe, printer, read_pdf
from quoted import Book, NotInBook

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from build_math import render

SOURCES = ROOT / "slides"
EXECUTED = ROOT / "_build" / "jupyter_execute"
OUT = SITE / "slides"
# The order in which a lecturer meets them.
DECKS = ("talk", "power", "limits", "sharp", "beyond", "neighbours")
HANDOUT = "handout"
PAGE = "course/slides.html"
SHEETS = ("../_static/katex/katex.min.css", "../_static/formulas.css")
# What is left of a slide of 1280 x 720 for a figure.
WIDTH, HEIGHT = 1160, 530
# In a PDF a link leads to the site, if its address is known, and nowhere on this machine.
LINKS = """(address) => document.querySelectorAll("a[href^='../']").forEach((link) => {
  if (address) link.href = address + link.getAttribute("href").slice(2);
  else link.removeAttribute("href");
})"""


@dataclass
class Slide:
    title: str
    steps: list[str]
    notes: str = ""
    minutes: int = 0


@dataclass
class Deck:
    name: str
    title: str
    minutes: int
    slides: list[Slide] = field(default_factory=list)


def main() -> int:
    if not (SITE / "index.html").is_file():
        sys.exit("The slides need the site: run `make book` first.")
    start, wanted = time.monotonic(), sys.argv[1:] or [*DECKS, HANDOUT]
    try:
        decks = write_all(Book(SITE, EXECUTED), SOURCES, OUT, wanted)
    except NotInBook as error:
        print(f"The slides stop: {error}", file=sys.stderr)
        return 1
    if chromium():
        print_all(OUT, wanted)
    else:
        print("No PDF of the slides: there is no chromium.", file=sys.stderr)
    if not sys.argv[1:]:
        offer(SITE / PAGE, decks)
    print(f"Slides in {OUT.relative_to(ROOT)}, after {time.monotonic() - start:.0f} s")
    return 0


# A deck from its source.


def write_all(book: Book, sources: Path, out: Path, names: list[str]) -> list[Deck]:
    """Write the decks, with what they need beside them, and return them."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SOURCES / "reveal", out / "reveal", dirs_exist_ok=True)
    for name in ("slides.css", "slides.js", "handout.css"):
        shutil.copy(SOURCES / name, out)
    decks = []
    for name in names:
        source = (sources / f"{name}.md").read_text(encoding="utf-8")
        try:
            if name == HANDOUT:
                text = sheet(source, book)
            else:
                decks.append(deck(name, source, book))
                text = document(decks[-1])
        except NotInBook as error:
            raise NotInBook(f"slides/{name}.md: {error}") from None
        (out / f"{name}.html").write_text(text, encoding="utf-8")
    return decks


def deck(name: str, source: str, book: Book) -> Deck:
    about, text = front_matter(source)
    found = Deck(name, about["title"], about["minutes"])
    md = reader(book)
    for part in re.split(r"^# ", text, flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        slide = Slide(md.renderInline(title.strip()), [])
        environment: dict[str, Any] = {"slide": slide}
        try:
            steps = re.split(r"^\+\+\+\s*$", body, flags=re.M)
            slide.steps = [md.render(step, environment).strip() for step in steps]
        except NotInBook as error:
            raise NotInBook(f"slide {title.strip()!r}: {error}") from None
        found.slides.append(slide)
    total = sum(slide.minutes for slide in found.slides)
    if total != found.minutes:
        raise NotInBook(f"the minutes of the slides add up to {total}, not to {found.minutes}")
    return found


def front_matter(source: str) -> tuple[dict[str, Any], str]:
    _, head, text = re.split(r"^---\n", source, maxsplit=2, flags=re.M)
    return yaml.safe_load(head), text


def reader(book: Book) -> MarkdownIt:
    """Markdown with formulas, and with the quotations of a deck as roles and fenced blocks."""
    md = MarkdownIt("commonmark", {"html": False, "typographer": True})
    md.enable(["table", "smartquotes"])
    md.use(dollarmath_plugin, renderer=lambda tex, options: formula(book, tex))
    md.use(myst_role_plugin)
    roles = {
        "n": lambda text: f'<span class="quoted">{html.escape(book.number(*text.split()))}</span>',
        "name": book.name,
        "page": book.title,
    }
    blocks = {
        "statement": lambda label, o: book.statement(label, o.get("only", "")),
        "idea": lambda label, o: book.idea(label),
        "formula": lambda text, o: book.formula(*text.split(" ", 1)),
        "passage": lambda text, o: book.passage(*text.split(" ", 1)),
        "table": lambda label, o: book.table(label),
        "figure": lambda label, o: figure(book, label, **o),
    }

    def role(self: Any, tokens: list[Token], i: int, options: Any, env: Any) -> str:
        return known(roles, tokens[i].meta["name"])(tokens[i].content)

    def fence(self: Any, tokens: list[Token], i: int, options: Any, env: Any) -> str:
        name, _, argument = tokens[i].info.partition(" ")
        lines = tokens[i].content.splitlines()
        settings = dict(re.findall(r"^:(\w+): *(.*)$", tokens[i].content, flags=re.M))
        if name == "{notes}":
            slide = env["slide"]
            slide.minutes, slide.notes = int(argument), md.render("\n".join(lines))
            return ""
        return known(blocks, name.strip("{}"))(argument.strip(), settings)

    md.add_render_rule("myst_role", role)
    md.add_render_rule("fence", fence)
    return md


def known(table: dict[str, Any], name: str) -> Any:
    if name not in table:
        raise NotInBook(f"a deck has no {{{name}}}; it has {', '.join(table)}")
    return table[name]


def formula(book: Book, tex: str) -> str:
    """A formula between the words; it must stand somewhere in the book."""
    markup, text, complaint = render(tex, False)
    if complaint:
        raise NotInBook(f"${tex}$: {complaint}")
    if not book.has_formula(text):
        raise NotInBook(f"no formula of the book has ${tex}$ in it")
    return f'<span class="math">{markup}</span>'


def figure(book: Book, label: str, panel: str = "", height: str = "", side: str = "") -> str:
    """A figure as large as there is room, or of a height; ``side`` lets words stand beside it."""
    svg, wide, high = book.figure(label, panel)
    scale = min(WIDTH / wide, float(height or HEIGHT) / high)
    size = f"width: {wide * scale:.0f}px; height: {high * scale:.0f}px"
    return f'<div class="figure {side}" data-scale="{scale:.3f}" style="{size}">{svg}</div>'


# Documents.


def document(deck: Deck) -> str:
    """A deck as a page that shows it with reveal.js."""
    slides = "\n".join(section(slide, not i) for i, slide in enumerate(deck.slides))
    sheets = "".join(f'<link rel="stylesheet" href="{s}">' for s in (*SHEETS, "reveal/reveal.css"))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{html.escape(deck.title)}: slides</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="../_static/logo.svg">
{sheets}<link rel="stylesheet" href="slides.css">
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="reveal/reveal.js"></script>
<script src="reveal/notes.js"></script>
<script src="slides.js" data-minutes="{deck.minutes}"></script>
</body>
</html>
"""


def section(slide: Slide, first: bool) -> str:
    shown, *later = slide.steps
    body = shown + "".join(f'<div class="fragment">{step}</div>' for step in later if step)
    kind, heading = ("opening", "h1") if first else ("idea", "h2")
    notes = f'<aside class="notes"><p>{slide.minutes} min</p>{slide.notes}</aside>'
    return (
        f'<section class="{kind}" data-timing="{60 * slide.minutes}">'
        f"<{heading}>{slide.title}</{heading}><div class='body'>{body}</div>{notes}</section>"
    )


def sheet(source: str, book: Book) -> str:
    """The handout: one sheet of paper."""
    about, text = front_matter(source)
    data = book_data(ROOT)
    where = data["address"] or f"version {data['version']}"
    sheets = "".join(f'<link rel="stylesheet" href="{s}">' for s in (*SHEETS, "handout.css"))
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{about["title"]}</title>
<link rel="icon" href="../_static/logo.svg">
{sheets}</head>
<body><main>
<h1>{about["title"]}</h1>
{reader(book).render(text, {})}
<p class="foot">{data["title"]}. {data["author"]}, {data["year"]}, {where}. Text CC BY 4.0.</p>
</main></body>
</html>
"""


# Paper.


def print_all(out: Path, names: list[str]) -> None:
    """Print what has changed since it was printed: a PDF says what it was made of."""
    about = book_data(ROOT)
    style = b"".join(path.read_bytes() for path in sorted(out.glob("*.css")))
    with printer() as page:
        page.set_viewport_size({"width": 1280, "height": 720})
        for name in names:
            source, target = out / f"{name}.html", out / f"{name}.pdf"
            text = source.read_bytes()
            made_of = hashlib.sha256(text + style + about["address"].encode()).hexdigest()
            if target.is_file() and printed_from(target) == made_of:
                continue
            title = html.unescape(re.search(r"<title>(.*?)</title>", text.decode())[1])
            data = {**metadata(about, title), "/Source": made_of}
            print_one(page, source, target, data, about["address"])


def printed_from(target: Path) -> str:
    with read_pdf(target) as pdf:
        return str(pdf.docinfo.get("/Source", ""))


def print_one(page: Any, source: Path, target: Path, data: dict[str, str], address: str) -> None:
    """Print a deck, one page for each slide with all its steps, or the handout."""
    is_deck = source.stem != HANDOUT
    page.goto(source.resolve().as_uri() + ("?print-pdf" if is_deck else ""))
    page.evaluate("() => document.fonts.ready.then(() => true)")
    if is_deck:
        page.wait_for_selector(".pdf-page")
    page.evaluate(LINKS, address.rstrip("/"))
    printed = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True)
    with read_pdf(BytesIO(printed)) as pdf:
        describe(pdf, data)
        pdf.save(
            target, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True
        )


# The page that leads to them.


def offer(page: Path, decks: list[Deck]) -> None:
    """Put the list of the decks into the page that leads to them."""
    rows = "".join(
        f'<tr><td><a href="../slides/{d.name}.html">{html.escape(d.title)}</a></td>'
        f"<td>{len(d.slides)}</td><td>{d.minutes}</td>"
        f"<td>{link(d.name, 'PDF')}</td></tr>"
        for d in decks
    )
    head = "<tr><th>deck</th><th>slides</th><th>minutes</th><th>on paper</th></tr>"
    paper = f"<p>And {link(HANDOUT, 'the handout, one page')}.</p>"
    table = f'<table class="docutils"><thead>{head}</thead><tbody>{rows}</tbody></table>{paper}'
    text = page.read_text(encoding="utf-8")
    filled = re.sub(
        r'(<div id="decks">).*?(</div>)', lambda m: m[1] + table + m[2], text, flags=re.S
    )
    page.write_text(filled, encoding="utf-8")


def link(name: str, text: str) -> str:
    there = (OUT / f"{name}.pdf").is_file()
    return f'<a href="../slides/{name}.{"pdf" if there else "html"}">{text}</a>'


if __name__ == "__main__":
    sys.exit(main())
