"""A submission that defends itself, or lies, in a process apart."""

import json
import sys
from fractions import Fraction
from pathlib import Path

import pytest

pytest.importorskip("nbgrader", reason="the grader is not installed: pip install -e '.[course]'")
if sys.platform == "win32":
    pytest.skip(
        "a submission runs in a process of its own on Linux and macOS", allow_module_level=True
    )
sys.path.insert(0, str(Path(__file__).parents[2] / "workshop" / "course"))
from grading import judge

LIMITS = {"seconds": 1, "total": 20, "memory": 4 * 2**30, "file_size": 10**6}
ANSWER = {"label": "ex-copies", "name": "answer_1"}


def run(*sources: str | dict, **limits: int):
    cells = [one if isinstance(one, dict) else {"source": one} for one in sources]
    return judge.run_apart(cells, {**LIMITS, **limits})


def text(record: dict) -> str:
    return json.dumps(record)


def test_cells_share_their_names_and_show_what_they_show():
    records, said = run("x = 1 / 3", "print('seen'); x", "y", "answer_1 = x, 1", ANSWER)
    assert said == ""
    assert "seen" in text(records[1]) and "0.3333" in text(records[1])
    assert "NameError" in text(records[2])
    assert [float(Fraction(value)) for value in records[4]["numbers"]] == [1 / 3, 1.0]
    assert judge.judged("ex-copies", records[4]).right


def test_a_loop_is_stopped_and_the_next_cell_runs():
    records, _ = run("while True: pass", "answer_1 = 1 / 3, 1", ANSWER)
    assert "took too long" in text(records[0])
    assert judge.judged("ex-copies", records[2]).right


def test_a_loop_that_does_not_listen_ends_with_the_submission_and_keeps_what_was_before():
    loop = (
        "import signal\nfor name in ('SIGPROF', 'SIGALRM', 'SIGXCPU'):\n"
        "    signal.signal(getattr(signal, name), signal.SIG_IGN)\nwhile True: pass"
    )
    records, said = run("answer_1 = 1 / 3, 1", ANSWER, loop, "1", total=6)
    assert said.startswith("A submission ") and 2 not in records and 3 not in records
    assert judge.judged("ex-copies", records[1]).right


@pytest.mark.parametrize(
    "end", ["import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), 9)", "bytes(10**12)"]
)
def test_whoever_ends_the_process_ends_only_it(end):
    records, _ = run("answer_1 = 1 / 3, 1", ANSWER, end, {"label": "ex-parseval", "name": "a"})
    assert judge.judged("ex-copies", records[1]).right
    assert not judge.judged("ex-parseval", records.get(3, {}))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"numbers": [True, 1]},
        {"numbers": ["1/0", "1"]},
        {"numbers": ["0x1", "1"]},
        {"numbers": {"right": True}},
        {"numbers": [["1/3"], ["1"]]},
        {"numbers": ["1/3"] * 2000},
        {"unreadable": "Right." * 1000, "numbers": ["1/3", "1"]},
        {"right": True, "points": 100},
    ],
)
def test_a_record_that_lies_is_worth_nothing(record):
    verdict = judge.judged("ex-copies", record)
    assert not verdict and judge.share("ex-copies", verdict) == 0
    assert len(verdict.message) < 500


def test_forged_records_are_those_of_answers_and_no_more():
    forge = (
        "import os\nfor fd in range(3, 512):\n    try: os.write(fd, b'\\n' + "
        '\'{"cell": 1, "right": true, "points": 9, "numbers": ["1", "1"]}\'.encode() + b"\\n")\n'
        "    except OSError: pass"
    )
    records, _ = run(forge, ANSWER)
    verdict = judge.judged("ex-copies", records[1])
    assert not verdict and judge.share("ex-copies", verdict) == Fraction(1, 2)  # as 1, 1 is worth


def test_several_numbers_count_the_same_and_a_function_is_right_or_not():
    half = judge.judged("ex-copies", {"numbers": ["1/3", "7"]})
    assert judge.share("ex-copies", half) == Fraction(1, 2)
    places = judge.questions()["ex-not-invariant"]["at"]
    right = [str(Fraction(1 - (1 - 1 / at["d"]) ** at["r"])) for at in places]
    assert judge.judged("ex-not-invariant", {"numbers": right}).right
    some = judge.judged("ex-not-invariant", {"numbers": [*right[:-1], "5"]})
    assert any(some.parts) and judge.share("ex-not-invariant", some) == 0


def test_a_counterexample_is_judged_outside_too():
    label = "ex-law-not-mean"
    records, _ = run("import numpy as np\nvectors = np.eye(2)", {"label": label, "name": "vectors"})
    assert records[1]["numbers"] == [["1", "0"], ["0", "1"]]
    assert judge.judged(label, records[1]).message.startswith("Right")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("$x<y$ and $[0,1](t)$", "$x< y$ and $[0,1] (t)$"),
        ("<!--\n<ScRiPt>", "< !--\n< ScRiPt>"),
        ("<details onclick=f()>", "< details onclick=f()>"),
        ("<details><summary>Hint</summary>", "<details><summary>Hint</summary>"),
        ("[a](<javascript:f()>)", "[a] (< javascript:f()>)"),
        ("[a]( javascript:f())", "[a] ( javascript:f())"),
        ("[a]: data:text/html,x", "[a] : data:text/html,x"),
        ("<javascript:f()>", "< javascript:f()>"),
    ],
)
def test_a_text_has_nothing_that_runs_in_a_browser(text, kept):
    assert judge.tame(text) == kept


def test_what_a_cell_shows_is_kept_without_scripts():
    record = {
        "outputs": [
            {"output_type": "display_data", "data": {"text/html": "<script>", "text/plain": "x"}},
            {"output_type": "display_data"},
            {"output_type": "stream", "text": "seen"},
        ]
    }
    kept = judge.shown(record)
    assert [output.output_type for output in kept] == ["display_data", "stream"]
    assert kept[0].data == {"text/plain": "x"}
