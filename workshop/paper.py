"""A page of the built site as a text for paper.

The text is what stands in ``role="main"`` of the page, and nothing of the theme. On paper nothing
can be clicked: what is folded is open, solutions stand at the chapter's end, figures stand without
the code that draws them. ``binding.py`` makes one document of such texts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

# Where solutions stand: at the "end" of their chapter, "open" below the exercise, or "nowhere".
SOLUTIONS = "end"
# What a chapter folds is the code of its figures and bookkeeping; the notebook has it.
FOLDED_CODE = False
# Pages that only make sense on a screen. Links to them go to the site, if its address is known.
LEFT_OUT = ("claims",)

BIBLIOGRAPHY = "references"
CLICKED = (
    "script, style, noscript, button, input, output, canvas, iframe, .headerlink, .page-tools, "
    ".copybtn, .run-bar, .toctree-wrapper, .moved, [hidden]"
)
# KaTeX has a formula twice, one hidden from the eye, one from the screen reader. In a PDF it would
# be found twice; there the reader hears the formula as the text of a picture instead.
SPOKEN = re.compile(r'<span class="katex-mathml">.*?</span>', flags=re.S)
HIDDEN = ' aria-hidden="true"'


@dataclass(frozen=True)
class Page:
    """A page of the site: its name, the part that begins with it, its text, its formulas."""

    name: str
    part: str
    text: Tag
    formulas: list[str]

    @property
    def slug(self) -> str:
        return self.name.replace("/", "-")

    @property
    def number(self) -> str:
        found = self.text.select_one("h1 > .section-number")
        return found.get_text().strip(" .\u2002") if found else ""

    @property
    def title(self) -> str:
        heading = self.text.find(["h1", "h2"])
        return plain(heading) if heading else self.name

    @property
    def only_lists(self) -> bool:
        """Whether the page has nothing but a title and the list of other pages."""
        return plain(self.text) == self.title


# Reading.


def names(toc: Path) -> Iterator[tuple[str, str]]:
    """``(page, part)`` in the book's order; the part is named with its first page only."""
    content = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield content["root"], ""
    for part in content.get("parts", [{"chapters": content.get("chapters", [])}]):
        files = [
            entry["file"]
            for chapter in part["chapters"]
            for entry in (chapter, *chapter.get("sections", ()))
        ]
        files = [name for name in files if name not in LEFT_OUT]
        yield from ((name, "" if i else part.get("caption", "")) for i, name in enumerate(files))


def read(site: Path, name: str, part: str = "") -> Page:
    markup, formulas = without_formulas((site / f"{name}.html").read_text(encoding="utf-8"))
    text = BeautifulSoup(markup, "html.parser").select_one("[role=main]")
    if text is None:
        raise ValueError(f"{name}.html must have an element with the role main, got none")
    text = text.extract()
    for element in text.select(CLICKED):
        element.decompose()
    return Page(name, part, text, formulas)


def without_formulas(markup: str) -> tuple[str, list[str]]:
    """A page with a mark for each of KaTeX's formulas, which are nine tenths of it, and these.

    >>> without_formulas('<b><span class="katex"><span>x</span></span></b>')
    ('<b><i data-formula="0"></i></b>', ['<span class="katex"><span>x</span></span>'])
    """
    pieces, formulas, end = [], [], 0
    for start in re.finditer('<span class="katex">', markup):
        if start.start() < end:
            continue
        pieces.append(markup[end : start.start()] + f'<i data-formula="{len(formulas)}"></i>')
        end = balanced(markup, start.start())
        formulas.append(SPOKEN.sub("", markup[start.start() : end]).replace(HIDDEN, ""))
    return "".join(pieces) + markup[end:], formulas


def balanced(markup: str, start: int, name: str = "span") -> int:
    """Where the element of this name ends that begins at ``start``."""
    depth = 0
    for tag in re.compile(rf"<(/?){name}\b").finditer(markup, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.end() + 1
    raise ValueError(f"the {name} must end, got {markup[start : start + 60]!r}")


def plain(element: Tag) -> str:
    """The words of an element, formulas as plain characters."""
    copy = BeautifulSoup(str(element), "html.parser")
    for formula in copy.select("[data-text]"):
        formula.replace_with(formula["data-text"])
    return re.sub(r"\s+", " ", copy.get_text().replace("\u2060", "")).strip()


# A chapter on paper.


def for_paper(page: Page) -> None:
    """Open what is folded, and leave out what only a screen can use."""
    text = page.text
    move_solutions(page)
    if not FOLDED_CODE:
        for cell in text.select("div.cell.tag_hide-input"):
            leave_code_out(cell)
    for summary in text.select("details.hide > summary, .relations summary"):
        summary.decompose()
    for fold in text.find_all("details"):
        fold.name = "div"
        fold.attrs.pop("open", None)
        for summary in fold.find_all("summary", recursive=False):
            summary.name = "p"
    for image in text.find_all("img"):
        image.attrs.pop("loading", None)
    for formula in text.select("[data-text]"):
        # A screen reader says the line of characters, and not the pieces it is drawn with.
        formula["role"], formula["aria-label"] = "img", formula["data-text"]


def leave_code_out(cell: Tag) -> None:
    for code in cell.select("details.hide, .cell_input"):
        code.decompose()
    if not cell.get_text(strip=True) and not cell.find(["img", "svg"]):
        cell.decompose()


def move_solutions(page: Page) -> None:
    """Move the solutions, in which their code is, to the end of the chapter, or away.

    The hints of an exercise go with its solution: on paper they cannot be folded.
    """
    found = page.text.select("details.solution")
    if SOLUTIONS == "open" or not found:
        return
    section = new("section", id="all-solutions")
    section.append(new("h2", "Solutions"))
    for solution in found:
        exercise = solution.find_previous(class_="exercise")
        holder = new("div", **{"class": "solved"})
        holder.extend([hint.extract() for hint in hints_above(solution)])
        holder.append(solution.extract())
        section.append(holder)
        if SOLUTIONS == "end" and exercise is not None:
            refer(exercise, solution)
    if SOLUTIONS == "end":
        (page.text.find("section") or page.text).append(section)


def hints_above(solution: Tag) -> list[Tag]:
    """The hints between an exercise and its solution, in their order."""
    found = []
    for element in solution.find_previous_siblings():
        classes = element.get("class", ())
        if "exercise" in classes:
            return found[::-1]
        if "hint" in classes:
            found.append(element)
    return []


def refer(exercise: Tag, solution: Tag) -> None:
    """Links from an exercise to its solution, with the page, and back."""
    line = new("p", **{"class": "to-solution"})
    line.append(new("a", "Solution", href=f"#{solution['id']}"))
    line.append(new("span", **{"class": "on-page", "data-page-of": solution["id"]}))
    exercise.append(line)
    title = solution.find("summary")
    link = new("a", href=f"#{exercise['id']}")
    link.extend([child.extract() for child in list(title.children)])
    title.append(link)


def new(name: str, text: str = "", **attributes: str) -> Tag:
    """A new element.

    >>> print(new("a", "there", href="#x"))
    <a href="#x">there</a>
    """
    tag = BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)
    if text:
        tag.string = text
    return tag
