"""What an author writes, and what a reader sees of it: the map, lists of what to read, minutes."""

from typing import ClassVar, NamedTuple

from claims.ledger import Ledger, captions_of_parts, chapters
from claims.page import Page
from claims.pieces import listed, plain_table
from docutils import nodes
from docutils.parsers.rst import directives
from search_text import plain_doctree
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .drawing import Stop, draw
from .minutes import Section, minutes, said, seconds
from .order import backward, drawn, joins, on_trust

logger = logging.getLogger(__name__)
MARKS = ["◆", "●"]


def stored(env: BuildEnvironment) -> dict[str, dict]:
    """What the environment keeps from one build to the next, by page."""
    if not hasattr(env, "reading_map"):
        env.reading_map = {"sections": {}, "needs": {}, "paths": {}, "pages": {}}
    return env.reading_map


# What an author writes.


class reading_map(nodes.General, nodes.Element):
    """Stands where the map goes until the chapters are all read."""


class reading_list(nodes.General, nodes.Element):
    """Stands where a list goes; its children are what the author says to each entry."""


class reading_time(nodes.Inline, nodes.Element):
    """Stands where a number of minutes goes."""


class section_link(nodes.Inline, nodes.Element):
    """Stands where a link to a section goes."""


class MapDirective(SphinxDirective):
    """The map of the pages in the folders that are named."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        stored(self.env)["pages"][self.env.docname] = True
        place = self.get_source_info()
        return [reading_map(folders=self.arguments[0].split(), place=place)]


class ReadingDirective(SphinxDirective):
    """What to read, in order, with minutes: one line for each entry.

    A line is ``page``, ``page#section``, or either with ``(statements)`` for reading without the
    proofs; after ``: `` what there is to say. ``:path:`` names a path of the map, ``:within:`` the
    minutes that the list may take, ``:later:`` the results that are read after a proof that uses
    them, ``:skip:`` makes it a list of what one leaves out, ``:continued:`` says that the lists
    above on this page have been read.
    """

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {
        "path": directives.unchanged,
        "within": directives.nonnegative_int,
        "later": directives.unchanged,
        "skip": directives.flag,
        "continued": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        keep = stored(self.env)
        keep["pages"][self.env.docname] = True
        entries, items = [], []
        for offset, line in enumerate(self.content):
            if not line.strip():
                continue
            target, _, text = f"{line.rstrip()} ".partition(": ")
            entries.append(tuple(target.replace("(statements)", " (statements)").split()))
            said, _ = self.state.inline_text(text.strip(), self.content_offset + offset)
            items.append(nodes.list_item("", nodes.paragraph("", "", *said)))
        name = self.options.get("path", "")
        if name:
            pages = [entry[0] for entry in entries]
            keep["paths"].setdefault(self.env.docname, []).append((name, pages))
        return [
            reading_list(
                "",
                *items,
                entries=entries,
                path=name,
                within=self.options.get("within", 0),
                later=self.options.get("later", "").split(),
                skip="skip" in self.options,
                continued="continued" in self.options,
                place=self.get_source_info(),
            )
        ]


class MinutesRole(SphinxRole):
    """The minutes of pages, sections or exercises, several with spaces: ``page#section ex-one``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        stored(self.env)["pages"][self.env.docname] = True
        return [reading_time(entry=tuple(self.text.split()), place=self.get_source_info())], []


class SectionRole(SphinxRole):
    """A link to a page or a section by its own title, after the number of its chapter."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        stored(self.env)["pages"][self.env.docname] = True
        return [section_link(entry=(self.text,), place=self.get_source_info())], []


# What becomes of it.


class Entry(NamedTuple):
    """An entry of a list: a page or a section of it."""

    docname: str
    anchor: str
    sections: list[Section]
    with_proofs: bool

    @property
    def time(self) -> float:
        return seconds(self.sections, self.with_proofs)


class Render(SphinxPostTransform):
    """Put maps, lists and minutes in their places, before references resolve."""

    default_priority = 8

    def run(self, **kwargs: object) -> None:
        if self.env.docname not in stored(self.env)["pages"]:
            return
        view = View(self.app, self.env.docname)
        for node in list(self.document.findall(reading_time)):
            time = sum(view.time(target, node["place"]) for target in node["entry"])
            text = said(minutes(time)) if time else "no estimate"
            node.replace_self(nodes.inline("", text, classes=["reading-time"]))
        for node in list(self.document.findall(section_link)):
            entry = view.entry(node["entry"], node["place"])
            node.replace_self(view.heading(entry) if entry else [])
        for node in list(self.document.findall(reading_map)):
            node.replace_self(view.map(node["folders"], node["place"]))
        read: list[Entry] = []
        for node in list(self.document.findall(reading_list)):
            if not node["continued"] and not node["skip"]:
                read = []
            entries = [view.entry(entry, node["place"]) for entry in node["entries"]]
            node.replace_self(view.reading(node, entries, read))
            if not node["skip"]:
                read += [entry for entry in entries if entry]


class View:
    """The lists and the map as seen from one page."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.env, self.docname = app.env, docname
        self.page = Page(app, docname)
        self.ledger: Ledger = app.env.claims_ledger
        self.sections: dict[str, list[Section]] = stored(self.env)["sections"]
        statements = getattr(self.env, "proof_list", {})
        self.home = {label: at["docname"] for label, at in statements.items()}
        kept = getattr(self.env, "book_exercises", {}).get("exercises", {})
        exercises = [one for some in kept.values() for one in some]
        self.exercises = {one.label: one.minutes for one in exercises}
        self.problems = {one.docname for one in exercises if one.elsewhere}  # no chapters to read

    def time(self, target: str, place: object) -> float:
        """The seconds for an exercise, as its head says them, or for what is read."""
        if target in self.exercises:
            return 60 * self.exercises[target]
        entry = self.entry((target,), place)
        return entry.time if entry else 0.0

    def entry(self, words: tuple[str, ...], place: object) -> Entry | None:
        """What a line names, or nothing, with a warning."""
        docname, _, anchor = words[0].partition("#")
        there = self.sections.get(docname, [])
        chosen = [part for part in there if not anchor or anchor in (*part.ids, *part.parents)]
        if not chosen or any(word != "(statements)" for word in words[1:]):
            logger.warning(f"no page or section is called {' '.join(words)!r}", location=place)
            return None
        if anchor:  # a section may be called by any of its names
            ids = next(part.ids for part in there if anchor in part.ids)
            anchor = ids[0]
            chosen = [part for part in there if anchor in (*part.ids, *part.parents)]
        return Entry(docname, anchor, chosen, len(words) == 1)

    def name(self, docname: str) -> str:
        """The number and the title of a page in plain characters."""
        numbers = self.env.toc_secnumbers.get(docname, {}).get("", ())
        return f"{'.'.join(map(str, numbers))} {self.plain(docname)}".strip()

    def plain(self, docname: str) -> str:
        return plain_doctree(self.env.titles[docname]).astext()

    def heading(self, entry: Entry) -> list[nodes.Node]:
        """The link to an entry: a page by its title, a section by its own after the page's."""
        numbers = ".".join(map(str, self.env.toc_secnumbers.get(entry.docname, {}).get("", ())))
        number = [nodes.Text(f"{numbers} ")] if numbers else []
        title = self.env.titles[entry.docname].children
        if not entry.anchor:
            return [self.page.link(entry.docname, "", [*number, *title])]
        for ref in self.env.tocs[entry.docname].findall(nodes.reference):
            if ref.get("anchorname") == f"#{entry.anchor}":
                title = ref.children
        return [*number, self.page.link(entry.docname, entry.anchor, title)]

    # A list.

    def reading(
        self, node: reading_list, entries: list[Entry | None], before: list[Entry]
    ) -> list[nodes.Node]:
        """The entries with their minutes, the sum, and what is taken on trust."""
        found = nodes.bullet_list(classes=["reading-list"])
        if node["path"]:
            found = nodes.enumerated_list(enumtype="arabic", classes=["reading-list"])
        for item, entry in zip(node.children, entries, strict=True):
            if entry:
                remark = item[0].children
                how = "" if entry.with_proofs else ", statements only"
                time = nodes.Text(f", {said(minutes(entry.time))}{how}{'. ' if remark else ''}")
                paragraph = nodes.paragraph("", "", *self.heading(entry), time, *remark)
                found += nodes.list_item("", paragraph)
        if node["skip"]:
            return [found]
        known = [entry for entry in entries if entry]
        total = minutes(sum(entry.time for entry in known))
        if node["within"] and total > node["within"]:
            message = f"these take {total} minutes, more than {node['within']}"
            logger.warning(message, location=node["place"])
        lines = [nodes.paragraph("", f"Together {said(total)}.")]
        return [found, *lines, *self.trust(node, known, before)]

    def trust(
        self, node: reading_list, entries: list[Entry], before: list[Entry]
    ) -> list[nodes.Node]:
        """What the proofs of a list use that is not read before; each with a warning if hidden."""
        read = labels([*before, *entries])
        proved = set(labels([entry for entry in entries if entry.with_proofs]))
        trust, late = on_trust(self.ledger, read, proved, set(self.home))
        declared = set(node["later"])
        for used, user in late:
            if used not in declared:
                message = f"the proof of {user} uses {used}, which is read later"
                logger.warning(message, location=node["place"])
        for label in sorted(declared - {used for used, _ in late}):
            message = f"{label} is called later, but no proof before it uses it"
            logger.warning(message, location=node["place"])
        lines = []
        if trust:
            names = [self.used_by(label, users) for label, users in trust.items()]
            lines.append([nodes.Text("On trust, from elsewhere: "), *listed(names)])
        if late:
            pairs: dict[str, list[str]] = {}
            for used, user in late:
                pairs.setdefault(used, []).append(user)
            names = [self.used_by(label, users) for label, users in pairs.items()]
            lines.append([nodes.Text("On trust until it is read: "), *listed(names)])
        return [
            nodes.paragraph("", "", *line, nodes.Text("."), classes=["on-trust"]) for line in lines
        ]

    def used_by(self, label: str, users: list[str]) -> list[nodes.Node]:
        names = listed(map(self.page.used, users))
        return [*self.page.used(label), nodes.Text(" (for "), *names, nodes.Text(")")]

    # The map.

    def map(self, folders: list[str], place: object) -> list[nodes.Node]:
        """The picture, and the same as a table."""
        inside = [name for name in chapters(self.env) if name.rpartition("/")[0] in folders]
        pages = [name for name in inside if name in self.sections and name not in self.problems]
        for folder in folders:
            if not any(name.startswith(f"{folder}/") for name in pages):
                logger.warning(f"the map has no page in {folder}", location=place)
        found = joins(self.ledger, stored(self.env)["needs"], self.home, pages)
        paths = [path for some in stored(self.env)["paths"].values() for path in some]
        times = {name: minutes(seconds(self.sections[name])) for name in pages}
        captions, stops = captions_of_parts(self.env), []
        for name in pages:
            folder = name.rpartition("/")[0]
            heading = captions.get(folder) or folder
            if all(stop.name != folder for stop in stops):
                stops.append(Stop(folder, heading))
            on = tuple(i for i, path in enumerate(paths[: len(MARKS)]) if name in path[1])
            uri, time = self.page.uri(name, ""), said(times[name])
            stops.append(Stop(name, self.name(name), uri, time, on))
        back = [pair for pair in backward(pages, found) if found[pair].proofs]
        title = "Reading map: which page rests on which"
        drawing = draw(stops, drawn(pages, found), back, MARKS, title)
        heads = ("Page", "Minutes", "Its proofs use", "Its head needs", "Paths")
        rows = [self.row(name, times[name], pages, found, paths) for name in pages]
        table = nodes.container("", plain_table(heads, rows), classes=["reading-table"])
        before = nodes.raw("", "<details><summary>The same as a table</summary>", format="html")
        after = nodes.raw("", "</details>", format="html")
        return [nodes.raw("", drawing, format="html"), before, table, after]

    def row(
        self, name: str, time: int, pages: list[str], found: dict, paths: list
    ) -> list[list[nodes.Node]]:
        earlier = [page for page in pages if (page, name) in found]
        proofs = [self.numbered(page) for page in earlier if found[page, name].proofs]
        only = [page for page in earlier if not found[page, name].proofs]
        on = ", ".join(path for path, some in paths if name in some)
        number = [nodes.Text(str(time))]
        needs = listed(map(self.numbered, only))
        return [self.titled(name), number, listed(proofs), needs, [nodes.Text(on or "–")]]

    def titled(self, name: str) -> list[nodes.Node]:
        return [self.page.link(name, "", [nodes.Text(self.name(name))])]

    def numbered(self, name: str) -> list[nodes.Node]:
        """A page by its number, or by its title where it has none."""
        numbers = self.env.toc_secnumbers.get(name, {}).get("", ())
        text = ".".join(map(str, numbers)) or self.plain(name)
        return [self.page.link(name, "", [nodes.Text(text)])]


def to_read(line: str) -> str:
    """An entry of a list in a notebook: an item with roles in it, for ``in_words``."""
    target, _, text = f"{line} ".partition(": ")
    name, _, statements = target.strip().partition("(")
    how = "statements only" if statements else f"{{minutes}}`{name}`"
    return f"- {{section}}`{name.strip()}`, {how}. {text}".rstrip() if name else ""


def in_words(app: Sphinx, docname: str, role: str, content: str) -> tuple[str, str]:
    """What the role ``section`` or ``minutes`` says on a page, as Markdown, and where it leads."""
    view = View(app, docname)
    if role == "minutes":
        time = sum(view.time(target, docname) for target in content.split())
        return said(minutes(time)) if time else "no estimate", ""
    entry = view.entry((content,), docname)
    if entry is None:
        return content, ""
    shown, uri = "", ""
    for node in view.heading(entry):
        uri = node.get("refuri", uri) if isinstance(node, nodes.reference) else uri
        for part in node.findall(is_word):
            shown += f"${part.astext()}$" if isinstance(part, nodes.math) else part.astext()
    return shown, uri


def is_word(node: nodes.Node) -> bool:
    """A formula, or text that stands in none."""
    return isinstance(node, nodes.math) or (
        isinstance(node, nodes.Text) and not isinstance(node.parent, nodes.math)
    )


def labels(entries: list[Entry]) -> list[str]:
    """The statements in the entries, each once, in the order of reading."""
    every = [label for entry in entries for part in entry.sections for label in part.results]
    return list(dict.fromkeys(every))
