"""The Python half of the Run buttons, run here: what cells need, how they run, their stand-ins."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the book's tools are not installed")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import fetch_pyodide  # noqa: E402
import run_cells  # noqa: E402
from run_cells import needs  # noqa: E402

PAGE = ROOT / "book" / "_ext" / "run_cells" / "page"
PLANTED = {
    "__init__.py": "",
    "trains.py": "def train():\n    import torch\n    return torch\n",
    "uses.py": "from planted import trains\nfrom planted.trains import train as go\n"
    "def direct():\n    return go()\n\ndef by_module():\n    return trains.train()\n"
    "class Holds:\n    def method(self):\n        return direct()\n",
    "may.py": "import numpy\n"
    "def torch_or_none():\n    try:\n        import torch\n    except ImportError:\n"
    "        return None\n    return torch\n"
    "def asks(x):\n    if is_torch_array(x):\n        import torch\n    return x\n"
    "def must():\n    try:\n        import torch\n    except ImportError:\n"
    "        raise ImportError('no') from None\n    return torch\n",
}


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "planted"
    folder.mkdir()
    for name, text in PLANTED.items():
        (folder / name).write_text(text, encoding="utf-8")
    return needs.Package(folder)


@pytest.mark.parametrize(
    ("cells", "blocked"),
    [
        (["from planted.trains import train", "train()", "1 + 1"], [False, True, False]),
        (["from planted.uses import direct", "x = direct()", "x"], [False, True, True]),
        (["from planted import uses", "uses.by_module()"], [False, True]),
        (["from planted.uses import Holds", "h = Holds()\nh.method()"], [False, True]),
        (["from planted.may import asks, torch_or_none", "asks(torch_or_none())"], [False, False]),
        (["from planted.may import must", "must()"], [False, True]),
        (["import torch", "def f():\n    return torch.pi", "f()"], [False, True, True]),
        (["from torch import nn", "nn.Linear(1, 1)", "nn = 2", "nn"], [False, True, False, False]),
        (["import torch\na = torch.pi", "a", "a = 1", "a"], [True, True, False, False]),
        (["import torch\na = torch.pi", "a = 1\na", "a = a\n"], [True, False, False]),
        (["import torch\na = torch.pi", "if True:\n    a = 1\na"], [True, True]),
        (["import torch\na = torch.pi", "for a in (1, 2):\n    a"], [True, False]),
        (["import torch\na = torch.pi", "for b in (1, a):\n    a = 3"], [True, True]),
        (["import torch\na = torch.pi", "def f(a):\n    return a", "f(1)"], [True, False, False]),
        (["import torch\na = torch.pi", "def f(b=a):\n    return b", "f()"], [True, True, True]),
    ],
)
def test_what_cells_need(planted, cells, blocked):
    found = needs.of_cells(cells, planted, {"torch"})
    assert ["torch" in libraries for libraries in found] == blocked


def test_what_a_cell_imports_that_does_not_run_is_not_there(planted):
    train = "from planted.trains import train\n"
    cells = ["import math", train + "import math, cmath\ntrain()", "math.pi", "cmath.pi"]
    cells += ["import cmath", "cmath.pi"]
    found = needs.of_cells(cells, planted, {"torch"})
    assert ["torch" in what for what in found] == [False, True, False, True, False, False]


def test_what_reads_a_long_cell_is_long_too(planted):
    cells = [
        "from planted import may",
        "data = 1",
        "print(data)",
        "data = 2\nother = data",
        "other",
    ]
    more = [set(), {"time"}, set(), set(), set()]
    found = needs.of_cells(cells, planted, {"torch"}, more)
    assert ["time" in what for what in found] == [False, True, True, False, False]
    assert needs.of_cells(["a = 1", "a"], planted, set(), [{"time"}, set()])[1] == {"time"}


def test_what_an_import_imports(planted):
    assert needs.of_cells(["import planted.may"], planted, {"torch"}) == [{"numpy"}]


def test_packages_come_with_what_they_need():
    assert run_cells.packages_for({"scipy"}) == ["numpy", "openblas", "packaging", "scipy"]
    assert {"matplotlib", "pillow", "six"} <= set(run_cells.packages_for({"matplotlib"}))


def test_every_package_of_the_lock_is_a_file_with_its_hash():
    manifest = run_cells.MANIFEST
    for package in manifest["lock"]["packages"].values():
        assert manifest["files"][package["file_name"]]["sha256"] == package["sha256"]


def test_the_archive_is_the_same_each_time_and_holds_no_tests():
    data = run_cells.archive()
    run_cells.archive.cache_clear()
    assert run_cells.archive() == data
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert {"randomfeatures/__init__.py", "jaxtyping/__init__.py", "book_page.py"} <= set(names)
    assert not [name for name in names if "/tests/" in name or name.endswith((".pyc", ".so"))]
    assert len(data) < 1_500_000


def test_fetched_files_are_checked(tmp_path):
    manifest = {
        "files": {"a": {"sha256": fetch_pyodide.digest(Path(__file__))}, "b": {"sha256": ""}}
    }
    (tmp_path / "a").write_bytes(Path(__file__).read_bytes())
    (tmp_path / "b").write_bytes(b"something else")
    assert list(fetch_pyodide.wrong_files(manifest, tmp_path)) == ["b"]


def run(*cells: str) -> list[tuple[str, str]]:
    """What cells show, run one after the other by the page's half in a process of its own."""
    program = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import book_page; shown = []\n"
        "book_page.prepare(lambda kind, data: shown.append((kind, data)))\n"
        "ends = [json.loads(book_page.run(c, i)) for i, c in enumerate(sys.argv[2:], start=1)]\n"
        "sys.__stdout__.write(json.dumps([*shown, *(('end', end['error']) for end in ends)]))"
    )
    command = [sys.executable, "-c", program, str(PAGE), *cells]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    return [tuple(pair) for pair in json.loads(done.stdout)]


def test_a_value_is_shown_and_a_semicolon_keeps_it():
    assert run("a = 2\na * 3", "a * 4;", "a * 5; # why", "None", "_") == [
        ("text", "6\n"),
        ("text", "6\n"),
        *[("end", None)] * 5,
    ]


def test_output_is_in_order_and_bounded():
    shown = run("print('one')\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>'))\n2")
    assert shown[:3] == [("text", "one\n"), ("html", "<b>"), ("text", "2\n")]
    shown = run("for i in range(100000): print('1234567')")
    text = "".join(data for kind, data in shown if kind == "text")
    assert len(text) < 201_000 and "600000 more characters were printed" in text


def test_errors_are_the_cells_own():
    shown = run("def f(x):\n    return 1 / x", "f(0)", "x = (")
    (_, first), (_, second) = [pair for pair in shown if pair[0] == "error"]
    assert [line.strip() for line in first.splitlines()[1:]] == [
        "cell 2, line 1, in <module>",
        "f(0)",
        "cell 1, line 2, in f",
        "return 1 / x",
        "~~^~~",
        "ZeroDivisionError: division by zero",
    ]
    assert "cell 3, line 1" in second and "SyntaxError" in second and "book_page" not in second
    assert shown[-3:] == [("end", None), ("end", "ZeroDivisionError"), ("end", "SyntaxError")]


def test_torch_is_imported_and_refuses():
    shown = run("import torch, math\nfrom torch import nn\nprint(math.pi > 3)", "torch.zeros(2)")
    assert shown[0] == ("text", "True\n") and shown[-1] == ("end", "ImportError")
    assert "torch does not run in a page" in shown[1][1]


EXPRESSIONS = """
from randomfeatures.foundations.relu_spectrum import degree_energies, relu_eigenvalue
from randomfeatures.sharp.optimum import features_needed, log_optimal_error, optimal_error
from randomfeatures.sharp.spectrum import neuron_spectrum
from randomfeatures.sharp import population_error
from randomfeatures.sharp.population_error import balls
print(relu_eigenvalue(1000, 8), degree_energies(10, (0, 1, 2, 4)))
print(optimal_error(10, 1000), optimal_error(10, 1000, 0.5), log_optimal_error(50, 10**6))
print(features_needed(3, 1 / 16), features_needed(100, 0.01), features_needed(100, 0.01, bias=0.5))
print(features_needed(100, 1e-4), features_needed(784, 1e-6))
print(balls.available())
"""


def test_the_stand_in_for_flint_gives_its_digits():
    pytest.importorskip("flint", reason="python-flint is not installed")
    said = []
    for folder in ([], [str(PAGE)]):
        program = f"import sys; sys.path[:0] = {folder!r}\n{EXPRESSIONS}"
        command = [sys.executable, "-c", program]
        said.append(subprocess.run(command, capture_output=True, encoding="utf-8", check=True))
    exact, digits = (done.stdout.splitlines() for done in said)
    assert digits[:-1] == exact[:-1]
    assert (exact[-1], digits[-1]) == ("True", "False")  # it encloses nothing, and says so


def test_what_the_stand_in_lacks_is_said():
    program = f"import sys; sys.path.insert(0, {str(PAGE)!r}); import flint; flint.fmpz_mat"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert "fmpz_mat is not in the page's stand-in for python-flint" in done.stderr


def test_the_stand_in_notices_digits_that_cancel():
    program = (
        f"import sys; sys.path.insert(0, {str(PAGE)!r})\n"
        "from flint import arb, ctx\nctx.prec = 60\n"
        "x = arb(2).sqrt() - arb(2).sqrt() * (1 + arb(2) ** -40)\n"
        "print(x.rel_accuracy_bits() < 25, x < 0, (x + 1) > (x - x + 1), arb(10**40) + 1 > 10**40)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert done.stdout.split() == ["True", "True", "False", "False"], done.stderr
