"""Build the book: execute the chapters that changed, side by side on the machine's cores, then let
Sphinx write the site.

Executed chapters are kept in ``.cache/chapters`` by their code. They are forgotten when the
package, the installed versions or Python change, and every finished one is kept when the build is
interrupted or another chapter fails. What the machine is like makes no difference: its locale, its
user's settings, whether there is a home at all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from cells import wide_outputs
from chapters import BOOK, CONFIG, ROOT, name, pages_of_the_toc, read_chapter
from cores import cores
from installed import versions
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import single_nb_execution
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

SITE, CACHE = ROOT / "_build" / "html", ROOT / ".cache" / "chapters"
PYODIDE = ROOT / ".cache" / "pyodide"  # for the Run buttons; not there is fine
CELL_TIMEOUT = CONFIG["execute"]["timeout"]
KERNEL = [
    # A kernel's start prints a warning about its transport that is none of the reader's business.
    "--IPKernelApp.log_level=ERROR",
    # Figures are drawings of lines, sharp at any size and smaller than dots, on no ground of their
    # own; without a date, for the same book has the same bytes.
    "--InlineBackend.figure_formats={'svg'}",
    "--InlineBackend.print_figure_kwargs="
    "{'bbox_inches': 'tight', 'facecolor': 'none', 'dpi': 220, 'metadata': {'Date': None}}",
]
# Where libraries look for a user's settings, and keep what they make: a style or a kernel of the
# user's own would change the book, and there may be no home to write to.
USER_FOLDERS = (
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "MPLCONFIGDIR",
)


def main() -> int:
    start = time.perf_counter()
    same_everywhere()
    complete, inputs = SITE.parent / "complete", everything()
    if (
        (SITE / "index.html").exists()
        and complete.exists()
        and complete.read_text(encoding="utf-8") == inputs
    ):
        print(f"Nothing has changed. The book is at {SITE / 'index.html'}")
        return 0
    complete.unlink(missing_ok=True)
    forget_if_changed(CACHE, package_fingerprint())
    if not is_whole(CACHE):
        shutil.rmtree(CACHE)
        forget_if_changed(CACHE, package_fingerprint())
    chapters = {
        path: notebook
        for path in pages_of_the_toc()
        if (notebook := read_chapter(path)) is not None
    }
    times = execute_missing(chapters)
    if times is None or too_wide(chapters) or write_site():
        return 1
    print(f"\n{'chapter':<40}{'seconds':>8}")
    for path, seconds in times.items():
        print(f"{name(path):<40}{seconds:>8.1f}")
    seconds = time.perf_counter() - start
    print(
        f"\nThe book is at {SITE / 'index.html'}  (built in {seconds:.0f} s; `make serve` shows it)"
    )
    if over_limit(times):
        return 1
    complete.write_text(inputs, encoding="utf-8")
    return 0


def same_everywhere() -> None:
    """Set what every program of the build inherits: UTF-8 whatever the locale, folders of our own
    for settings.
    """
    os.environ["PYTHONUTF8"] = "1"
    for stream in (sys.stdout, sys.stderr):  # opened before this, as the locale says
        stream.reconfigure(errors="backslashreplace")
    for variable in USER_FOLDERS:
        folder = ROOT / ".cache" / "user" / variable.lower()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[variable] = str(folder)


def package_fingerprint() -> str:
    """Hash of what can change a chapter's outputs beside the chapter: package, versions, Python,
    how its kernel is started.
    """
    sources = [
        path.read_bytes()
        for path in sorted((ROOT / "src").rglob("*"))
        if path.suffix in {".py", ".json"}
    ]
    installed = versions("randomfeatures", frozenset({"book"}))
    lines = [f"{package}=={version}" for package, version in sorted(installed.items())]
    return digest([*sources, sys.version.encode(), *map(str.encode, [*KERNEL, *lines])])


def site_fingerprint() -> str:
    """Hash of all that changes every page: the package, the book's configuration and extensions."""
    shared = [
        ROOT / "_config.yml",
        ROOT / "_toc.yml",
        *sorted(p for p in (BOOK / "_ext").rglob("*") if "__pycache__" not in p.parts),
        *sorted((BOOK / "_static").rglob("*")),
        *sorted((BOOK / "_templates").rglob("*")),
    ]
    pyodide = [f"{path.name} {path.stat().st_size}" for path in sorted(PYODIDE.glob("*"))]
    settings = [os.environ.get("SITE_URL", "").encode(), *map(str.encode, pyodide)]
    return digest(
        [
            package_fingerprint().encode(),
            *settings,
            *(path.read_bytes() for path in shared if path.is_file()),
        ]
    )


def everything() -> str:
    """Hash of all that the site is made from, the tests' marks and the limit on time included."""
    files = [
        path
        for folder in (BOOK, ROOT / "tests", ROOT / "workshop")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    named = [part for path in files for part in (str(path).encode(), path.read_bytes())]
    return digest(
        [site_fingerprint().encode(), os.environ.get("CHAPTER_SECONDS", "").encode(), *named]
    )


def digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def forget_if_changed(folder: Path, fingerprint: str) -> None:
    """Empty ``folder`` unless it was made under the same fingerprint."""
    stamp = folder / "fingerprint"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != fingerprint:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stamp.write_text(fingerprint, encoding="utf-8")


def execute_missing(chapters: dict[Path, NotebookNode]) -> dict[Path, float] | None:
    """Seconds that each chapter took, executing those that the cache lacks; None if a chapter
    failed.
    """
    cache = get_cache(CACHE)
    times = {path: cached_seconds(cache, notebook) for path, notebook in chapters.items()}
    missing = [path for path, seconds in times.items() if seconds is None]
    if not missing:
        return times
    workers = min(cores(), len(missing))
    print(f"Executing {len(missing)} of {len(chapters)} chapters on {workers} cores", flush=True)
    pool, sockets = ProcessPoolExecutor(workers, initializer=one_thread_each), tempfile.mkdtemp()
    try:
        running = {
            pool.submit(execute, path, chapters[path], f"{sockets}/{i}"): path
            for i, path in enumerate(missing)
        }
        for done, future in enumerate(as_completed(running), start=1):
            path = running[future]
            seconds = keep_outputs(cache, path, future)
            if seconds is None:
                return None
            times[path] = seconds
            print(f"  [{done}/{len(missing)}] {name(path):<40}{seconds:>8.1f} s", flush=True)
    finally:
        stop(pool)
        shutil.rmtree(sockets, ignore_errors=True)
    return times


def is_whole(folder: Path) -> bool:
    """Whether the cache's records and its notebooks agree; an interruption while one is kept leaves
    less.
    """
    recorded = {record.hashkey for record in get_cache(folder).list_cache_records()}
    complete = {
        notebook.parent.name
        for notebook in folder.glob("executed/*/base.ipynb")
        if notebook.read_text(encoding="utf-8").endswith("}")
    }
    return recorded == complete == {entry.name for entry in folder.glob("executed/*")}


def cached_seconds(cache: JupyterCacheAbstract, notebook: NotebookNode) -> float | None:
    """Time of the cached execution of the same code, None if there is none."""
    try:
        return cache.match_cache_notebook(notebook).data["execution_seconds"]
    except KeyError:
        return None


def one_thread_each() -> None:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"


def execute(
    path: Path, notebook: NotebookNode, socket: str
) -> tuple[NotebookNode, float, str | None]:
    """Run in a worker process: the notebook with its outputs, the seconds it took, and what went
    wrong.
    """
    try:
        result = single_nb_execution(
            notebook,
            cwd=str(path.parent),
            timeout=CELL_TIMEOUT,
            allow_errors=False,
            extra_arguments=KERNEL,
            config=through_files(socket),
        )
    except RuntimeError as error:
        return (
            notebook,
            0,
            f"{name(path)}, the process that ran it ended (was there enough memory?): {error}",
        )
    if result.err is None:
        return notebook, result.time, None
    failed = next(
        (i for i, cell in enumerate(code_cells(notebook), start=1) if has_error(cell)), None
    )
    place = f"cell {failed} of {len(code_cells(notebook))}" if failed else "a cell"
    error = (
        str(result.err)
        if isinstance(result.err, CellExecutionError)
        else f"{type(result.err).__name__}: {result.err}"
    )
    return notebook, result.time, f"{name(path)}, {place}, failed:\n\n{error}"


def through_files(socket: str) -> Config:
    """The connection to a kernel: files whose names begin with ``socket``, not ports.

    Ports are chosen free before the kernel starts, and another kernel may take one until it does.
    """
    return Config(
        {"KernelManager": {"transport": "ipc", "ip": socket, "connection_file": f"{socket}.json"}}
    )


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def has_error(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def keep_outputs(cache: JupyterCacheAbstract, path: Path, future: Future) -> float | None:
    notebook, seconds, error = future.result()
    if error:
        print(f"\nThe build stops: {error}", file=sys.stderr, flush=True)
        return None
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return seconds


def too_wide(chapters: dict[Path, NotebookNode]) -> int:
    """1 if a chapter prints lines that a page does not show whole."""
    cache, problems = get_cache(CACHE), []
    for path, notebook in chapters.items():
        executed = cache.get_cache_bundle(cache.match_cache_notebook(notebook).pk).nb
        for line in wide_outputs(executed):
            problems.append(f"{name(path)} prints a line of {len(line)} characters: {line}")
    if problems:
        print("\n".join(["\nThe build stops:", *problems]), file=sys.stderr)
    return int(bool(problems))


def stop(pool: ProcessPoolExecutor) -> None:
    """End the workers at once: after a failure or Ctrl-C nobody waits for the chapters that still
    run.

    They are killed, since nbclient holds back gentler signals; a kernel ends by itself when its
    worker is gone.
    """
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.kill()


def write_site() -> int:
    """Run Sphinx with warnings as errors; its exit status.

    The mark stands while Sphinx writes: a site that was interrupted, or that had warnings, is
    written anew by the next call, since Sphinx would take its pages as finished and would not
    repeat the warnings.
    """
    forget_if_changed(SITE.parent, site_fingerprint())
    mark = SITE.parent / "unfinished"
    if mark.exists():
        shutil.rmtree(SITE.parent)
        forget_if_changed(SITE.parent, site_fingerprint())
    mark.touch()
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [
        jupyter_book,
        "build",
        BOOK,
        "--path-output",
        ROOT,
        "--config",
        ROOT / "_config.yml",
        "--toc",
        ROOT / "_toc.yml",
    ]
    log = SITE.parent / "sphinx.log"
    with log.open("w", encoding="utf-8") as output:
        status = subprocess.run(
            [*command, "-W", "-n", "--keep-going"],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"NO_COLOR": "1"},
        ).returncode
    if status:
        print(f"\nThe build stops: Sphinx found problems (whole log: {log}).\n", file=sys.stderr)
        print(problems(log.read_text(encoding="utf-8", errors="replace")), file=sys.stderr)
    else:
        mark.unlink()
    return status


def problems(log: str) -> str:
    """The warnings and errors of Sphinx's log, or its end if it names none."""
    lines = [
        line for line in log.splitlines() if "WARNING" in line or "ERROR" in line or "rror:" in line
    ]
    return "\n".join(lines or log.splitlines()[-40:])


def over_limit(times: dict[Path, float]) -> int:
    """1 if a chapter ran longer than CHAPTER_SECONDS, which the continuous integration sets."""
    limit = float(os.environ.get("CHAPTER_SECONDS", "inf"))
    slow = [name(path) for path, seconds in times.items() if seconds > limit]
    if slow:
        print(f"These chapters ran for more than {limit:.0f} s: {', '.join(slow)}", file=sys.stderr)
    return int(bool(slow))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Finished chapters are kept; `make book` goes on from here.")
