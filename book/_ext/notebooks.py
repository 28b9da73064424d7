r"""Sphinx extension: each chapter downloads as a notebook that runs alone.

A chapter's source is a MyST notebook. Plain Jupyter knows neither MyST's directives nor the book's
macros, so the download has them rewritten: a theorem becomes a bold heading and its text, a
reference becomes a link to the page, an equation keeps its number, a number that the run printed is
filled in; the code is that of the page, without what keeps such numbers. The first cells say where
the notebook is from and install the package: with SITE_URL (the environment's, else
``html_baseurl``) from a wheel that the site carries, built here; without it, from the repository
``book_repository``; without either, a comment says how.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin

import jupytext
import nbformat
from build_math import MACROS
from docutils import nodes
from exercises.heads import CHECK_CODE, facts
from quiet_code import quiet
from reading_map.page import in_words, to_read
from run_time import readable
from search_text import plain_html
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
BUILD_WHEEL = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
# Directives of prose: their text stays text. What Jupyter shows well as it is stays a fenced block.
# Any other directive or role stops the build, so that no download shows its raw source.
NOTES = {"admonition", "note", "tip", "important", "warning", "hint", "seealso"}
BOXES = {*NOTES, "exercise", "solution", "proof"}
KEPT = {"code-block"}
REFERENCES = {"prf:ref", "eq", "ref", "numref", "doc", "cite:t", "cite:p", "cite"}


class Book(Protocol):
    """What a notebook has to know of its page and of the book around it; see :class:`Page`."""

    title: str
    url: str

    def link(self, name: str, target: str) -> str: ...
    def number(self, name: str, target: str) -> str: ...
    def glued(self, name: str) -> str: ...
    def run_time(self) -> str: ...
    def reading(self, name: str, target: str) -> str: ...


# One notebook.


def notebook(
    source: str, page: Book, site: str, wheel: str, repository: str = ""
) -> nbformat.NotebookNode:
    """The download of a chapter."""
    result = jupytext.reads(CHECK.sub(check_cell, source), fmt="md:myst")
    code_cells = [cell for cell in result.cells if cell.cell_type == "code"]
    for cell, code in zip(code_cells, quiet([c.source for c in code_cells]), strict=True):
        cell.source = code
    result.cells = [cell for cell in result.cells if cell.source.strip()]
    for cell in list(result.cells):
        if cell.cell_type == "markdown":
            cell.source = markdown(cell.source, page)
        figure = cell.metadata.pop("mystnb", {}).get("figure", {})
        if "caption" in figure:
            name = page.number("numref", figure["name"]) if "name" in figure else "Figure"
            caption = f"**{name}.** {markdown(figure['caption'].strip(), page)}"
            place = result.cells.index(cell) + 1
            result.cells.insert(place, nbformat.v4.new_markdown_cell(caption))
    code = "\n".join(cell.source for cell in result.cells if cell.cell_type == "code")
    result.cells[:0] = [
        nbformat.v4.new_markdown_cell(preface(page, site)),
        nbformat.v4.new_code_cell(install(code, site, wheel, repository)),
    ]
    for number, cell in enumerate(result.cells):
        cell.id = f"cell-{number}"  # the same source gives the same file
    return result


def check_cell(match: re.Match[str]) -> str:
    """A check as a text and a cell of code, which ends the cell of text before it."""
    code = CHECK_CODE.format(label=match["label"])
    text = f"**Check your answer.** {match['text'].strip()}"
    return f"{text}\n\n```{{code-cell}} ipython3\n{code}\n```\n"


def preface(page: Book, site: str) -> str:
    whole = f"{page.title}, a page of the book"
    if site:
        whole = f"[{page.title}]({page.url}), a page of *Random Features: Power and Limits*"
    definitions = "".join(definition(name, body) for name, body in MACROS.items())
    return f"This notebook is {whole}. It runs alone once the next cell has run.\n\n${definitions}$"


def definition(name: str, body: str) -> str:
    r"""A macro as plain TeX defines it.

    >>> definition(r"\norm", "|#1|")
    '\\def\\norm#1{|#1|}'
    """
    count = max((int(digit) for digit in re.findall(r"#(\d)", body)), default=0)
    parameters = "".join(f"#{number}" for number in range(1, count + 1))
    return rf"\def{name}{parameters}{{{body}}}"


def install(code: str, site: str, wheel: str, repository: str = "") -> str:
    packages = {"torch": "torch", "sklearn": "scikit-learn"}
    imported = [package for module, package in packages.items() if imports(code, module)]
    also = ["matplotlib", *imported]
    if site or repository:
        package = urljoin(site, "_static/" + wheel) if site else f"git+{repository}"
        return f"%pip install --quiet {package} {' '.join(also)}"
    needed = "the package randomfeatures (from a clone of the book: pip install .)"
    return f"# This notebook needs {needed} and {' and '.join(also)}."


def imports(code: str, module: str) -> bool:
    return re.search(rf"^\s*(import|from) {module}\b", code, flags=re.M) is not None


# MyST to plain Markdown.

FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)$")
MARK = re.compile(r"\([\w:-]+\)=|\{\.[\w-]+\}")  # a label of what follows, or its class
FILE = re.compile(r"\[([^][]*)\]\(([^()\s:#]+)\.md(#[^()\s]*)?\)")
EQUATION = re.compile(r"\$\$[ \t]*\(([\w:-]+)\)")
CHECK = re.compile(r"^```\{check\} (?P<label>\S+)\n(?P<text>.*?)^```\n", flags=re.M | re.S)
ROLE = re.compile(r"\{(?P<role>[\w:-]+)\}`(?P<content>[^`]+)`")


def markdown(text: str, page: Book) -> str:
    lines = directives(text.split("\n"), page)
    text = "\n".join(line for line in lines if not MARK.fullmatch(line.strip()))
    text = EQUATION.sub(lambda match: rf"\tag{{{page.number('eq', match[1])}}}" + "\n$$", text)
    text = FILE.sub(lambda match: file_link(*match.groups(), page), text)
    return ROLE.sub(lambda match: role(match["role"], match["content"], page), text)


def file_link(text: str, path: str, anchor: str | None, page: Book) -> str:
    """A link to another page's source file, which a lone notebook does not have beside it."""
    url = page.link("doc", path)
    text = text or page.number("doc", path)
    return f"[{text}]({url}{anchor or ''})" if url else text


def directives(lines: list[str], page: Book) -> list[str]:
    """Open every box of prose, from the outside in; leave other fenced blocks alone."""
    result, position = [], 0
    while position < len(lines):
        match = FENCE.match(lines[position])
        plain = re.match(r"^(`{3,}|~{3,})", lines[position])
        if not match and not plain:
            result.append(lines[position])
            position += 1
            continue
        end = end_of_fence(lines, position, match["mark"] if match else plain[1])
        if match and (match["name"].startswith("prf:") or match["name"] in BOXES):
            name, argument = match["name"].removeprefix("prf:"), match["argument"].strip()
            result += box(name, argument, lines[position + 1 : end], page)
        elif match and match["name"] == "reading":
            result += map(to_read, options_of(lines[position + 1 : end])[1])
        elif match and match["name"] == "math":
            result += equation(lines[position + 1 : end], page)
        elif match and match["name"] not in KEPT:
            raise ExtensionError(f"{page.title}: no translation of {lines[position]!r}")
        else:
            result += lines[position : end + 1]
        position = end + 1
    return result


def end_of_fence(lines: list[str], start: int, mark: str) -> int:
    """The line that closes the fence opened at ``start``, or the number of lines."""
    closing = re.compile(rf"{re.escape(mark[0])}{{{len(mark)},}}\s*")
    ends = (number for number in range(start + 1, len(lines)) if closing.fullmatch(lines[number]))
    return next(ends, len(lines))


def equation(content: list[str], page: Book) -> list[str]:
    """A block of the directive ``math``, as dollars and a tag."""
    options, content = options_of(content)
    number = page.number("eq", options["label"]) if "label" in options else ""
    return ["$$", *content, *([rf"\tag{{{number}}}"] if number else []), "$$"]


def options_of(content: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options at the head of a directive's content, and what follows them."""
    options = {}
    while content and (match := re.match(r"^:([\w-]+):\s*(.*)$", content[0])):
        options[match[1]] = match[2].strip()
        content = content[1:]
    return options, content


def box(name: str, argument: str, content: list[str], page: Book) -> list[str]:
    options, content = options_of(content)
    if name == "hint":
        text = directives(content, page)
        return ["", "<details><summary>Hint</summary>", "", *text, "", "</details>", ""]
    if name == "solution":
        heading = f"Solution of {page.number('exercise', argument)}"
    elif name == "admonition":
        heading = argument
    elif "label" in options:
        heading = page.number(name, options["label"]) + (f" ({argument})" if argument else "")
    else:
        heading = name.capitalize() + (f" ({argument})" if argument else "")
    if said := facts(options.get("kind", ""), int(options.get("minutes", 0))):
        heading += f" · {said}"
    return ["", f"**{heading}.**", "", *directives(content, page), ""]


def role(name: str, content: str, page: Book) -> str:
    match = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content, flags=re.S)
    text, target = (match[1], match[2]) if match else ("", content)
    if name.startswith("py:"):
        return f"`{text or target.removeprefix('~').removeprefix('randomfeatures.')}`"
    if name in REFERENCES:
        number = page.number(name, target)
        shown = text or (f"({number})" if name == "eq" else number)
        url = page.link(name, target)
        return f"[{shown}]({url})" if url else shown
    if name == "glue:text":
        return page.glued(target)
    if name == "run-time":
        return page.run_time()
    if name in ("section", "minutes"):
        return page.reading(name, target)
    if name == "no-function":
        return f"*(no function: {content})*"
    if name == "source":
        return f"*{content}*"
    raise ExtensionError(f"{page.title}: no translation of the role {name}")


# The book.


class Page:
    """The :class:`Book` around one page, as Sphinx has read it."""

    def __init__(self, app: Sphinx, docname: str, site: str) -> None:
        self.app, self.env, self.docname, self.site = app, app.env, docname, site
        self.title = self.title_of(docname)
        self.url = urljoin(site, app.builder.get_target_uri(docname)) if site else ""

    def title_of(self, docname: str) -> str:
        return plain_html(self.app.builder.render_partial(self.env.titles[docname])["title"])

    def registered(self, name: str) -> dict:
        """What an extension has registered in the environment, if it is there."""
        return getattr(self.env, name, {})

    def place(self, name: str, target: str) -> tuple[str, str]:
        """The page and the anchor of a label."""
        if name == "doc":
            beside = (Path(self.docname).parent / target).as_posix()
            path = target[1:] if target.startswith("/") else beside
            return os.path.normpath(path).removesuffix(".md"), ""
        if name == "eq":
            docname = self.env.get_domain("math").equations.get(target, ("", 0))[0]
            return docname, f"equation-{target}"
        if name.startswith("cite"):
            return ("references" if "references" in self.env.found_docs else ""), ""
        exercises = self.registered("sphinx_exercise_registry")
        statement = self.registered("proof_list").get(target) or exercises.get(target)
        if statement:
            return statement["docname"], target
        return self.env.get_domain("std").anonlabels.get(target, ("", ""))[:2]

    def link(self, name: str, target: str) -> str:
        docname, anchor = self.place(name, target)
        if not self.site or docname not in self.env.found_docs:
            return ""
        page = urljoin(self.site, self.app.builder.get_target_uri(docname))
        return f"{page}#{anchor}" if anchor else page

    def number(self, name: str, target: str) -> str:
        """How the book names a label: "Theorem 2", "2.1" for an equation, "Fig. 3", a title."""
        docname, anchor = self.place(name, target)
        numbers = self.env.toc_fignumbers.get(docname, {})
        if name.startswith("cite"):
            return ", ".join(f"[{key.strip()}]" for key in target.split(","))
        if name == "doc":
            return self.title_of(docname) if docname in self.env.titles else target
        if name == "eq":
            number = numbers.get("displaymath", {}).get(anchor)
            equation = self.env.get_domain("math").equations.get(target, ("", target))
            return dotted(number) if number else str(equation[1])
        statement = self.registered("proof_list").get(target)
        word = "Fig." if name == "numref" else name.removeprefix("prf:").capitalize()
        if statement:
            word = statement["realtype"].capitalize()
        for kinds in numbers.values():
            if anchor in kinds:
                return f"{word} {dotted(kinds[anchor])}"
        label = self.env.get_domain("std").labels.get(target)
        return label[2] if label else word if statement or name == "exercise" else target

    def glued(self, name: str) -> str:
        """A number that the run kept: myst-nb writes them beside the executed notebook."""
        kept = Path(self.app.outdir).parent / "jupyter_execute" / f"{self.docname}.glue.json"
        values = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
        data = values.get(name, {}).get("data", {})
        return "".join(data.get("text/plain", f"`{name}`")).strip("'\"")

    def reading(self, name: str, target: str) -> str:
        text, uri = in_words(self.app, self.docname, name, target)
        return f"[{text}]({urljoin(self.url, uri)})" if uri and self.site else text

    def run_time(self) -> str:
        data = self.registered("nb_metadata").get(self.docname, {}).get("exec_data")
        return readable((data or {}).get("runtime"))


def dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def is_chapter(app: Sphinx, docname: str) -> bool:
    source = Path(app.env.doc2path(docname))
    if source.suffix != ".md":
        return False
    return source.read_text(encoding="utf-8").startswith("---\njupytext:")


def site_url(app: Sphinx) -> str:
    url = os.environ.get("SITE_URL") or app.config.html_baseurl
    return url.rstrip("/") + "/" if url else ""


def build_wheel(folder: Path) -> str:
    """The package as a wheel in ``folder``; its file name.

    Needs setuptools where the book is built, and no network.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "package"  # a build writes into its source tree
        made = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / "src", copy / "src", ignore=made)
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / file, copy)
        command = [sys.executable, "-c", BUILD_WHEEL, name]
        run = subprocess.run(command, cwd=copy, capture_output=True, encoding="utf-8", check=False)
        wheels = list(Path(name).glob("*.whl"))
        if run.returncode or len(wheels) != 1:
            said = run.stdout + run.stderr
            raise ExtensionError(f"the package's wheel could not be built:\n{said}")
        shutil.copy(wheels[0], folder)
        return wheels[0].name


def on_config_inited(app: Sphinx, config: Config) -> None:
    config.html_baseurl = site_url(app)


def on_page_context(
    app: Sphinx, pagename: str, template: str, context: dict, document: nodes.document | None
) -> None:
    if document and is_chapter(app, pagename):
        context["ipynb_source"] = f"{pagename}.ipynb"  # the theme's download menu then offers it


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    site = site_url(app)
    wheel = build_wheel(Path(app.outdir) / "_static") if site else ""
    repository = getattr(app.config, "book_repository", "").rstrip("/")
    for docname in sorted(app.env.found_docs):
        if is_chapter(app, docname):
            target = Path(app.outdir) / "_sources" / f"{docname}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
            page = Page(app, docname, site)
            nbformat.write(notebook(source, page, site, wheel, repository), target)


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", on_config_inited)
    app.connect("html-page-context", on_page_context, priority=400)
    app.connect("build-finished", on_build_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
