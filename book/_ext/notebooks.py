r"""Sphinx extension: each chapter downloads as a notebook that runs alone.

A chapter's source is a MyST notebook. Plain Jupyter knows neither MyST's directives nor the book's macros, so the download has them
rewritten: a theorem becomes a bold heading and its text, a reference becomes a link to the page, an equation keeps its number, a number
that the run printed is filled in. The first cells say where the notebook is from and install the package: with SITE_URL (the
environment's, else ``html_baseurl``) from a wheel that the site carries, built here; without it, a comment says how.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urljoin

import jupytext
import nbformat
from build_math import MACROS
from run_time import readable
from search_text import plain_html
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
# Directives of prose: their text stays text. Every other directive stays a fenced block, which Jupyter shows as it is.
BOXES = {"admonition", "note", "tip", "important", "warning", "hint", "seealso", "exercise", "solution", "proof"}


# One notebook --------------------------------------------------------------------------------------------------------


def notebook(source: str, page, site: str, wheel: str) -> nbformat.NotebookNode:
    """The download of a chapter; ``page`` knows the book around it: see ``Page``."""
    result = jupytext.reads(source, fmt="md:myst")
    for cell in list(result.cells):
        if cell.cell_type == "markdown":
            cell.source = markdown(cell.source, page)
        figure = cell.metadata.pop("mystnb", {}).get("figure", {})
        if "caption" in figure:
            name = page.number("numref", figure["name"]) if "name" in figure else "Figure"
            caption = nbformat.v4.new_markdown_cell(f"**{name}.** {markdown(figure['caption'].strip(), page)}")
            result.cells.insert(result.cells.index(cell) + 1, caption)
    code = "\n".join(cell.source for cell in result.cells if cell.cell_type == "code")
    result.cells[:0] = [nbformat.v4.new_markdown_cell(preface(page, site)), nbformat.v4.new_code_cell(install(code, site, wheel))]
    for number, cell in enumerate(result.cells):
        cell.id = f"cell-{number}"  # the same source gives the same file
    return result


def preface(page, site: str) -> str:
    whole = f"[{page.title}]({page.url}), a page of *Random Features: Power and Limits*" if site else f"{page.title}, a page of the book"
    definitions = "".join(rf"\def{name}{'#1#2'[: 2 * arguments(body)]}{{{body}}}" for name, body in MACROS.items())
    return f"This notebook is {whole}. It runs alone once the next cell has run.\n\n${definitions}$"


def arguments(body: str) -> int:
    return max((int(digit) for digit in re.findall(r"#(\d)", body)), default=0)


def install(code: str, site: str, wheel: str) -> str:
    packages = {"torch": "torch", "sklearn": "scikit-learn"}
    imported = [package for module, package in packages.items() if re.search(rf"^\s*(import|from) {module}\b", code, flags=re.M)]
    also = ["matplotlib", *imported]
    if site:
        return f"%pip install --quiet {urljoin(site, '_static/' + wheel)} {' '.join(also)}"
    return f"# This notebook needs the package randomfeatures (from a clone of the book: pip install .) and {' and '.join(also)}."


# MyST to plain Markdown ----------------------------------------------------------------------------------------------

FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)$")
ROLE = re.compile(r"\{(?P<role>[\w:-]+)\}`(?P<content>[^`]+)`")


def markdown(text: str, page) -> str:
    lines = directives(text.split("\n"), page)
    text = "\n".join(line for line in lines if not re.fullmatch(r"\([\w:-]+\)=", line.strip()))
    text = re.sub(r"\$\$[ \t]*\(([\w:-]+)\)", lambda match: rf"\tag{{{page.number('eq', match[1])}}}" + "\n$$", text)
    text = re.sub(r"\[([^][]*)\]\(([^()\s:#]+)\.md(#[^()\s]*)?\)", lambda match: file_link(*match.groups(), page), text)
    return ROLE.sub(lambda match: role(match["role"], match["content"], page), text)


def file_link(text: str, path: str, anchor: str | None, page) -> str:
    """A link to another page's source file, which a lone notebook does not have beside it."""
    url = page.link("doc", path)
    text = text or page.number("doc", path)
    return f"[{text}]({url}{anchor or ''})" if url else text


def directives(lines: list[str], page) -> list[str]:
    """Open every box of prose, from the outside in; leave other fenced blocks alone."""
    result, position = [], 0
    while position < len(lines):
        match = FENCE.match(lines[position])
        plain = re.match(r"^(`{3,}|~{3,})", lines[position])
        if not match and not plain:
            result.append(lines[position])
            position += 1
            continue
        mark = match["mark"] if match else plain[1]
        end = position + 1
        while end < len(lines) and not re.fullmatch(rf"{re.escape(mark[0])}{{{len(mark)},}}\s*", lines[end]):
            end += 1
        if match and (match["name"].startswith("prf:") or match["name"] in BOXES):
            result += box(match["name"].removeprefix("prf:"), match["argument"].strip(), lines[position + 1 : end], page)
        else:
            result += lines[position : end + 1]
        position = end + 1
    return result


def box(name: str, argument: str, content: list[str], page) -> list[str]:
    options = {}
    while content and (match := re.match(r"^:([\w-]+):\s*(.*)$", content[0])):
        options[match[1]] = match[2].strip()
        content = content[1:]
    if name == "solution":
        heading = f"Solution of {page.number('exercise', argument)}"
    elif name == "admonition":
        heading = argument
    elif "label" in options:
        heading = page.number(name, options["label"]) + (f" ({argument})" if argument else "")
    else:
        heading = name.capitalize() + (f" ({argument})" if argument else "")
    return ["", f"**{heading}.**", "", *directives(content, page), ""]


def role(name: str, content: str, page) -> str:
    match = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content, flags=re.S)
    text, target = (match[1], match[2]) if match else ("", content)
    if name.startswith("py:"):
        return f"`{text or target.removeprefix('~').removeprefix('randomfeatures.')}`"
    if name in {"prf:ref", "eq", "ref", "numref", "doc", "cite:t", "cite:p", "cite"}:
        shown = text or page.number(name, target)
        url = page.link(name, target)
        return f"[{shown}]({url})" if url else shown
    if name == "glue:text":
        return page.glued(target)
    if name == "run-time":
        return page.run_time()
    if name == "no-function":
        return f"*(no function: {content})*"
    return f"*{content}*" if name == "source" else content


# The book ------------------------------------------------------------------------------------------------------------


class Page:
    """What a notebook needs to know of its page and of the book around it."""

    def __init__(self, app, docname: str, site: str):
        self.app, self.env, self.docname, self.site = app, app.env, docname, site
        self.title = plain_html(app.builder.render_partial(app.env.titles[docname])["title"])
        self.url = urljoin(site, app.builder.get_target_uri(docname)) if site else ""

    def place(self, name: str, target: str) -> tuple[str, str]:
        """The page and the anchor of a label."""
        if name == "doc":
            path = (Path(self.docname).parent / target).as_posix() if not target.startswith("/") else target[1:]
            return os.path.normpath(path).removesuffix(".md"), ""
        if name == "eq":
            docname = self.env.get_domain("math").equations.get(target, ("", 0))[0]
            return docname, f"equation-{target}"
        if name.startswith("cite"):
            return ("references" if "references" in self.env.found_docs else ""), ""
        statement = getattr(self.env, "proof_list", {}).get(target) or getattr(self.env, "sphinx_exercise_registry", {}).get(target)
        if statement:
            return statement["docname"], target
        return self.env.get_domain("std").anonlabels.get(target, ("", ""))[:2]

    def link(self, name: str, target: str) -> str:
        docname, anchor = self.place(name, target)
        if not self.site or docname not in self.env.found_docs:
            return ""
        return urljoin(self.site, self.app.builder.get_target_uri(docname)) + (f"#{anchor}" if anchor else "")

    def number(self, name: str, target: str) -> str:
        """How the book names a label: "Theorem 2", "2.1" for an equation, "Fig. 3", a title."""
        docname, anchor = self.place(name, target)
        numbers = self.env.toc_fignumbers.get(docname, {})
        if name.startswith("cite"):
            return ", ".join(f"[{key.strip()}]" for key in target.split(","))
        if name == "doc":
            return plain_html(self.app.builder.render_partial(self.env.titles[docname])["title"]) if docname in self.env.titles else target
        if name == "eq":
            number = numbers.get("displaymath", {}).get(anchor)
            return ".".join(map(str, number)) if number else str(self.env.get_domain("math").equations.get(target, ("", target))[1])
        statement = getattr(self.env, "proof_list", {}).get(target)
        word = statement["realtype"].capitalize() if statement else {"numref": "Fig."}.get(name, name.removeprefix("prf:").capitalize())
        for kinds in numbers.values():
            if anchor in kinds:
                return f"{word} {'.'.join(map(str, kinds[anchor]))}"
        label = self.env.get_domain("std").labels.get(target)
        return label[2] if label else word if statement or name == "exercise" else target

    def glued(self, name: str) -> str:
        """A number that the run kept: myst-nb writes them beside the executed notebook."""
        kept = Path(self.app.outdir).parent / "jupyter_execute" / f"{self.docname}.glue.json"
        data = json.loads(kept.read_text(encoding="utf-8")).get(name, {}).get("data", {}) if kept.is_file() else {}
        return "".join(data.get("text/plain", f"`{name}`")).strip("'\"")

    def run_time(self) -> str:
        data = getattr(self.env, "nb_metadata", {}).get(self.docname, {}).get("exec_data") or {}
        return readable(data.get("runtime"))


def is_chapter(app, docname: str) -> bool:
    source = Path(app.env.doc2path(docname))
    return source.suffix == ".md" and source.read_text(encoding="utf-8").startswith("---\njupytext:")


def site_url(app) -> str:
    url = os.environ.get("SITE_URL") or app.config.html_baseurl
    return url.rstrip("/") + "/" if url else ""


def build_wheel(folder: Path) -> str:
    """The package as a wheel in ``folder``; its file name. Needs setuptools where the book is built, and no network."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "package"  # a build writes into its source tree
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / file, copy)
        program = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        run = subprocess.run([sys.executable, "-c", program, name], cwd=copy, capture_output=True, text=True, check=False)
        wheels = list(Path(name).glob("*.whl"))
        if run.returncode or len(wheels) != 1:
            raise ExtensionError(f"the package's wheel could not be built:\n{run.stdout}{run.stderr}")
        shutil.copy(wheels[0], folder)
        return wheels[0].name


def on_config_inited(app, config) -> None:
    config.html_baseurl = site_url(app)


def on_page_context(app, pagename, templatename, context, document) -> None:
    if document and is_chapter(app, pagename):
        context["ipynb_source"] = f"{pagename}.ipynb"  # the theme's download menu then offers it


def on_build_finished(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    site = site_url(app)
    wheel = build_wheel(Path(app.outdir) / "_static") if site else ""
    for docname in sorted(app.env.found_docs):
        if is_chapter(app, docname):
            target = Path(app.outdir) / "_sources" / f"{docname}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
            nbformat.write(notebook(source, Page(app, docname, site), site, wheel), target)


def setup(app):
    app.connect("config-inited", on_config_inited)
    app.connect("html-page-context", on_page_context, priority=400)
    app.connect("build-finished", on_build_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
