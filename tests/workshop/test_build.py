"""`make book`: executes what changed and only that, stops at a failing cell, repeats its warnings,
survives interruptions.

A build takes seconds. So one small book is built again and again in a test, and one build shows
several things that are nothing to each other.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from installed import versions

ROOT = Path(__file__).parents[2]
HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---
"""
CONFIG = """\
title: Small
only_build_toc_files: true
execute: {execute_notebooks: cache, cache: .cache/chapters, timeout: 60}
parse: {myst_enable_extensions: [dollarmath]}
sphinx: {config: {nb_execution_raise_on_error: true}}
"""


def chapter(name: str, code: str, prose: str = "Prose.") -> str:
    cells = [
        f"```{{code-cell}} ipython3\n{lines}\n```\n" for lines in ("print('first cell')", code)
    ]
    return "\n".join([f"{HEADER}# {name}\n\n{prose}\n", *cells])


@pytest.fixture
def small_book(tmp_path: Path) -> Path:
    for folder in ("workshop", "src", "book"):
        (tmp_path / folder).mkdir()
    for module in ("build", "cells", "chapters", "cores", "installed"):
        shutil.copy(ROOT / "workshop" / f"{module}.py", tmp_path / "workshop")
    toc = "format: jb-book\nroot: intro\nparts:\n  - chapters:\n    - file: a\n    - file: b\n"
    write(tmp_path / "src" / "package.py", "x = 1\n")
    write(tmp_path / "_config.yml", CONFIG)
    write(tmp_path / "_toc.yml", toc)
    write(tmp_path / "book" / "intro.md", "# Intro\n\nNo code.\n")
    write(tmp_path / "book" / "a.md", chapter("A", "print(1 + 1)"))
    write(tmp_path / "book" / "b.md", chapter("B", "print(2 + 2)"))
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def build(book: Path, *paths: Path, **environment: str) -> subprocess.CompletedProcess:
    """Build with ``paths`` among those on which Python looks for packages."""
    # The grader brings a grammar of addresses, 0.7 s at each import of what checks notebooks, which
    # does without it, as where `make book` is all there is.
    absent = book / "absent"
    absent.mkdir(exist_ok=True)
    write(absent / "rfc3987_syntax.py", "raise ImportError\n")
    found = [*map(str, [*paths, absent]), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "workshop/build.py"]
    options = {"capture_output": True, "encoding": "utf-8", "timeout": 200}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(found)} | environment
    return subprocess.run(command, cwd=book, env=environment, check=False, **options)


def executed(result: subprocess.CompletedProcess) -> set[str]:
    return {line.split()[1] for line in result.stdout.splitlines() if line.startswith("  [")}


def test_executes_what_changed_and_only_that(small_book):
    first = build(small_book)
    assert first.returncode == 0, first.stderr
    assert executed(first) == {"a", "b"}
    assert "index.html" in first.stdout
    assert build(small_book).stdout.startswith("Nothing has changed.")

    # A limit on time, where one is set, is one for kept chapters too.
    write(small_book / "book" / "a.md", chapter("A", "print(41 + 1)", prose="Other prose."))
    changed = build(small_book, CHAPTER_SECONDS="0.01")
    assert executed(changed) == {"a"}
    assert changed.returncode == 1 and re.search("more than 0 s: a, b$", changed.stderr.strip())
    page = (small_book / "_build" / "html" / "a.html").read_text(encoding="utf-8")
    assert "Other prose." in page and ">42\n" in page

    write(small_book / "src" / "package.py", "x = 2\n")
    package = build(small_book)
    assert package.returncode == 0, package.stderr
    assert executed(package) == {"a", "b"}

    # What an interruption leaves half written is executed again.
    for notebook in (small_book / ".cache" / "chapters").rglob("base.ipynb"):
        notebook.unlink()
    (small_book / "_build" / "complete").unlink()  # else the finished site would be left as it is
    again = build(small_book)
    assert again.returncode == 0, again.stderr
    assert executed(again) == {"a", "b"}


def test_what_stops_the_build_is_named_until_it_is_mended(small_book):
    a, b = small_book / "book" / "a.md", small_book / "book" / "b.md"
    write(b, chapter("B", "bound = 1\nassert bound < 1, 'the bound is false, die Größe'"))
    raises = build(small_book, **NO_UTF_8)
    assert raises.returncode == 1
    assert "b, cell 2 of 2, failed" in raises.stderr and "the bound is false" in raises.stderr
    assert not (small_book / "_build" / "html" / "b.html").exists()

    write(b, chapter("B", "print('x' * 76)\nprint('y' * 77)"))
    wide = build(small_book)
    assert wide.returncode == 1 and "b prints a line of 77 characters: yyy" in wide.stderr
    assert "xxx" not in wide.stderr

    write(b, chapter("B", "'z' * 73"))
    write(a, chapter("A", "print(1 + 1)", prose="See [nothing](no-such-page.md)."))
    for _ in range(2):  # Sphinx itself would be silent the second time
        warned = build(small_book)
        assert warned.returncode == 1
        assert "no-such-page" in warned.stderr
    write(a, chapter("A", "print(1 + 1)"))
    mended = build(small_book)
    assert mended.returncode == 0, mended.stderr


def test_a_page_that_does_not_exist_is_named(small_book):
    (small_book / "book" / "b.md").unlink()
    result = build(small_book)
    assert (
        result.returncode == 1
        and "_toc.yml names pages that do not exist under book/: b" in result.stderr
    )


def test_interrupted_it_keeps_what_is_done_and_leaves_no_process(small_book):
    write(
        small_book / "book" / "b.md",
        chapter(
            "B", "import time\nfrom pathlib import Path\nPath('started').touch()\ntime.sleep(100)"
        ),
    )
    command, pipes = (
        [sys.executable, "workshop/build.py"],
        {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"},
    )
    with subprocess.Popen(command, cwd=small_book, start_new_session=True, **pipes) as running:
        assert any("] a " in line for line in running.stdout)
        while not (small_book / "book" / "started").exists():
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(timeout=60) != 0
    deadline = time.monotonic() + 20
    while alive := processes_in(small_book / "book"):
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.2)

    write(small_book / "book" / "b.md", chapter("B", "print(2 + 2)"))
    again = build(small_book)
    assert again.returncode == 0, again.stderr
    assert executed(again) == {"b"}


def processes_in(folder: Path) -> list[int]:
    """Processes whose working directory is ``folder``: the chapters' kernels."""
    if not Path("/proc/self/cwd").exists():
        return []
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


# What the machine is like makes no difference ----------------------------------------------------


def test_a_machine_of_another_kind(small_book, tmp_path_factory):
    """A locale without UTF-8, no home to write to, settings of the user's own, packages whose
    descriptions are damaged: nothing is said of them, and the pages are the same.

    Figures are drawings without date and ground, the same each time. Kernels use no ports: one is
    chosen free before the kernel starts, and another kernel may take it until then; a file's name
    is its own.
    """
    write(small_book / "_config.yml", CONFIG.replace("Small", "Kleine Größe σ"))
    write(small_book / "book" / "intro.md", "# Größe\n\n‖x‖ ≤ 1.\n")
    for name in ("a", "b"):
        write(small_book / "book" / f"{name}.md", chapter("Α", f"{SEES}\n# in {name}: code apart"))
    user, packages = map(tmp_path_factory.mktemp, ("user", "site-packages"))
    write(user / "matplotlibrc", "lines.linewidth: 77\n")
    plant(packages, "interrupted", "1.0", None)
    plant(packages, "nameless", "2.0", "Metadata-Version: 2.1\n")
    result = build(
        small_book,
        packages,
        **NO_UTF_8,
        HOME="/proc/none",
        MPLCONFIGDIR=str(user),
        IPYTHONDIR="/proc/none",
        TERM="dumb",
    )
    assert (result.returncode, result.stderr) == (0, "")
    html = small_book / "_build" / "html"
    pages = [(html / f"{name}.html").read_text(encoding="utf-8") for name in ("a", "b")]
    for page in pages:
        assert "\nσ Größe\n" in page
        assert "\nwidth 1.5\n" in page and "77.0" not in page and "stderr" not in page
    [figure] = (html / "_images").iterdir()  # named by its content
    text = figure.read_text(encoding="utf-8")
    assert figure.suffix == ".svg" and "<dc:date>" not in text
    ground = text.split('id="patch_1"')[1].split("</g>")[0]
    assert "fill: none" in ground
    places = [re.search(r">ipc (\S+)\n", page)[1] for page in pages]
    assert places[0] != places[1]
    assert not any(Path(place).parent.exists() for place in places)  # nothing is left behind


# What C means to a Python that does not mend it by itself: every file of ours is read and written
# as UTF-8.
NO_UTF_8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SEES = """\
from pathlib import Path
from ipykernel.kernelapp import IPKernelApp
import IPython, matplotlib.pyplot as plt
kernel = IPKernelApp.instance()
print(kernel.transport, kernel.ip)
IPython.paths.get_ipython_dir()
print('σ', Path('intro.md').read_text()[2:7])
print('width', plt.rcParams['lines.linewidth'])
plt.rcParams['svg.hashsalt'] = 'x'
fig, ax = plt.subplots()
ax.fill_between([0, 1], [1, 2])
plt.show()"""


def plant(path: Path, package: str, version: str, metadata: str | None) -> None:
    folder = path / f"{package}-{version}.dist-info"
    folder.mkdir()
    if metadata is not None:
        write(folder / "METADATA", metadata)


def test_versions_of_what_the_book_needs_and_of_nothing_else(tmp_path):
    """Also of a package whose description is damaged: that it is there is all that is known."""
    needs = [
        "a",
        "b[fast] >= 2",
        "absent",
        "elsewhere; sys_platform == 'none'",
        "tool; extra == 'test'",
    ]
    plant(tmp_path, "root", "1.0", described("root", "1.0", *needs, "c; extra == 'book'"))
    plant(tmp_path, "a", "3.1", described("a", "3.1", "root", "damaged", "nameless"))
    plant(
        tmp_path,
        "b",
        "2.0",
        described("b", "2.0", "speed; extra == 'fast'", "slow; extra == 'slow'"),
    )
    plant(tmp_path, "c", "7", described("c", "7"))
    plant(tmp_path, "speed", "0.5", described("speed", "0.5"))
    plant(tmp_path, "damaged", "1.0", None)
    plant(tmp_path, "nameless", "1.0", "Metadata-Version: 2.1\n")
    for other in ("elsewhere", "tool", "slow"):
        plant(tmp_path, other, "9", described(other, "9"))
    known = {"root": "1.0", "a": "3.1", "b": "2.0", "c": "7", "speed": "0.5"}
    unknown = {"damaged": "unreadable", "nameless": "unreadable"}
    assert versions("root", frozenset({"book"}), [str(tmp_path)]) == known | unknown


def described(package: str, version: str, *needs: str) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs)]) + "\n"


def test_a_kernel_whose_process_ends_is_named(small_book):
    write(small_book / "book" / "b.md", chapter("B", "import os\nos._exit(1)"))
    result = build(small_book)
    assert result.returncode == 1 and "b, the process that ran it ended" in result.stderr
    # The kernel's own libraries may cry while it dies; the build does not.
    assert not re.search(r'File ".*workshop', result.stderr)
