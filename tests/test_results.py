"""Result files say what made them and come back as they were."""

import numpy as np
import pytest

from randomfeatures import results


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_folder", lambda: tmp_path)
    return tmp_path


def test_what_was_written_is_read(folder):
    records = [{"N": np.int64(3), "risk": [np.float64(0.123456789), 1e-20], "model": "network", "none": None}, {"N": 4}]
    file = results.write("some-run", command="python run.py", settings={"d": 450, "seeds": (1, 2)}, records=records)
    assert file == folder / "some-run.json"
    assert results.read("some-run") == {
        "command": "python run.py",
        "settings": {"d": 450, "seeds": [1, 2]},
        "records": [{"N": 3, "risk": [0.123457, 1e-20], "model": "network", "none": None}, {"N": 4}],
    }


def test_a_record_is_a_line(folder):
    file = results.write("run", command="c", settings={}, records=[{"a": 1}, {"a": 2}])
    assert '  {"a": 1},\n  {"a": 2}\n' in file.read_text()


def test_what_cannot_be_right_is_refused(folder):
    with pytest.raises(ValueError, match=r"records must have at least one entry, got \[\]"):
        results.write("run", command="c", settings={}, records=[])
    with pytest.raises(ValueError, match="small letters, digits and hyphens, got 'a/b'"):
        results.write("a/b", command="c", settings={}, records=[{}])
    with pytest.raises(TypeError):
        results.write("run", command="c", settings={}, records=[{"a": object()}])
    assert not list(folder.iterdir())
    results.write("run", command="c", settings={}, records=[{"a": 1}])
    with pytest.raises(ValueError, match=r"one of \['run'\], got 'ran'"):
        results.read("ran")
