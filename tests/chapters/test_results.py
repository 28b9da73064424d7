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
