"""Result files are found by name, and a wrong name is answered with those that there are."""

import pytest

from randomfeatures.chapters import results


def test_what_is_kept_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_folder", lambda: tmp_path)
    (tmp_path / "run-2.json").write_text('{"records": [{"model": "é"}]}', encoding="utf-8")
    (tmp_path / "run-3.part").write_text("{", encoding="utf-8")
    assert results.read("run-2") == {"records": [{"model": "é"}]}
    with pytest.raises(ValueError, match=r"name must be one of \['run-2'\], got 'run-3'"):
        results.read("run-3")


def test_no_result_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_folder", lambda: tmp_path / "not-there")
    with pytest.raises(ValueError, match=r"name must be one of \[\], got 'run'"):
        results.read("run")


def test_a_record_is_found_by_all_its_fields():
    rows = [{"kind": "a", "m": 1}, {"kind": "b"}, {"kind": "b", "m": 1}, {"kind": "b", "m": 1.5}]
    kept = {"records": rows}
    assert results.record(kept, kind="b", m=1) is rows[2]
    assert results.record(kept, m=1.5) is rows[3]
    with pytest.raises(ValueError, match=r"fields must be those of a record, got {'m': 2}"):
        results.record(kept, m=2)


@pytest.mark.parametrize("name", ["", "a/b", "../a", "A", "a.json", None, 3, "a\n"])
def test_names_that_no_result_has(name):
    with pytest.raises(ValueError, match="name must be made of small letters, digits and hyphens"):
        results.read(name)


@pytest.mark.parametrize("name", ["amplification", "lazy-training", "prior-kernel"])
def test_the_kept_results_come_with_the_package(name):
    kept = results.read(name)
    assert list(kept) == ["command", "settings", "records"]
    assert kept["command"].endswith(f"experiments/{name.replace('-', '_')}.py")
    assert len(kept["records"]) > 10
