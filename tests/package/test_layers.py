"""The layers: a module imports only from the parts to its left, and the package needs neither torch
nor matplotlib.
"""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import networkx as nx
import pytest

import randomfeatures

PACKAGE = Path(randomfeatures.__file__).parent
ROOT = PACKAGE.parents[1]
SENTENCE = "A module imports only from the parts to its left in: "


def parts(docstring: str) -> list[str]:
    """The parts from the lowest to the highest, from the sentence in the package's docstring."""
    sentence = " ".join(docstring.split()).partition(SENTENCE)[2]
    return [part.strip() for part in sentence.partition(".")[0].split(",")]


def modules(package: Path) -> dict[str, str]:
    """The text of each module by its dotted name within the package; a folder's own file has the
    folder's name.
    """
    found = {}
    for path in package.rglob("*.py"):
        names = path.relative_to(package).with_suffix("").parts
        name = ".".join(names[:-1] if names[-1] == "__init__" else names)
        if name:
            found[name] = path.read_text(encoding="utf-8")
    return found


def imports(source: str, here: str, known: Iterable[str]) -> set[str]:
    """The modules of the package that ``source``, the module ``here``, imports anywhere in its
    text, in any spelling.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ["randomfeatures", *here.split(".")][: -node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    inside = {
        name.removeprefix("randomfeatures.") for name in names if name.startswith("randomfeatures.")
    }
    return {module for name in inside if (module := longest_module(name, known))}


def longest_module(name: str, known: Iterable[str]) -> str:
    """The module that a dotted name leads into: ``limits.concentration`` for
    ``limits.concentration.wave_kernel``.
    """
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def violations(package: Path) -> list[str]:
    """Every break of the layer rule in the modules of ``package``, as sentences."""
    order = parts(
        ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    )
    files = modules(package)
    found = [f"{name} is in no part" for name in sorted(files) if name.split(".")[0] not in order]
    graph = nx.DiGraph()
    for name, source in sorted(files.items()):
        for other in sorted(imports(source, name, files.keys() - {name})):
            part, below = name.split(".")[0], other.split(".")[0]
            if part == below:
                graph.add_edge(name, other)
            elif part in order and below in order and order.index(below) > order.index(part):
                found.append(f"{name} imports {other}")
    found += [f"circle: {' -> '.join(sorted(knot))}" for knot in nx.simple_cycles(graph)]
    return found


def chapters() -> dict[str, set[str]]:
    """The names that modules of each part may have: those of the book's chapters, hyphens as
    underscores.
    """
    return {
        folder.name: {page.stem.replace("-", "_") for page in folder.glob("*.md")}
        for folder in (ROOT / "book").iterdir()
        if folder.is_dir()
    }


@pytest.fixture
def copy(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PACKAGE, tmp_path / "randomfeatures", ignore=ignore))


def test_every_module_imports_from_its_left():
    assert violations(PACKAGE) == []


def test_the_order_is_read():
    order = parts(randomfeatures.__doc__)
    parts_of_the_book = ["power", "limits", "sharp", "beyond", "neighbours"]
    assert order == ["foundations", *parts_of_the_book, "chapters", "exercises"]


@pytest.mark.parametrize("part", ["power", "limits", "sharp", "beyond", "neighbours"])
def test_a_module_has_the_name_of_its_chapter(part):
    """``book/limits/any-coefficients.md`` and ``limits/any_coefficients.py``; what does not fit
    there begins with that name.
    """
    for path in (PACKAGE / part).glob("*.py"):
        named = any(f"{path.stem}_".startswith(f"{chapter}_") for chapter in chapters()[part])
        assert named or path.stem == "__init__", f"{part}/{path.name} has the name of no chapter"
    for folder in (p for p in (PACKAGE / part).iterdir() if (p / "__init__.py").exists()):
        assert folder.name in chapters()[part], f"{part}/{folder.name} has the name of no chapter"


@pytest.mark.parametrize(
    "part",
    ["foundations", "power", "limits", "sharp", "beyond", "neighbours", "chapters", "exercises"],
)
def test_the_tests_of_a_module_have_its_name(part):
    names = {
        name.removeprefix(f"{part}.") for name in modules(PACKAGE) if name.startswith(f"{part}.")
    }
    for path in (ROOT / "tests" / part).glob("test_*.py"):
        assert any(f"{path.stem}_".startswith(f"test_{name}_") for name in names), (
            f"{path.name} has the name of no module"
        )
    for name in names:
        if "." not in name:
            assert list((ROOT / "tests" / part).glob(f"test_{name}*.py")), (
                f"{part}.{name} has no tests of its name"
            )


@pytest.mark.parametrize(
    ("module", "line", "message"),
    [
        (
            "foundations/hermite",
            "from randomfeatures.limits.concentration import x",
            "foundations.hermite imports limits.concentration",
        ),
        (
            "foundations/hermite",
            "from randomfeatures.power import kernels",
            "foundations.hermite imports power.kernels",
        ),
        (
            "foundations/sphere",
            "def late():\n    from .. import limits",
            "foundations.sphere imports limits",
        ),
        (
            "power/kernels",
            "def late():\n    from ..sharp.optimum import tail_constant",
            "power.kernels imports sharp.optimum",
        ),
        (
            "limits/concentration",
            "import randomfeatures.chapters.plotting",
            "limits.concentration imports chapters.plotting",
        ),
        (
            "limits/triangle_wave",
            "from .concentration import x",
            "circle: limits.concentration -> limits.triangle_wave",
        ),
        ("stray", "x = 1", "stray is in no part"),
    ],
)
def test_a_planted_violation_is_found(copy, module, line, message):
    path = copy / f"{module}.py"
    path.write_text(
        (path.read_text(encoding="utf-8") if path.exists() else "") + f"\n{line}\n",
        encoding="utf-8",
    )
    assert message in violations(copy)


def import_without(
    blocked: list[str], names: list[str], path: Path = PACKAGE.parent
) -> subprocess.CompletedProcess:
    """Import modules of the package in a new Python in which ``blocked`` cannot be imported."""
    code = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
    code += f"sys.path.insert(0, {str(path)!r})\n"
    code += (
        "".join(f"import randomfeatures.{name}\n" for name in names)
        + "print(randomfeatures.__file__)"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_package_needs_neither_torch_nor_matplotlib():
    names = sorted(
        modules(PACKAGE).keys() - {"chapters.plotting", "power.random_features_estimator"}
    )
    assert "limits.concentration" in names
    run = import_without(
        ["torch", "matplotlib", "IPython", "mpmath", "sklearn", "distributed"], names
    )
    assert run.returncode == 0, run.stderr


def test_a_planted_import_of_torch_is_found(copy):
    path = copy / "foundations" / "hermite.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nimport torch\n", encoding="utf-8")
    run = import_without(
        ["torch"], ["foundations.dual_activations", "foundations.hermite"], copy.parent
    )
    assert run.returncode != 0
    assert "torch" in run.stderr
    assert "ModuleNotFoundError" in run.stderr
    assert import_without([], ["foundations.sphere"], copy.parent).stdout.strip() == str(
        copy / "__init__.py"
    )


def test_every_module_is_reached_after_importing_the_package_alone():
    """As ``randomfeatures.limits.concentration``, without an import of the module itself; the parts
    list exactly their modules.
    """
    code = "import randomfeatures, sys\n"
    code += "assert not any(n.startswith('randomfeatures.') for n in sys.modules)\n"
    names = [
        n
        for n in modules(PACKAGE)
        if n not in ("chapters.plotting", "power.random_features_estimator")
    ]
    code += "".join(f"randomfeatures.{name}\n" for name in names)
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
