"""Pages bound into one document: every id once, links between pages as links inside it.

The whole book has a title page, a table of contents and its parts; a single chapter ends with the
entries of the bibliography that it cites.
"""

import html
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from bs4 import Tag
from paper import BIBLIOGRAPHY, Page, new, plain

FORMULA = re.compile(r'<i data-formula="(\d+)"></i>')


def anchor(slug: str, fragment: str = "") -> str:
    """The id, in the document, of a place on a page.

    >>> anchor("sharp-sandwich", "prop-sandwich")
    'sharp-sandwich--prop-sandwich'
    """
    return f"{slug}--{fragment}" if fragment else slug


def bind(pages: Sequence[Page], address: str = "", folder: str = "../html/") -> list[str]:
    """Make ids unique and turn links inwards; the links that lead nowhere, as messages.

    A link to a page that is not bound goes to ``address``, the site's; without one it is plain
    text. Pictures are found in ``folder``, the site seen from the document.
    """
    known = {page.name: {tag["id"]: tag for tag in page.text.select("[id]")} for page in pages}
    titles = {page.name: page for page in pages}
    lost = []
    for page in pages:
        for tag in page.text.select("svg [marker-end]"):
            tag["marker-end"] = tag["marker-end"].replace("#", f"#{anchor(page.slug, ' ').strip()}")
        for tag in page.text.select("[id]"):
            tag["id"] = anchor(page.slug, tag["id"])
        for tag in page.text.select("[data-page-of]"):
            tag["data-page-of"] = anchor(page.slug, tag["data-page-of"])
        for link in page.text.select("a[href]"):
            lost += turn(link, page, titles, known, address)
        for image in page.text.select("img[src]"):
            if not image["src"].startswith("data:"):
                image["src"] = folder + place(page.name, image["src"])
    return lost


def turn(
    link: Tag, page: Page, pages: dict[str, Page], known: dict[str, dict[str, Tag]], address: str
) -> list[str]:
    """Turn one link inwards, or to the site, or into text; a message if its target is lost."""
    href = link["href"]
    if re.match(r"[a-z]+:", href):
        shown = link.get_text(strip=True).removeprefix("doi:") in href
        link["class"] = [*link.get("class", ()), "outside", *(["bare"] if shown else [])]
        return []
    target, _, fragment = href.partition("#")
    where, fragment = place(page.name, target) if target else f"{page.name}.html", unquote(fragment)
    name = where.removesuffix(".html")
    if name not in pages:
        if address:
            link["href"] = f"{address.rstrip('/')}/{where}" + (f"#{fragment}" if fragment else "")
        else:
            link.name = "g" if link.find_parent("svg") else "span"
            link.attrs.pop("href")
        return []
    if fragment and fragment not in known[name]:
        link["href"] = f"#{anchor(pages[name].slug)}"
        return [f"{page.name}: {href} leads nowhere"]
    link["href"] = f"#{anchor(pages[name].slug, fragment)}"
    number = section_number(known[name][fragment]) if fragment else pages[name].number
    if (
        number
        and not link.find_parent("svg")
        and (fragment or name != page.name)
        and number not in link.get_text()
    ):
        link.append(f" ({'section' if fragment else 'chapter'}\u00a0{number})")
    return []


def section_number(target: Tag) -> str:
    """The number of a section, empty for anything else."""
    number = target.select_one(":scope > :is(h1, h2, h3) > .section-number")
    return number.get_text().strip(" .\u2002") if target.name == "section" and number else ""


def place(name: str, target: str) -> str:
    """``target``, seen from the page ``name``, as a path of the site.

    >>> place("sharp/sandwich", "../code/sharp.html")
    'code/sharp.html'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


# The document.


def document(title: str, body: str, css: Sequence[str], running: str = "") -> str:
    """The text of a page of HTML, to be printed."""
    sheets = "\n".join(f'<link rel="stylesheet" href="{name}">' for name in css)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n{sheets}\n<style>\n{running}\n</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def chapter(page: Page, level: int = 0, below: str = "") -> str:
    """A page as a piece of the document, its headings ``level`` deeper.

    It begins a sheet, or goes on ``below`` the page of that slug.
    """
    for tag in page.text.find_all(re.compile(r"^h[1-5]$")) if level else ():
        tag.name = f"h{int(tag.name[1]) + level}"
    part = f'<h1 class="part">{html.escape(page.part)}</h1>\n' if page.part else ""
    markup = FORMULA.sub(lambda found: page.formulas[int(found[1])], page.text.decode_contents())
    kind = "chapter below" if below else "chapter deeper" if level else "chapter"
    sheet = below or page.slug
    return f'<div class="{kind}" id="{page.slug}" style="page: {sheet}">\n{part}{markup}</div>'


def running_heads(pages: Sequence[Page]) -> str:
    """The style that prints each chapter's title at the head of its sheets."""
    return "\n".join(
        f'@page {page.slug} {{ @top-left {{ content: "{quoted(page.title)}"; }} }}'
        for page in pages
    )


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def contents(pages: Sequence[Page]) -> str:
    """The table of contents: parts, chapters with their sheets, and the sections in a line."""
    lines = ['<nav class="contents" id="contents">', '<h1 class="title">Contents</h1>']
    for page in pages:
        if page.part:
            lines.append(f'<p class="part">{html.escape(page.part)}</p>')
        lines.append(entry(page.slug, page.title, "chapter-line"))
        sections = page.text.select("section > h2")
        if sections and page.number:
            inner = " · ".join(
                f'<a href="#{heading.parent["id"]}">{html.escape(unnumbered(heading))}</a>'
                for heading in sections
            )
            lines.append(f'<p class="sections">{inner}</p>')
    return "\n".join([*lines, "</nav>"])


def unnumbered(heading: Tag) -> str:
    return re.sub(r"^[\d.]+\s+", "", plain(heading))


def entry(target: str, text: str, kind: str) -> str:
    return (
        f'<p class="{kind}"><a href="#{target}"><span class="words">{html.escape(text)}</span>'
        f'<span class="dots"></span><span class="on-page" data-page-of="{target}"></span></a></p>'
    )


def cited(page: Page, bibliography: Page) -> Page | None:
    """Of the bibliography, the entries that a chapter cites."""
    wanted = {
        link["href"].partition("#")[2]
        for link in page.text.select("a[href]")
        if place(page.name, link["href"].partition("#")[0]) == f"{BIBLIOGRAPHY}.html"
    }
    entries = [tag for tag in bibliography.text.select("div.citation") if tag["id"] in wanted]
    if not entries:
        return None
    text = new("div")
    text.append(new("h2", "References"))
    text.extend([tag.extract() for tag in entries])
    return Page(BIBLIOGRAPHY, "", text, bibliography.formulas)


def title_page(title: str, lines: Sequence[str]) -> str:
    return (
        f'<div class="cover"><p class="cover-title">{html.escape(title)}</p>'
        + "".join(f"<p>{line}</p>" for line in lines)
        + "</div>"
    )


def fonts(site: Path, folder: str) -> list[str]:
    """The style sheets of the site that the document needs: formulas and the colours of code."""
    names = ("_static/katex/katex.min.css", "_static/pygments.css")
    return [folder + name for name in names if (site / name).is_file()]
