"""The commands of the larger runs: help, bad arguments, workers, clusters, Ctrl-C."""

import importlib
import signal
import subprocess
import sys
import time

import pytest
from sweeps_parts import ENVIRONMENT, lines_of, run_python

import command_line

RUNS = (
    "amplification",
    "amplification_figures",
    "chaotic_series",
    "feedback_alignment",
    "lazy_training",
    "prior_kernel",
    "pruning",
    "reservoirs",
)


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster whose worker is a thread of this process."""
    distributed = pytest.importorskip("distributed")
    options = {"processes": False, "protocol": "tcp://", "host": "127.0.0.1"}
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", **options
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.parametrize("run", RUNS)
def test_help_and_bad_arguments(run, monkeypatch, capsys):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    script = importlib.import_module(run)
    for arguments, status in ((["--help"], 0), (["--workers", "0"], 2), (["-x"], 2)):
        monkeypatch.setattr(sys, "argv", [f"{run}.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line.run(lambda executor: pytest.fail("it ran"), script.__doc__)
        assert ended.value.code == status
    said = capsys.readouterr()
    assert "--workers N" in said.out and "--scheduler ADDRESS" in said.out
    assert f"src/randomfeatures/data/{run.replace('_', '-')}.json" in said.out
    assert "argument --workers: must be an integer >= 1, got '0'" in said.err
    assert "unrecognized arguments: -x" in said.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "no scheduler answers at 'tcp://127.0.0.1:1'"),
        (["--scheduler", "x://y"], "no scheduler answers at 'x://y'"),
        (["--scheduler", "x", "--workers", "2"], "not allowed with argument --scheduler"),
        (["--scheduler"], "argument --scheduler: expected one argument"),
    ],
)
def test_a_scheduler_that_is_not_there(options, said, monkeypatch, capsys):
    pytest.importorskip("distributed")
    monkeypatch.setattr(command_line, "SECONDS", 0.2)
    monkeypatch.setattr(sys, "argv", ["run.py", *options])
    with pytest.raises(SystemExit) as ended:
        command_line.run(lambda executor: pytest.fail("it ran"), "A run.")
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_a_scheduler_without_dask(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr(sys, "argv", ["run.py", "--scheduler", "tcp://127.0.0.1:1"])
    with pytest.raises(SystemExit):
        command_line.run(lambda executor: pytest.fail("it ran"), "A run.")
    assert "pip install '.[cluster]'" in capsys.readouterr().err


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


@pytest.mark.parametrize("option", ["here", "--workers", "--scheduler"])
def test_ctrl_c_says_in_one_line_what_is_kept_and_the_command_goes_on(tmp_path, option, request):
    values = {"here": [], "--workers": ["--workers", "2"]}
    if option == "--scheduler":
        values[option] = [option, request.getfixturevalue("scheduler")]
    script, folder = tmp_path / "script.py", tmp_path / "kept"
    script.write_text(SCRIPT.replace("FOLDER", repr(str(folder))), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, script, *values[option]],
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
    one, other = run_python(script, *values[option]), run_python(script, "--workers", "2")
    assert one.stdout == other.stdout and one.stdout.count(",") == 39, one.stderr
