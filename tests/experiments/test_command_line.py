"""The commands of the larger runs: help, bad arguments, workers, Ctrl-C."""

import importlib
import signal
import subprocess
import sys
import time

import pytest
from sweeps_parts import ENVIRONMENT, lines_of, run_python

import command_line

RUNS = ("amplification", "amplification_figures", "lazy_training", "prior_kernel")


@pytest.mark.parametrize("run", RUNS)
def test_help_and_bad_arguments(run, monkeypatch, capsys):
    script = importlib.import_module(run)
    for arguments, status in ((["--help"], 0), (["--workers", "0"], 2), (["-x"], 2)):
        monkeypatch.setattr(sys, "argv", [f"{run}.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line.run(lambda executor: pytest.fail("it ran"), script.__doc__)
        assert ended.value.code == status
    said = capsys.readouterr()
    assert "--workers N" in said.out
    assert f"src/randomfeatures/data/{run.replace('_', '-')}.json" in said.out
    assert "argument --workers: must be an integer >= 1, got '0'" in said.err
    assert "unrecognized arguments: -x" in said.err


SCRIPT = '''
"""A run."""
import sys, time
import command_line
from sweeps import grid, sweep

def experiment(rng, i):
    time.sleep(0.05)
    return {"y": rng.random()}

def main(executor):
    records = sweep(experiment, grid(i=range(40)), folder=FOLDER, executor=executor)
    print([record["y"] for record in records])

if __name__ == "__main__":
    command_line.run(main, __doc__)
'''


@pytest.mark.parametrize("option", [[], ["--workers", "2"]])
def test_ctrl_c_says_in_one_line_what_is_kept_and_the_command_goes_on(tmp_path, option):
    script, folder = tmp_path / "script.py", tmp_path / "kept"
    script.write_text(SCRIPT.replace("FOLDER", repr(str(folder))), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, script, *option],
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        encoding="utf-8",
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(lines_of(folder)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "Traceback" not in error
    assert "of 40 points are finished and kept in" in error.splitlines()[-1]
    assert 3 <= len(lines_of(folder)) < 40
    one, other = run_python(script), run_python(script, "--workers", "2")
    assert one.stdout == other.stdout and one.stdout.count(",") == 39, one.stderr
