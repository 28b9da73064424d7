"""Result files say what made them, come back as they were, and are never left half written."""

import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kept_results
from randomfeatures.chapters import results


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_folder", lambda: tmp_path)
    return tmp_path


def test_what_was_written_is_read(folder):
    records = [
        {"N": np.int64(3), "risk": [np.float64(0.123456789), 1e-20], "model": "net", "none": None},
        {"N": 4, "risk": np.array([[1, 2], [3, 4]]), "sure": np.True_, "one": np.array(1 / 3)},
    ]
    settings = {"d": 450, "seeds": (1, 2)}
    file = kept_results.write("a-run", command="run.py", settings=settings, records=records)
    assert file == folder / "a-run.json"
    assert results.read("a-run") == {
        "command": "run.py",
        "settings": {"d": 450, "seeds": [1, 2]},
        "records": [
            {"N": 3, "risk": [0.123457, 1e-20], "model": "net", "none": None},
            {"N": 4, "risk": [[1, 2], [3, 4]], "sure": True, "one": 0.333333},
        ],
    }


def test_a_record_is_a_line(folder):
    records = [{"a": 1}, {"a": "é"}]
    file = kept_results.write("run", command="c", settings={}, records=records)
    assert '  {"a": 1},\n  {"a": "é"}\n' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["amplification", "amplification-figures", "lazy-training", "prior-kernel"]
)
def test_the_kept_files_are_what_would_be_written(name, tmp_path, monkeypatch):
    kept, there = results.read(name), results.file_of(name).read_bytes()
    monkeypatch.setattr(results, "_folder", lambda: tmp_path)
    assert kept_results.write(name, **kept).read_bytes() == there
    kept["records"][0]["planted"] = 1
    assert kept_results.write(name, **kept).read_bytes() != there


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_six_digits_and_writing_twice_changes_nothing(value):
    once = json.loads(json.dumps(kept_results._rounded(value)))
    assert once == pytest.approx(value, rel=5.1e-6)
    assert kept_results._rounded(once) == once


def test_what_cannot_be_right_is_refused(folder):
    with pytest.raises(ValueError, match=r"records must have at least one entry, got \[\]"):
        kept_results.write("run", command="c", settings={}, records=[])
    with pytest.raises(ValueError, match="small letters, digits and hyphens, got 'a/b'"):
        kept_results.write("a/b", command="c", settings={}, records=[{}])
    with pytest.raises(TypeError):
        kept_results.write("run", command="c", settings={}, records=[{"a": object()}])
    assert not list(folder.iterdir())


def test_an_interruption_leaves_the_old_result(folder, monkeypatch):
    file = kept_results.write("run", command="c", settings={}, records=[{"a": 1}])
    before = file.read_bytes()

    def interrupt(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        kept_results.write("run", command="c", settings={}, records=[{"a": 2}])
    assert file.read_bytes() == before
