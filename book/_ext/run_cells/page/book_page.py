"""Runs the cells of a chapter inside the page: the half of the Run buttons that is Python.

``prepare`` is called once with the function that takes what is to be shown, ``run`` for each cell.
What a cell defines stays in ``__main__``, where the next one finds it, as in a notebook.
"""

import ast
import io
import json
import linecache
import logging
import os
import re
import site
import sys
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

MOST = 200_000
"""Characters that one cell may print; what is over is counted and left out."""

FONTS = "matplotlib_cache"
"""Where matplotlib keeps the list of its fonts, beside the libraries."""

MISSING = ("torch",)
"""Libraries that have no version for a page: a cell may import them, but not use them."""

_send: Callable[[str, str], None] | None = None


def prepare(sender: Callable[[str, str], None]) -> None:
    """Take ``sender(kind, data)``, and lead all that is printed to it."""
    global _send
    _send = sender
    sys.dont_write_bytecode = False  # see compiled_modules
    os.environ["MPLBACKEND"] = "module://book_page_backend"
    os.environ["MPLCONFIGDIR"] = str(Path(site.getsitepackages()[0]) / FONTS)
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells of its cache
    sys.stdout, sys.stderr = Stream("text"), Stream("warning")


def compiled_modules() -> bytes:
    """What Python has compiled of the libraries, as a zip to unpack beside them the next time.

    The files are marked to be taken unchecked: the next start unpacks the same sources anew. With
    them goes matplotlib's list of its fonts, which it else makes anew at each start.
    """
    root = Path(site.getsitepackages()[0])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in root.rglob("__pycache__/*.pyc"):
            content = path.read_bytes()
            unchecked = content[:4] + (1).to_bytes(4, "little") + content[8:]
            archive.writestr(path.relative_to(root).as_posix(), unchecked)
        for path in (root / FONTS).glob("*.json"):
            archive.writestr(path.relative_to(root).as_posix(), path.read_bytes())
    return data.getvalue()


def send(kind: str, data: str) -> None:
    """Send something to be shown, after all that was printed before."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Stream):
            stream.empty()
    assert _send is not None
    _send(kind, data)


def show(value: Any) -> None:
    """Show a value as a notebook would: as markup if it has some, a figure drawn, else its text."""
    if type(value).__module__ == "matplotlib.figure" and hasattr(value, "savefig"):
        from book_page_backend import send as send_figure

        send_figure(value)
    elif callable(getattr(type(value), "_repr_html_", None)):
        send("html", value._repr_html_())
    else:
        send("text", repr(value) + "\n")


class Stream(io.TextIOBase):
    """What is printed, collected for a moment: a loop of prints is not a loop of messages."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.start()

    def start(self) -> None:
        self.parts: list[str] = []
        self.count, self.last = 0, 0.0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        before, self.count = self.count, self.count + len(text)
        if before < MOST:
            self.parts.append(text[: MOST - before])
        if text.endswith("\n") and time.monotonic() - self.last > 0.02:
            self.empty()
        return len(text)

    def empty(self) -> None:
        text, self.parts, self.last = "".join(self.parts), [], time.monotonic()
        if text and _send is not None:
            _send(self.kind, text)

    def finish(self) -> None:
        if self.count > MOST:
            self.parts.append(f"\n[{self.count - MOST} more characters were printed]\n")
        self.empty()
        self.start()

    def flush(self) -> None:
        self.empty()


class Missing:
    """Stands for a library that the page lacks. Any use of it says so."""

    def __init__(self, name: str) -> None:
        self.__dict__["name"] = name

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ImportError(
            f"{self.__dict__['name']} does not run in a page; the chapter's notebook runs it"
        )

    __getattr__ = __call__ = __setattr__ = _refuse


def run(source: str, number: int) -> str:
    """Run one cell; as JSON, how it ended: {"error": null or the name of the error}."""
    import __main__

    name = f"cell {number}"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    error = None
    try:
        body, last = compiled(source, name)
        exec(body, __main__.__dict__)
        if last is not None:
            value = eval(last, __main__.__dict__)
            if value is not None:
                __main__.__dict__["_"] = value
                show(value)
    except BaseException as raised:
        error = type(raised).__name__
        send("error", readable(raised, name))
    try:
        if "matplotlib.pyplot" in sys.modules:
            from book_page_backend import show as show_figures

            show_figures()
    except Exception as raised:  # of a figure that cannot be drawn
        error = error or type(raised).__name__
        send("error", readable(raised, name))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Stream):
            stream.finish()
    return json.dumps({"error": error})


def compiled(source: str, name: str) -> tuple[CodeType, CodeType | None]:
    """The cell's statements, and its last expression if that is to be shown."""
    tree = ast.parse(source, name)
    tree.body = [part for statement in tree.body for part in without_missing(statement)]
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not silent(source):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval")
    return compile(tree, name, "exec"), last


def silent(source: str) -> bool:
    """Whether the cell ends in a semicolon, which keeps its value from being shown."""
    lines = [line.split("#")[0].rstrip() for line in source.splitlines()]
    return next((line for line in reversed(lines) if line), "").endswith(";")


def without_missing(statement: ast.stmt) -> list[ast.stmt]:
    """The statement, with each import of a library that the page lacks a placeholder."""
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return [statement]
    whole = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
    result: list[ast.stmt] = []
    kept = []
    for alias in statement.names:
        library = (whole or alias.name).split(".")[0]
        if library in MISSING:
            name = alias.asname or (alias.name if whole else library)
            text = f"{name} = __import__('book_page').Missing({library!r})"
            result.append(ast.copy_location(ast.parse(text).body[0], statement))
        else:
            kept.append(alias)
    statement.names = kept
    result = [ast.fix_missing_locations(part) for part in result]
    return [*([statement] if kept else []), *result]


def readable(raised: BaseException, name: str) -> str:
    """The traceback from the cell on, with the package's files named from the package."""
    start: TracebackType | None = raised.__traceback__
    while start is not None and start.tb_frame.f_code.co_filename != name:
        start = start.tb_next
    told = traceback.TracebackException(type(raised), raised, start, limit=-20)
    text = "".join(told.format())
    for folder in sorted({path for path in sys.path if path}, key=len, reverse=True):
        text = text.replace(f'File "{folder}/', 'File "')
    return re.sub(r'File "(cell \d+)", ', r"\1, ", text).rstrip() + "\n"
