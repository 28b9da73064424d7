"""`make book`: executes what changed and only that, stops at a failing cell, repeats its warnings,
survives interruptions.
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


def build(book: Path, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "workshop/build.py"]
    options = {"capture_output": True, "encoding": "utf-8", "timeout": 200}
    return subprocess.run(command, cwd=book, env=os.environ | environment, check=False, **options)


def executed(result: subprocess.CompletedProcess) -> set[str]:
    return {line.split()[1] for line in result.stdout.splitlines() if line.startswith("  [")}


def test_executes_what_changed_and_only_that(small_book):
    first = build(small_book)
    assert first.returncode == 0, first.stderr
    assert executed(first) == {"a", "b"}
    assert "index.html" in first.stdout
    assert executed(build(small_book)) == set()

    write(small_book / "book" / "a.md", chapter("A", "print(41 + 1)", prose="Other prose."))
    assert executed(build(small_book)) == {"a"}
    page = (small_book / "_build" / "html" / "a.html").read_text(encoding="utf-8")
    assert "Other prose." in page and ">42\n" in page

    write(small_book / "src" / "package.py", "x = 2\n")
    assert executed(build(small_book)) == {"a", "b"}


def test_a_chapter_that_raises_stops_the_build_and_is_named(small_book):
    write(
        small_book / "book" / "b.md",
        chapter("B", "bound = 1\nassert bound < 1, 'the bound is false'"),
    )
    result = build(small_book)
    assert result.returncode == 1
    assert "b, cell 2 of 2, failed" in result.stderr and "the bound is false" in result.stderr
    assert not (small_book / "_build" / "html" / "b.html").exists()
    write(small_book / "book" / "b.md", chapter("B", "assert True"))
    assert build(small_book).returncode == 0


def test_a_warning_fails_the_build_every_time_until_it_is_mended(small_book):
    write(
        small_book / "book" / "a.md",
        chapter("A", "print(1 + 1)", prose="See [nothing](no-such-page.md)."),
    )
    for _ in range(2):
        result = build(small_book)
        assert result.returncode == 1
        assert "no-such-page" in result.stderr
    write(small_book / "book" / "a.md", chapter("A", "print(1 + 1)"))
    assert build(small_book).returncode == 0


def test_a_page_that_does_not_exist_is_named(small_book):
    (small_book / "book" / "b.md").unlink()
    result = build(small_book)
    assert (
        result.returncode == 1
        and "_toc.yml names pages that do not exist under book/: b" in result.stderr
    )


def test_a_chapter_over_the_time_limit_fails_only_where_a_limit_is_set(small_book):
    assert build(small_book).returncode == 0
    result = build(small_book, CHAPTER_SECONDS="0.01")
    assert result.returncode == 1 and "more than" in result.stderr


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


def test_half_written_cache_entries_are_executed_again(small_book):
    assert build(small_book).returncode == 0
    for notebook in (small_book / ".cache" / "chapters").rglob("base.ipynb"):
        notebook.unlink()
    (small_book / "_build" / "complete").unlink()  # else the finished site would be left as it is
    again = build(small_book)
    assert again.returncode == 0, again.stderr
    assert executed(again) == {"a", "b"}


def test_a_wide_printed_line_stops_the_build(small_book):
    write(small_book / "book" / "b.md", chapter("B", "print('x' * 76)\nprint('y' * 77)"))
    result = build(small_book)
    assert result.returncode == 1 and "b prints a line of 77 characters: yyy" in result.stderr
    assert "xxx" not in result.stderr
    write(small_book / "book" / "b.md", chapter("B", "'z' * 73"))
    assert build(small_book).returncode == 0


def test_a_figure_is_a_drawing_without_date_and_ground_the_same_each_time(small_book):
    code = "import matplotlib.pyplot as plt\nplt.rcParams['svg.hashsalt'] = 'x'\n"
    code += "fig, ax = plt.subplots()\nax.fill_between([0, 1], [1, 2])\nplt.show()"
    for name in ("a", "b"):
        text = chapter(name.upper(), f"{code}\n# not the code of another page: {name}")
        write(small_book / "book" / f"{name}.md", text)
    assert build(small_book).returncode == 0
    [figure] = (small_book / "_build" / "html" / "_images").iterdir()  # named by its content
    text = figure.read_text(encoding="utf-8")
    assert figure.suffix == ".svg" and "<dc:date>" not in text
    ground = text.split('id="patch_1"')[1].split("</g>")[0]
    assert "fill: none" in ground


# What the machine is like makes no difference ----------------------------------------------------


def test_a_locale_without_utf_8(small_book):
    """What C means to a Python that does not mend it by itself: every file of ours is read and
    written as UTF-8.
    """
    write(small_book / "_config.yml", CONFIG.replace("Small", "Kleine Größe σ"))
    write(small_book / "book" / "intro.md", "# Größe\n\n‖x‖ ≤ 1.\n")
    write(
        small_book / "book" / "a.md",
        chapter("Α", "from pathlib import Path\nprint('σ', Path('intro.md').read_text()[2:7])"),
    )
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = build(small_book, **locale)
    assert result.returncode == 0, result.stderr
    assert "σ Größe" in (small_book / "_build" / "html" / "a.html").read_text(encoding="utf-8")
    write(small_book / "book" / "b.md", chapter("B", "assert False, 'Größe'"))
    result = build(small_book, **locale)
    assert result.returncode == 1 and "b, cell 2 of 2, failed" in result.stderr


def test_no_home_and_nothing_of_the_users_own(small_book, tmp_path_factory):
    """Settings of the user change nothing, and where there is no home to write to, nothing is said
    of it.
    """
    user = tmp_path_factory.mktemp("user")
    write(user / "matplotlibrc", "lines.linewidth: 77\n")
    code = "import IPython, matplotlib\nIPython.paths.get_ipython_dir()\n"
    code += "print(matplotlib.rcParams['lines.linewidth'])"
    write(small_book / "book" / "a.md", chapter("A", code))
    result = build(
        small_book, HOME="/proc/none", MPLCONFIGDIR=str(user), IPYTHONDIR="/proc/none", TERM="dumb"
    )
    assert (result.returncode, result.stderr) == (0, "")
    page = (small_book / "_build" / "html" / "a.html").read_text(encoding="utf-8")
    assert ">1.5\n" in page and "77.0" not in page and "stderr" not in page


def test_damaged_descriptions_of_packages(small_book, tmp_path_factory):
    path = tmp_path_factory.mktemp("site-packages")
    plant(path, "interrupted", "1.0", None)
    plant(path, "nameless", "2.0", "Metadata-Version: 2.1\n")
    result = build(
        small_book,
        PYTHONPATH=os.pathsep.join([str(path), *filter(None, [os.environ.get("PYTHONPATH")])]),
    )
    assert result.returncode == 0, result.stderr


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


# Kernels -----------------------------------------------------------------------------------------


def test_kernels_use_no_ports(small_book):
    """A port is chosen free before the kernel starts, and another kernel may take it until then; a
    file's name is its own.
    """
    code = "from ipykernel.kernelapp import IPKernelApp\nkernel = IPKernelApp.instance()\n"
    code += "print(kernel.transport, kernel.ip)"
    for name in ("a", "b"):
        write(
            small_book / "book" / f"{name}.md",
            chapter(name.upper(), f"{code}\n# not the code of another page: {name}"),
        )
    result = build(small_book)
    assert result.returncode == 0, result.stderr
    pages = [
        (small_book / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")
        for name in ("a", "b")
    ]
    places = [re.search(r">ipc (\S+)\n", page)[1] for page in pages]
    assert places[0] != places[1]
    assert not any(Path(place).parent.exists() for place in places)  # nothing is left behind


def test_a_kernel_whose_process_ends_is_named(small_book):
    write(small_book / "book" / "b.md", chapter("B", "import os\nos._exit(1)"))
    result = build(small_book)
    assert result.returncode == 1 and "b, the process that ran it ended" in result.stderr
    # The kernel's own libraries may cry while it dies; the build does not.
    assert not re.search(r'File ".*workshop', result.stderr)
