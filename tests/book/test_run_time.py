"""The time at the head of a chapter is the one that was measured.

Also when the outputs come from the cache.
"""

import re
import shutil
import sqlite3

import pytest
from small_book import build, page, run_time, text_of, write

CHAPTER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---
# Chapter

Runs in {run-time}`-`.

```{code-cell} ipython3
import time
time.sleep(1.1)
```
"""


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "not executed"),
        (0.0, "under 1 s"),
        (0.999, "under 1 s"),
        (1.0, "1 s"),
        (1.5, "2 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (75.0, "1 min 15 s"),
        (600.0, "10 min"),
    ],
)
def test_seconds_are_readable(seconds, text):
    assert plain(run_time.readable(seconds)) == text


def test_no_line_breaks_between_a_number_and_its_unit():
    assert run_time.readable(75.0) == "1\u00a0min 15\u00a0s"


def test_a_page_without_code_says_so(tmp_path):
    write(tmp_path / "book", {"a.md": "# Prose\n\nRuns in {run-time}`-`.\n"})
    assert build(tmp_path, "run_time") == []
    assert "not executed" in text_of(page(tmp_path, "a"))


def test_the_time_comes_from_the_run_and_then_from_the_cache(tmp_path):
    def shown() -> str:
        for folder in ("html", "doctrees"):
            shutil.rmtree(tmp_path / folder, ignore_errors=True)
        settings = {
            "nb_execution_mode": "cache",
            "nb_execution_cache_path": str(tmp_path / "cache"),
            "source_suffix": {".md": "myst-nb"},
        }
        said = build(tmp_path, "myst_nb", "run_time", **settings)
        assert not [
            line
            for line in said
            if "WARNING" in line and "[mystnb" not in line and "IPKernelApp" not in line
        ], said
        return re.search(r"Runs in (.*?) ?\.", plain(text_of(page(tmp_path, "a"))))[1].strip()

    write(tmp_path / "book", {"a.md": CHAPTER})
    first = shown()
    with sqlite3.connect(tmp_path / "cache" / "global.db") as cache:
        ((data,),) = cache.execute("select data from nbcache").fetchall()
        measured = float(re.search(r"[\d.]+", data)[0])
        assert measured >= 1.1
        assert first == plain(run_time.readable(measured))
        cache.execute("update nbcache set data = ?", (data.replace(str(measured), "83.0"),))
    cache.close()
    assert (
        shown() == "1 min 23 s"
    )  # a run of its own would take 2 s: this one was read from the cache's record
