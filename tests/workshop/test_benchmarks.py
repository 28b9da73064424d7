"""The benchmark page says what was measured: each block is what its script makes of its results."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^<!-- results of (\w+)\.py -->$", TEXT, flags=re.MULTILINE)


@pytest.fixture
def module(monkeypatch):
    """Imports a module of the folder as its scripts do, and forgets it afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
            del sys.modules[name]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_the_table_of_its_results(name, module):
    """A number that was typed, or results that were written without their table, fail."""
    result = json.loads((FOLDER / "results" / f"{name}.json").read_text(encoding="utf-8"))
    assert module("page").block(name, TEXT) == module(name).table(result).rstrip("\n") + "\n"


def test_every_result_has_a_block_and_every_block_one_end():
    files = {path.stem for path in (FOLDER / "results").glob("*.json")}
    assert sorted(BLOCKS) == sorted(files) and BLOCKS
    marks = re.findall(r"^<!-- (results|end)", TEXT, flags=re.MULTILINE)
    assert marks == ["results", "end"] * len(BLOCKS)


def test_every_figure_of_the_page_is_there():
    figures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert figures and all((FOLDER / figure).is_file() for figure in figures)


def test_a_block_is_replaced_and_the_others_stay(module):
    page = module("page")
    text = "".join(f"{page.start(name)}old {name}\n{page.END}" for name in "abc")
    changed = page.with_block("b", "new\n", text)
    assert [page.block(name, changed) for name in "abc"] == ["old a\n", "new\n", "old c\n"]
    assert page.with_block("b", "old b", changed) == text
    with pytest.raises(ValueError, match=r"no block of d\.py"):
        page.with_block("d", "new", text)
