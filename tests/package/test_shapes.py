"""The shapes in the signatures are true: the doctests of the package run while every array that
goes in or out is checked.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import randomfeatures

pytest.importorskip("beartype")
PACKAGE = Path(randomfeatures.__file__).parent
TESTS = Path(__file__).parents[1]


def doctests_with_shapes(source, *modules):
    """Run the doctests below ``source`` with jaxtyping's import hook: beartype sees every call
    (``shape_checker.py``).
    """
    # The plotting module needs the book's packages and has no shapes; a reader without them can
    # still run this.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--doctest-modules",
        "--doctest-continue-on-failure",
    ]
    command += [
        f"--ignore={source / 'randomfeatures' / 'chapters' / 'plotting.py'}",
        f"--rootdir={source}",
        "-c",
        os.devnull,
        "-o",
        "doctest_optionflags=NORMALIZE_WHITESPACE",
    ]
    command += [
        "--jaxtyping-packages=randomfeatures,shape_checker.check",
        *map(str, modules or [source / "randomfeatures"]),
    ]
    path = os.pathsep.join([str(source), str(TESTS)])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        env=environment,
        cwd=source,
    )


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(
        PACKAGE, tmp_path / "randomfeatures", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def test_the_doctests_hold_with_checked_shapes(copy):
    run = doctests_with_shapes(copy)
    assert run.returncode == 0, run.stdout[-6000:]
    assert " passed" in run.stdout


WRONG = {
    "power/kernels": (
        'degree: int, depth: int\n) -> Float[Array, "n m"]:',
        'degree: int, depth: int\n) -> Float[Array, "m n 1"]:',
    ),
    "foundations/hermite": ('-> Float[Array, "{m_max}+1 *s"]:', '-> Float[Array, "{m_max} *s"]:'),
    "foundations/dual_activations": (
        'def dual_relu(rho: Float[Array, "*s"])',
        'def dual_relu(rho: Float[Array, "a b c"])',
    ),
}


def test_planted_wrong_annotations_are_caught(copy):
    paths = [copy / "randomfeatures" / f"{module}.py" for module in WRONG]
    for path, (right, wrong) in zip(paths, WRONG.values(), strict=True):
        text = path.read_text(encoding="utf-8")
        assert right in text, f"nothing to plant: {path.name} has no {right}"
        path.write_text(text.replace(right, wrong), encoding="utf-8")
    run = doctests_with_shapes(copy, *paths)
    assert run.returncode == 1, run.stdout[-6000:]
    for module in WRONG:
        name = re.escape(f"randomfeatures.{module.replace('/', '.')}")
        assert re.search(rf"TypeCheckError: Type-check error.*{name}\.", run.stdout), module
