"""The progress line says what is done and how long the rest takes; nobody has to read it."""

import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from sweeps_parts import ENVIRONMENT, fail_at, lines_of, run, slow_first

import sweeps
from sweeps import grid, sweep


def test_the_progress_line_has_the_count_and_the_time_left(tmp_path, capsys):
    sweep(slow_first, grid(i=[1, 2]), folder=tmp_path)
    sweep(slow_first, grid(i=[1, 2, 3, 4]), folder=tmp_path)
    shown = capsys.readouterr().err.replace("\r", "\n").split("\n")
    assert "[##########          ] 1 of 2 points, 0:00:00 left " in shown
    assert "[###############     ] 3 of 4 points, 0:00:00 left " in shown
    assert shown[-2] == "[####################] 4 of 4 points, 0:00:00 left "
    sweep(slow_first, grid(i=[5]), folder=tmp_path, progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_time_left_counts_the_points_of_this_call_alone(tmp_path, capsys, monkeypatch):
    clock = iter([100.0, 110.0, 120.0])
    run(fail_at, grid(i=range(6), bad=[-1]), tmp_path)
    monkeypatch.setattr(sweeps, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(RuntimeError):
        sweep(fail_at, grid(i=[*range(8), -1, 8, 9], bad=[-1]), folder=tmp_path)
    shown = capsys.readouterr().err.replace("\r", "\n").split("\n")
    # 10 seconds a point, 4 of 11 points to go, then 3.
    assert "[############        ] 7 of 11 points, 0:00:40 left " in shown
    assert "[##############      ] 8 of 11 points, 0:00:30 left " in shown


SCRIPT = """
import sys
from sweeps import grid, sweep
def experiment(rng, i):
    return {"y": i}
sweep(experiment, grid(i=range(50)), folder=sys.argv[1])
"""


def test_a_sweep_goes_on_when_nobody_reads_its_progress(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)  # as `2>&1 | head` leaves it
    ended = subprocess.run(
        [sys.executable, script, tmp_path / "kept"],
        stdout=writer,
        stderr=writer,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert len(lines_of(tmp_path / "kept")) == 50
    assert ended.returncode == 0


def test_a_sweep_goes_on_when_standard_error_is_closed_or_missing(tmp_path, monkeypatch):
    closed = io.StringIO()
    closed.close()
    for name, stream in (("closed", closed), ("none", None)):
        monkeypatch.setattr(sys, "stderr", stream)
        assert len(sweep(slow_first, grid(i=range(1, 4)), folder=tmp_path / name)) == 3
