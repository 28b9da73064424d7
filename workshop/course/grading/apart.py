"""Run a submission's cells in a process of its own, and write down what came of them.

``python -I apart.py TASK RECORDS``: the file TASK lists the cells and the limits, and the number
RECORDS is a file that is open for writing. This process runs what a student wrote, so nothing that
it says is believed but a student's own answers: the points are given elsewhere (``judge``).
"""

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MOST_TEXT = 20_000  # letters that a cell may show
MOST_FIGURES = 2_000_000  # letters of figures, of the whole notebook
MOST_NUMBERS = 1000


class TooLong(BaseException):
    """A cell has run for too long."""


class TooMuch(RuntimeError):
    """A cell has printed too much."""


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    records = open(int(sys.argv[2]), "w", encoding="utf-8")  # noqa: SIM115  (open to the end)
    here = Path(sys.argv[1]).resolve().parent
    sys.path[:0] = [str(Path(__file__).resolve().parent), *task["path"]]
    from fence import enclose

    limit(task)
    here.joinpath("work").mkdir()
    os.chdir(here / "work")
    unfenced = enclose(map(Path, readable(task)), here / "work")
    write(records, {"fence": unfenced})
    run(task, records)


def readable(task: dict[str, Any]) -> list[str]:
    """The folders of Python and of the packages; nothing of the course."""
    known = {sys.prefix, sys.base_prefix, *task["path"], str(Path(__file__).resolve().parent)}
    known |= {entry for entry in sys.path if entry}
    return [*sorted(known), "/usr", "/lib", "/lib64", "/etc", *task["read"]]


def limit(task: dict[str, Any]) -> None:
    """What one submission may use of the machine."""
    import resource

    seconds, memory = task["total"], task["memory"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (task["file_size"], task["file_size"]))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def write(records: io.TextIOBase, record: dict[str, Any]) -> None:
    records.write(json.dumps(record) + "\n")
    records.flush()


# Cells.


def run(task: dict[str, Any], records: io.TextIOBase) -> None:
    from randomfeatures.exercises.checking import Unreadable

    shell = a_shell()
    figures = 0
    for number, cell in enumerate(task["cells"]):
        outputs: list[dict[str, Any]] = []
        with timed(task["seconds"]), captured(shell, outputs):
            if "label" in cell:
                record: dict[str, Any] = {}
                try:
                    record["numbers"] = read(cell["label"], shell.user_ns.get(cell["name"], ...))
                except Unreadable as problem:
                    record["unreadable"] = str(problem)
                except (Exception, TooLong) as error:  # whatever a student's object does
                    record["unreadable"] = f"{type(error).__name__} while the answer was read"
            else:
                shell.run_cell(cell["source"], store_history=False)
                record = {"outputs": outputs}
        if figures > MOST_FIGURES:
            record = {"outputs": [one for one in outputs if one["output_type"] != "display_data"]}
        figures += len(json.dumps(outputs))
        write(records, {"cell": number, **record})


def too_long(*_: object) -> None:
    raise TooLong("this cell took too long, and was stopped")


@contextlib.contextmanager
def timed(seconds: float):
    """Stop what computes longer, or waits four times as long; again if it does not listen."""
    for said in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(said, too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    signal.setitimer(signal.ITIMER_REAL, 4 * seconds, 1)
    with contextlib.suppress(TooLong):
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)


def a_shell() -> Any:
    """IPython without history and without a screen; figures are drawn as in a notebook."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"

    class Shell(InteractiveShell):
        failed: Any = None

        def _showtraceback(self, etype, evalue, stb):  # type: ignore[no-untyped-def]
            lines = [str(line)[:MOST_TEXT] for line in stb][-20:]
            said = str(evalue)[:1000]
            self.failed = {"ename": etype.__name__, "evalue": said, "traceback": lines}

        def enable_gui(self, gui=None):  # type: ignore[no-untyped-def]
            pass

    shell = Shell.instance(config=config)
    with contextlib.suppress(Exception):  # without matplotlib there are no figures to show
        shell.run_line_magic("matplotlib", "inline")
    return shell


class Paper(io.TextIOBase):
    """What a cell prints, up to a length."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text[: MOST_TEXT - len(self.text)]
        if len(self.text) >= MOST_TEXT:
            raise TooMuch(f"this cell printed more than {MOST_TEXT} letters")
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


@contextlib.contextmanager
def captured(shell: Any, outputs: list[dict[str, Any]]):
    """Collect what a cell prints, shows and raises, as a notebook keeps it."""
    from IPython.core.displayhook import CapturingDisplayHook
    from IPython.core.displaypub import CapturingDisplayPublisher

    paper, publisher = Paper(), CapturingDisplayPublisher()
    results: list[dict[str, Any]] = []
    kept = sys.stdout, sys.stderr, shell.display_pub, sys.displayhook
    shell.display_pub, shell.failed = publisher, None
    sys.stdout = sys.stderr = paper
    sys.displayhook = CapturingDisplayHook(shell=shell, outputs=results)
    shell.display_trap.hook = sys.displayhook
    try:
        yield
    finally:
        sys.stdout, sys.stderr, shell.display_pub, sys.displayhook = kept
        if paper.text:
            outputs.append({"output_type": "stream", "name": "stdout", "text": paper.text})
        for shown in [*publisher.outputs, *results]:
            data = {kind: text for kind, text in shown["data"].items() if isinstance(text, str)}
            outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
        if shell.failed:
            outputs.append({"output_type": "error", **shell.failed})


# Answers.


def read(label: str, answer: Any) -> Any:
    """An answer as numbers written in decimals: all that is handed to the judge.

    Raises: Unreadable if it is none of the kind that the exercise asks for.
    """
    from randomfeatures.exercises.checking import components, known

    question = known(label)
    if answer is None or answer is ...:
        return None
    if question["form"] == "counterexample":
        return tree(answer, [MOST_NUMBERS])
    return [str(value) for value in components(question, answer)]


def tree(answer: Any, left: list[int], depth: int = 3) -> Any:
    """Numbers in lists in lists; no more than some, and no deeper."""
    from randomfeatures.exercises.checking import Unreadable
    from randomfeatures.exercises.reading import number_of

    left[0] -= 1
    if left[0] < 0:
        raise Unreadable(f"more than {MOST_NUMBERS} numbers")
    some = isinstance(answer, Iterable) and not isinstance(answer, str | bytes | dict)
    if depth and some and getattr(answer, "shape", None) != ():
        return [tree(entry, left, depth - 1) for entry in answer]
    return str(number_of(answer))


if __name__ == "__main__":
    main()
