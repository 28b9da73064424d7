"""The stamps of `make`: what a reader needs comes first, and what was interrupted starts again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """\
#!/bin/sh
if [ "$1" = -m ]; then rm -rf .venv; mkdir .venv; echo "a new environment" >> log; fi
"""


@pytest.fixture
def folder(tmp_path):
    """The Makefile with a Python that only notes what it is asked to do."""
    if not shutil.which("make"):
        pytest.skip("no make")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "python").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def make(folder: Path, stamp: str, pip: str = "echo install >> log; :") -> tuple[int, list[str]]:
    """Status, and what was done: which environments were made and what was installed."""
    (folder / "log").write_text("", encoding="utf-8")
    command = ["make", f"PYTHON={folder / 'python'}", f"PIP={pip}", f".venv/{stamp}"]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return run.returncode, (folder / "log").read_text(encoding="utf-8").splitlines()


def test_each_stamp_installs_once(folder):
    assert make(folder, "ready") == (0, ["a new environment", "install"])
    assert make(folder, "ready") == (0, [])
    assert make(folder, "test") == (0, ["install"])
    assert make(folder, "test") == (0, [])
    assert make(folder, "ready") == (0, [])


def test_a_changed_dependency_is_installed_into_what_is_there(folder):
    make(folder, "test")
    stamp = (folder / ".venv" / "test").stat().st_mtime
    os.utime(folder / "pyproject.toml", (stamp + 5, stamp + 5))
    status, done = make(folder, "ready")
    assert status == 0 and done == ["install"]


@pytest.mark.parametrize("stamp", ["ready", "test", "pdf", "course"])
def test_an_interrupted_installation_starts_again_from_nothing(folder, stamp):
    if stamp != "ready":
        make(folder, "ready")
    status, _ = make(folder, stamp, pip="kill -9 $$$$; :")
    assert status != 0
    assert not (folder / ".venv" / "ready").exists()
    assert make(folder, stamp)[1][0] == "a new environment"
    assert (folder / ".venv" / stamp).exists()
