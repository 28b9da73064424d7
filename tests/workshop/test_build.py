"""`make book`: executes what changed and only that, stops at a failing cell, repeats its warnings, survives interruptions."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
    return f"{HEADER}# {name}\n\n{prose}\n\n```{{code-cell}} ipython3\nprint('first cell')\n```\n\n```{{code-cell}} ipython3\n{code}\n```\n"


@pytest.fixture
def small_book(tmp_path: Path) -> Path:
    for folder in ("workshop", "src", "book"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "workshop" / "build.py", tmp_path / "workshop")
    (tmp_path / "src" / "package.py").write_text("x = 1\n")
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: intro\nparts:\n  - chapters:\n    - file: a\n    - file: b\n")
    (tmp_path / "book" / "intro.md").write_text("# Intro\n\nNo code.\n")
    (tmp_path / "book" / "a.md").write_text(chapter("A", "print(1 + 1)"))
    (tmp_path / "book" / "b.md").write_text(chapter("B", "print(2 + 2)"))
    return tmp_path


def build(book: Path, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "workshop/build.py"]
    return subprocess.run(command, cwd=book, capture_output=True, text=True, env=os.environ | environment, timeout=200)


def executed(result: subprocess.CompletedProcess) -> set[str]:
    return {line.split()[1] for line in result.stdout.splitlines() if line.startswith("  [")}


def test_executes_what_changed_and_only_that(small_book):
    first = build(small_book)
    assert first.returncode == 0, first.stderr
    assert executed(first) == {"a", "b"}
    assert "index.html" in first.stdout
    assert executed(build(small_book)) == set()

    (small_book / "book" / "a.md").write_text(chapter("A", "print(41 + 1)", prose="Other prose."))
    assert executed(build(small_book)) == {"a"}
    page = (small_book / "_build" / "html" / "a.html").read_text()
    assert "Other prose." in page and ">42\n" in page

    (small_book / "src" / "package.py").write_text("x = 2\n")
    assert executed(build(small_book)) == {"a", "b"}


def test_a_chapter_that_raises_stops_the_build_and_is_named(small_book):
    (small_book / "book" / "b.md").write_text(chapter("B", "bound = 1\nassert bound < 1, 'the bound is false'"))
    result = build(small_book)
    assert result.returncode == 1
    assert "b, cell 2 of 2, failed" in result.stderr and "the bound is false" in result.stderr
    assert not (small_book / "_build" / "html" / "b.html").exists()
    (small_book / "book" / "b.md").write_text(chapter("B", "assert True"))
    assert build(small_book).returncode == 0


def test_a_warning_fails_the_build_every_time_until_it_is_mended(small_book):
    (small_book / "book" / "a.md").write_text(chapter("A", "print(1 + 1)", prose="See [nothing](no-such-page.md)."))
    for _ in range(2):
        result = build(small_book)
        assert result.returncode == 1
        assert "no-such-page" in result.stderr
    (small_book / "book" / "a.md").write_text(chapter("A", "print(1 + 1)"))
    assert build(small_book).returncode == 0


def test_a_page_that_does_not_exist_is_named(small_book):
    (small_book / "book" / "b.md").unlink()
    result = build(small_book)
    assert result.returncode == 1 and "_toc.yml names pages that do not exist under book/: b" in result.stderr


def test_a_chapter_over_the_time_limit_fails_only_where_a_limit_is_set(small_book):
    assert build(small_book).returncode == 0
    result = build(small_book, CHAPTER_SECONDS="0.01")
    assert result.returncode == 1 and "more than" in result.stderr


def test_interrupted_it_keeps_what_is_done_and_leaves_no_process(small_book):
    (small_book / "book" / "b.md").write_text(
        chapter("B", "import time\nfrom pathlib import Path\nPath('started').touch()\ntime.sleep(100)")
    )
    command, pipes = [sys.executable, "workshop/build.py"], {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
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

    (small_book / "book" / "b.md").write_text(chapter("B", "print(2 + 2)"))
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
