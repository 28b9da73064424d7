"""The part of nbgrader's autograding that runs a submission and says what an answer is worth.

It stands in the place of nbgrader's own ``Execute``. That runs the tests in the submission's own
kernel, where a submission can change them; here it runs in a process apart (``apart``), from which
only numbers come back, and these are judged in this process by the self-check of the book,
``randomfeatures.exercises.check``. The right answers are nowhere: the check has their seals.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Integer

import randomfeatures
from randomfeatures.exercises.checking import Verdict, check, questions

CHECK = re.compile(r'^check\("(?P<label>[\w-]+)", (?P<name>\w+)\)$', flags=re.MULTILINE)
NUMBER = re.compile(r"-?\d{1,4000}(/\d{1,4000})?", flags=re.ASCII)
TAG = re.compile(r"<(?!/?(?:details|summary)>)(?=[a-zA-Z/!?])")
LINK = re.compile(r"\](?=\((?!https?://|#))|\](?=:)")
INSTALL = re.compile(r"^\s*[%!]")
MOST_RECORDS = 20_000_000  # bytes
MOST_SAID = 300


class Judge(NbGraderPreprocessor):
    """Runs the cells apart, and writes below each check its verdict and the points."""

    seconds = Integer(30, help="how long a cell may compute").tag(config=True)
    total = Integer(300, help="how long a submission may compute").tag(config=True)
    memory = Integer(8 * 2**30, help="bytes of memory that a submission may use").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        records, said = run_apart([task(cell) for cell in code], self.limits())
        if said:
            self.log.warning(said)
        failed = ""  # what the cells since the last check have raised
        for number, cell in enumerate(code):
            record = records.get(number, {})
            if utils.is_grade(cell):
                cell.outputs = marked(cell, record, failed)
                failed = ""
            else:
                cell.outputs = shown(record)
                failed = ", ".join(o.ename for o in cell.outputs if o.output_type == "error")
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = tame(cell.source)
        return nb, resources

    def limits(self) -> dict[str, int]:
        size = MOST_RECORDS // 2
        return {
            "seconds": self.seconds,
            "total": self.total,
            "memory": self.memory,
            "file_size": size,
        }


def task(cell: NotebookNode) -> dict[str, str]:
    """What is to be done with a cell: read an answer, or run it.

    A cell with points has been overwritten by nbgrader with the one that was released.
    """
    if utils.is_grade(cell):
        match = CHECK.search(cell.source)
        return match.groupdict() if match else {"source": ""}
    lines = [line for line in cell.source.split("\n") if not INSTALL.match(line)]
    return {"source": "\n".join(lines)}


def tame(text: str) -> str:
    """A text without tags and without links but to pages: they would run in the browser of whoever
    marks it. Formulas look as before.

    >>> tame("<b onclick=f()>$a<b$, $1<2$ <details> [a](javascript:f()) [b](https://c.d)")
    '< b onclick=f()>$a< b$, $1<2$ <details> [a] (javascript:f()) [b](https://c.d)'
    """
    return LINK.sub("] ", TAG.sub("< ", text))


# The process apart.


def run_apart(
    cells: list[dict[str, str]], limits: dict[str, int]
) -> tuple[dict[int, dict[str, Any]], str]:
    """What came of each cell, as far as there was time; and what whoever grades has to know."""
    package = Path(randomfeatures.__file__).resolve().parents[1]
    drawings = os.environ.get("MPLCONFIGDIR", str(Path.home() / ".cache" / "matplotlib"))
    whole = {"cells": cells, "path": [str(package)], "read": [drawings], **limits}
    program = Path(__file__).with_name("apart.py")
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile("w+b") as records:
        folder = Path(name).resolve()
        (folder / "task.json").write_text(json.dumps(whole), encoding="utf-8")
        number = str(records.fileno())
        with (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-I", str(program), str(folder / "task.json"), number],
                env=environment(folder / "work", drawings),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[records.fileno()],
                start_new_session=True,
            )
        said = ""
        try:
            process.wait(4 * limits["total"])
        except subprocess.TimeoutExpired:
            said = f"A submission waited for more than {4 * limits['total']} seconds. "
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode and not said:
            said = f"A submission was ended ({process.returncode}) before its last cell. "
        records.seek(0)
        found = parsed(records.read(MOST_RECORDS))
        started = found.pop(-1, None)
        if started is None:
            problem = (folder / "stderr").read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"the process apart did not start: {problem}")
        if started.get("fence"):
            said += f"A submission could read this machine's files: {started['fence']}."
    return found, said


def environment(work: Path, drawings: str) -> dict[str, str]:
    """Nothing of the environment of whoever grades but where programs and drawings are."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    folders = dict.fromkeys(("HOME", "TMPDIR", "IPYTHONDIR"), str(work))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**kept, **folders, **threads, "MPLCONFIGDIR": drawings, "PYTHONDONTWRITEBYTECODE": "1"}


def parsed(text: bytes) -> dict[int, dict[str, Any]]:
    """The records by their cell, the first for each; -1 is how the process was started."""
    found: dict[int, dict[str, Any]] = {}
    for line in text.decode(errors="replace").splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            cell = record.get("cell", -1)
            if isinstance(cell, int):
                found.setdefault(cell, record)
    return found


# What is believed of it.


def marked(cell: NotebookNode, record: dict[str, Any], failed: str = "") -> list[NotebookNode]:
    """The outputs of a check: its verdict, and the points in the form that nbgrader reads."""
    match = CHECK.search(cell.source)
    assert match, "a cell with points that checks nothing"
    verdict = judged(match["label"], record)
    points = float(cell.metadata["nbgrader"]["points"])
    worth = round(float(points * share(match["label"], verdict)), 2)
    score = new_output("execute_result", data={"text/plain": str(worth)}, execution_count=1)
    before = f"The cell before this one ended with {failed}." if failed and not verdict else ""
    said = " ".join(filter(None, [verdict.message, before]))
    return [new_output("stream", name="stdout", text=said + "\n"), score]


def judged(label: str, record: dict[str, Any]) -> Verdict:
    if "unreadable" in record:
        return Verdict(False, f"Not judged: {str(record['unreadable'])[:MOST_SAID]}.")
    if "numbers" not in record:
        return Verdict(False, "Not judged: the submission was stopped before this cell.")
    try:
        return check(label, answer_of(label, numbers(record["numbers"])))
    except Exception as error:  # whatever stands there instead of numbers
        return Verdict(False, f"Not judged: {type(error).__name__}.")


def numbers(found: Any, depth: int = 4) -> Any:
    """Fractions in lists; nothing else passes."""
    if found is None:
        return None
    if isinstance(found, str) and NUMBER.fullmatch(found):
        return Fraction(found)
    if isinstance(found, list) and depth and len(found) <= 1000:
        return [numbers(entry, depth - 1) for entry in found]
    raise ValueError("no number")


def answer_of(label: str, found: Any) -> Any:
    """The answer again, in the form that the check takes."""
    form = questions()[label]["form"]
    if found is None or form in ("numbers", "counterexample"):
        return found
    if form == "number":
        (value,) = found
        return value
    values = iter(found)
    return lambda *_, **__: next(values)


def share(label: str, verdict: Verdict) -> Fraction:
    """Of several numbers each counts the same; all else is right or not."""
    if verdict.right:
        return Fraction(1)
    if questions()[label]["form"] != "numbers" or not verdict.parts:
        return Fraction(0)
    return Fraction(sum(verdict.parts), len(verdict.parts))


def shown(record: dict[str, Any]) -> list[NotebookNode]:
    """What a cell has shown, for whoever marks by hand; without scripts."""
    if not record:
        text = "Not run: the submission was stopped before this cell.\n"
        return [new_output("stream", name="stderr", text=text)]
    kept = []
    for output in record.get("outputs", []):
        with contextlib.suppress(Exception):  # a record that is no output
            kind = output["output_type"]
            if kind == "stream":
                kept.append(new_output("stream", name="stdout", text=str(output["text"])))
            elif kind == "error":
                lines = [str(line) for line in output["traceback"]]
                name, value = str(output["ename"]), str(output["evalue"])
                kept.append(new_output("error", ename=name, evalue=value, traceback=lines))
            else:
                allowed = ("text/plain", "image/png")
                data = {k: str(v) for k, v in output["data"].items() if k in allowed}
                kept.append(new_output("display_data", data=data))
    return kept
