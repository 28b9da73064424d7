"""The layers: a module imports only from rows below its own, and the package needs neither torch nor matplotlib."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import randomfeatures

PACKAGE = Path(randomfeatures.__file__).parent


def layers(docstring):
    """{module: row} from the table of the package docstring; ``any``: imports none, all import it; ``top``: none imports it."""
    rows = [re.split(r"\s{2,}", line.strip(), maxsplit=2) for line in docstring.split("\n") if re.match(r"(\d+|any|top)\s", line)]
    return {module.strip(): row for row, modules, *_ in rows for module in modules.split(",")}


def imports(source):
    """Names of the modules of the package that a module imports, anywhere in its text, in any spelling."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(["randomfeatures"] * bool(node.level) + [node.module] * bool(node.module))
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("randomfeatures.")}


def violations(package):
    """Every break of the layer rule in the modules of ``package``, as sentences."""
    table = layers(ast.get_docstring(ast.parse((package / "__init__.py").read_text())))
    files = {path.stem: path.read_text() for path in package.glob("*.py") if path.stem != "__init__"}
    found = [f"{module} is in no row of the layer table" for module in sorted(files.keys() - table.keys())]
    found += [f"{module} is in the layer table but not in the package" for module in sorted(table.keys() - files.keys())]
    found += [f"the package itself imports {module}" for module in sorted(imports((package / "__init__.py").read_text()))]
    for module in sorted(files.keys() & table.keys()):
        for other in sorted(imports(files[module]) & files.keys()):
            row, below = table[module], table.get(other, "")
            if not (below == "any" or (below not in ("", "top") and row == "top") or (row.isdigit() and below.isdigit() and row > below)):
                found.append(f"{module} (row {row}) imports {other} (row {below})")
    return found


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(PACKAGE, tmp_path / "randomfeatures", ignore=shutil.ignore_patterns("__pycache__")))


def test_every_module_imports_from_below():
    assert violations(PACKAGE) == []


def test_the_table_is_read():
    table = layers(randomfeatures.__doc__)
    assert table["limits"] > table["dual_activations"] > table["hermite"]
    assert table["arguments"] == "any"
    assert table["plotting"] == "top"


@pytest.mark.parametrize(
    ("module", "line", "message"),
    [
        ("hermite", "from randomfeatures.dual_activations import dual_relu", "hermite (row 0) imports dual_activations (row 1)"),
        ("hermite", "from randomfeatures import kernels", "hermite (row 0) imports kernels (row 2)"),
        ("hermite", "import randomfeatures.sphere", "hermite (row 0) imports sphere (row 0)"),
        ("sphere", "def late():\n    from . import limits", "sphere (row 0) imports limits (row 5)"),
        ("sphere", "def late():\n    from .limits import width_bound", "sphere (row 0) imports limits (row 5)"),
        ("arguments", "from randomfeatures.hermite import hermite", "arguments (row any) imports hermite (row 0)"),
        ("limits", "from randomfeatures.plotting import glue", "limits (row 5) imports plotting (row top)"),
        ("__init__", "from randomfeatures.hermite import hermite", "the package itself imports hermite"),
        ("stray", "x = 1", "stray is in no row of the layer table"),
        ("plotting", "from randomfeatures import plotting", "plotting (row top) imports plotting (row top)"),
    ],
)
def test_a_planted_violation_is_found(copy, module, line, message):
    path = copy / f"{module}.py"
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    assert message in violations(copy)


def test_a_missing_module_is_found(copy):
    (copy / "sphere.py").unlink()
    assert "sphere is in the layer table but not in the package" in violations(copy)


def import_without(blocked, modules, path=PACKAGE.parent):
    """Import ``modules`` in a new Python in which ``blocked`` cannot be imported."""
    code = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\nsys.path.insert(0, {str(path)!r})\n"
    code += "".join(f"import randomfeatures.{module}\n" for module in modules) + "print(randomfeatures.__file__)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


def test_the_package_needs_neither_torch_nor_matplotlib():
    modules = {module for module, row in layers(randomfeatures.__doc__).items() if row != "top"}
    modules.remove("estimators")  # the one that is made for scikit-learn
    assert "limits" in modules
    run = import_without(["torch", "matplotlib", "IPython", "mpmath", "sklearn", "distributed"], sorted(modules))
    assert run.returncode == 0, run.stderr


def test_a_planted_import_of_torch_is_found(copy):
    path = copy / "hermite.py"
    path.write_text(path.read_text() + "\nimport torch\n")
    run = import_without(["torch"], ["dual_activations", "hermite"], copy.parent)
    assert run.returncode != 0
    assert "torch" in run.stderr
    assert "ModuleNotFoundError" in run.stderr
    assert import_without([], ["sphere"], copy.parent).stdout.strip() == str(copy / "__init__.py")
