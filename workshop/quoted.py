"""What a deck quotes from the built site: statements, formulas, figures, tables, numbers.

Everything is found by its label. A label that the book does not have raises ``NotInBook``, with
those that look alike, so a deck cannot say what the book no longer says.
"""

import difflib
import html
import json
import os
import re
from collections.abc import Set
from functools import cached_property
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag
from paper import balanced, new, plain, without_formulas

# The longest note on a source that fits beside a statement's name.
SOURCE = 70
# What stands in a box of the page beside its words.
BESIDE = ".relations, .eqno, .headerlink, .claim-source, script, button"
PARTS = re.compile(r"(\d+(?:(?:, | and )\d+)*) (.*)", re.S)
SENTENCE = re.compile(r"(?<=\.)\s+(?=\S|$)")


class NotInBook(ValueError):
    """A deck names what the built book does not have."""


class Element:
    """A piece of a page: its markup with marks for its formulas, and these."""

    def __init__(self, markup: str, page: str):
        text, self.formulas = without_formulas(markup)
        self.page, self.tag = page, BeautifulSoup(text, "html.parser").find()
        for found in self.tag.select(BESIDE):
            found.decompose()

    def html(self, *pieces: Tag) -> str:
        """The markup of pieces (of all of it) as it stands in the folder of the decks."""
        text = "".join(str(piece) for piece in pieces or (self.tag,))
        text = re.sub(r' (id|title)="[^"]*"', "", text)
        text = re.sub(
            r'(href|src)="(?![a-z]+:)(#?)([^"]*)"',
            lambda m: f'{m[1]}="{address(self.page, m[2] + m[3])}"',
            text,
        )
        return re.sub(r'<i data-formula="(\d+)"></i>', lambda m: self.formulas[int(m[1])], text)


def close(text: str) -> str:
    """Characters without the spaces between them."""
    return re.sub(r"\s", "", text)


def address(page: str, link: str) -> str:
    """Where a link of a page leads, seen from the folder of the decks."""
    if link.startswith("#"):
        return f"../{page}.html{link}"
    return "../" + os.path.normpath(os.path.join(os.path.dirname(page), link))


class Book:
    """The built site, and what its chapters' runs have recorded."""

    def __init__(self, site: Path, executed: Path):
        self.site, self.executed = site, executed

    @cached_property
    def pages(self) -> dict[str, str]:
        found = sorted(self.site.rglob("*.html"))
        names = [path.relative_to(self.site).with_suffix("").as_posix() for path in found]
        return {
            name: path.read_text(encoding="utf-8")
            for name, path in zip(names, found, strict=True)
            if not name.startswith(("slides/", "_static/", "claims"))
        }

    @cached_property
    def claims(self) -> dict[str, dict]:
        entries = json.loads((self.site / "claims.json").read_text(encoding="utf-8"))
        return {entry["label"]: entry for entry in entries}

    @cached_property
    def characters(self) -> str:
        """All formulas of the book as plain characters without spaces, one a line."""
        texts = {
            t for page in self.pages.values() for t in re.findall(r'data-text="([^"]*)"', page)
        }
        return "\n".join(close(html.unescape(text)) for text in texts)

    def element(self, label: str) -> Element:
        """The element with this id, on the page that it names (``page#id``) or wherever it is."""
        page, _, name = label.rpartition("#")
        mark = f' id="{name}"'
        places = [page] if page else [n for n, text in self.pages.items() if mark in text]
        for place in places:
            text = self.pages.get(place, "")
            if mark in text:
                start = text.rindex("<", 0, text.index(mark))
                tag = re.match(r"<(\w+)", text[start:])[1]
                if tag == "li":  # in a list of what has moved away
                    continue
                return Element(text[start : balanced(text, start, tag)], place)
        raise NotInBook(f"the book has no {label!r}{self.alike(name)}")

    def alike(self, name: str) -> str:
        kind = name.split("-")[0] + "-"
        known = {
            found
            for text in self.pages.values()
            for found in re.findall(rf' id="({re.escape(kind)}[^"]*)"', text)
        }
        near = difflib.get_close_matches(name, known, n=3)
        return f"; there are {', '.join(near)}" if near else ""

    # Quotations.

    def statement(self, label: str, only: str = "") -> str:
        """A statement's box, whole or only some of its blocks and sentences (``1 2.3``)."""
        element = self.element(label)
        content = element.tag.find("section", recursive=False)
        if content is None:
            raise NotInBook(f"{label!r} is no statement")
        blocks, parts = [], []  # the number of a block that is an item of a list, else 0
        for block in content.find_all(["p", "div", "ol", "ul"], recursive=False):
            listed = block.name in ("ol", "ul")
            inside = block.find_all("li", recursive=False) if listed else [block]
            filled = [(item, k if listed else 0) for k, item in enumerate(inside, 1) if plain(item)]
            blocks += [item for item, _ in filled]
            parts += [k for _, k in filled]
        chosen = selected(blocks, only, label) if only else blocks
        part = ' <span class="in-part">in part</span>' if only else ""
        link = self.name(label)
        _, *title = element.tag.find(class_="admonition-title").contents
        name = element.html(*title).strip().removeprefix("(").removesuffix(")")
        name = f' <span class="name">{name}</span>' if name else ""
        kind = "result" if label in self.claims else "definition"
        body = element.html(*[as_block(piece) for piece in chosen])
        shown = {parts[int(name.split(".")[0]) - 1] for name in only.split()} - {0}
        source = f'<span class="source">{self.source(label, shown)}</span>'
        head = f'<p class="head">{link}{name}{part}{source}</p>'
        return f'<div class="statement {kind}">{head}{body}</div>'

    def source(self, label: str, parts: Set[int] = frozenset()) -> str:
        """Where a result, or these parts of it, come from, in the words of the ledger, as far as
        they fit in a line; nothing if the parts come from different places."""
        words = self.claims.get(label, {}).get("source", "")
        if parts and words[:1].isdigit():
            said = [PARTS.match(piece) for piece in re.split(r"; (?=\d)", words)]
            fits = [m[2] for m in said if m and parts <= {int(k) for k in re.findall(r"\d+", m[1])}]
            words = fits[0] if fits else ""
        short = re.split(r", there |; |, as in ", words)[0]
        return "" if len(short) > SOURCE else html.escape(short)

    def name(self, label: str) -> str:
        """*Theorem 17.3* or *Fig. 1*, as a link."""
        element = self.element(label)
        caption = element.tag.find(class_="caption-number")
        if caption is None:
            raise NotInBook(f"{label!r} has no number")
        words = plain(caption).replace(" ", "\u00a0")
        return f'<a href="../{element.page}.html#{label}">{words}</a>'

    def title(self, label: str) -> str:
        """The title of a page, or of the page where a label stands, as a link."""
        page = label if label in self.pages else self.element(label).page
        heading = re.search(r"<h1>(.*?)<a class=\"headerlink", self.pages[page], re.S)[1]
        words = Element(f"<b>{heading}</b>", page)
        for number in words.tag.select(".section-number"):
            number.decompose()
        return f'<a href="../{page}.html">{words.html(*words.tag.contents)}</a>'

    def idea(self, label: str) -> str:
        """The first sentence of a folded proof: its idea."""
        element = self.element(f"proof-{label}")
        idea = element.tag.find(class_="fold-idea")
        if idea is None:
            raise NotInBook(f"the proof of {label!r} does not begin with its idea")
        return f'<p class="idea">{element.html(*idea.contents)}</p>'

    def formula(self, label: str, piece: str = "") -> str:
        """The displayed formula of a statement, a proof (``proof-…``), a section; if it has
        several, the one that has this piece of TeX or of plain characters in it.
        """
        element = self.element(label)
        found = [
            formula
            for formula in element.tag.select(".formula")
            if close(piece) in close(formula.get("data-tex", "") + " " + formula["data-text"])
        ]
        if len(found) != 1:
            raise NotInBook(
                f"{label!r} has {len(found)} displayed formulas with {piece!r}, not one"
            )
        return f'<div class="display">{element.html(found[0])}</div>'

    def passage(self, section: str, selector: str) -> str:
        """The first element of a section that a CSS selector finds."""
        element = self.element(section)
        found = element.tag.select_one(selector)
        if found is None:
            raise NotInBook(f"{section!r} has no {selector!r}")
        return f'<div class="passage">{element.html(found)}</div>'

    def table(self, section: str) -> str:
        element = self.element(section)
        if (table := element.tag.find("table")) is None:
            raise NotInBook(f"{section!r} has no table")
        return element.html(table)

    def number(self, page: str, key: str) -> str:
        """A number that the run of a page has recorded."""
        path = self.executed / f"{page}.glue.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if key not in kept:
            near = difflib.get_close_matches(key, kept, n=3)
            raise NotInBook(f"the run of {page!r} records no {key!r}; near: {', '.join(near)}")
        return kept[key]["data"]["text/plain"].strip("'\"")

    def figure(self, label: str, panel: str = "") -> tuple[str, float, float]:
        """A figure, or a part of its width (``0 0.5`` is the left half): markup, width, height."""
        element = self.element(label)
        image = element.tag.find("img")
        if image is None or not image["src"].endswith(".svg"):
            raise NotInBook(f"{label!r} is no drawing")
        width, height = float(image["width"]), float(image["height"])
        source = address(element.page, image["src"])
        whole, x = width, 0.0
        if panel:
            start, end = map(float, panel.split())
            width, x = whole * (end - start), whole * start
        box = f'viewBox="{x:g} 0 {width:g} {height:g}"'
        drawn = f'<image href="{source}" width="{whole:g}" height="{height:g}"/>'
        words = html.escape(image["alt"], quote=True)
        return f'<svg {box} role="img" aria-label="{words}">{drawn}</svg>', width, height

    def has_formula(self, text: str) -> bool:
        """Whether a formula, as plain characters, stands in the book, alone or in a longer one."""
        return close(text) in self.characters


def selected(blocks: list[Tag], only: str, label: str) -> list[Tag]:
    """The blocks (``2``) and sentences (``2.3``) that are named; neighbours are one paragraph."""
    chosen: list[Tag] = []
    before = (0, 0)
    for name in only.split():
        block, sentence = (int(n) for n in f"{name}.0".split(".")[:2])
        piece = pick(blocks, block, f"{label!r}, block")
        if sentence:
            piece = pick(sentences(piece), sentence, f"{label!r}, sentence")
        joined = sentence > 1 and before == (block, sentence - 1)
        if joined and piece.name == chosen[-1].name == "p":
            chosen[-1].extend([" ", *piece.contents])
        else:
            chosen.append(piece)
        before = (block, sentence)
    return chosen


def pick(pieces: list[Tag], number: int, what: str) -> Tag:
    if not 1 <= number <= len(pieces):
        raise NotInBook(f"{what}: there are {len(pieces)}, no number {number}")
    return pieces[number - 1]


def sentences(block: Tag) -> list[Tag]:
    """The sentences of a paragraph, or of an item with its displays, each a block of its own."""
    if block.name != "p":
        inside = block.find_all(recursive=False)
        return [s for c in inside for s in (sentences(c) if c.name == "p" else [c])]
    found = [new("p")]
    for child in list(block.children):
        if not isinstance(child, NavigableString):
            found[-1].append(child.__copy__())
            continue
        first, *others = SENTENCE.split(str(child))
        found[-1].append(first)
        for other in others:
            found.append(new("p"))
            found[-1].append(other)
    return [paragraph for paragraph in found if plain(paragraph) or paragraph.find("i")]


def as_block(piece: Tag) -> Tag:
    """An item of a list as a block of its own."""
    if piece.name == "li":
        piece = piece.__copy__()
        piece.name = "div"
    return piece
