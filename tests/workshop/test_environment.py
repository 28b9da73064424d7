"""pyproject.toml, constraints.txt and environment.yml say the same thing."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [
    Requirement(line)
    for line in PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra]
]


def pins(text: str) -> dict[str, Version]:
    """Names and exact versions of a constraints file; ValueError for a line that is not an exact
    pin.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if wrong := [
        line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line)
    ]:
        raise ValueError(f"not an exact pin: {wrong}")
    return {canonicalize_name(line.split("==")[0]): Version(line.split("==")[1]) for line in lines}


def unmet(requirements: list[Requirement], pinned: dict[str, Version]) -> list[str]:
    return [
        str(r)
        for r in requirements
        if canonicalize_name(r.name) not in pinned
        or pinned[canonicalize_name(r.name)] not in r.specifier
    ]


def test_every_direct_dependency_is_pinned_within_its_bounds():
    assert unmet(DIRECT, pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))) == []


def test_guard_reports_missing_and_excluded_versions():
    assert unmet([Requirement("numpy>=2")], {}) == ["numpy>=2"]
    assert unmet([Requirement("numpy>=2")], {"numpy": Version("1.26")}) == ["numpy>=2"]


@pytest.mark.parametrize(
    "line",
    [
        "numpy>=2",
        "torch==2.13.0+cpu",
        "torch @ file:///wheels/torch.whl",
        "--index-url https://example.org",
    ],
)
def test_guard_reports_what_is_not_an_exact_pin(line):
    with pytest.raises(ValueError, match="not an exact pin"):
        pins(line)


def test_conda_environment_installs_this_project_with_these_constraints():
    match_spec = pytest.importorskip("rattler").MatchSpec
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = {
        spec.name.normalized: spec
        for spec in (
            match_spec(line, strict=True)
            for line in environment["dependencies"]
            if isinstance(line, str)
        )
    }
    assert str(conda["python"].version) == PROJECT["requires-python"]
    (pip,) = [line["pip"] for line in environment["dependencies"] if isinstance(line, dict)]
    assert pip == ["-c constraints.txt", f"-e .[{','.join(EXTRAS)}]"]


def test_readme_names_commands_that_exist():
    readme, makefile = (
        (ROOT / "README.md").read_text(encoding="utf-8"),
        (ROOT / "Makefile").read_text(encoding="utf-8"),
    )
    named, defined = (
        set(re.findall(r"(?:`|^)make ([a-z]+)", readme, re.MULTILINE)),
        set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)),
    )
    assert {"book", "test"} <= named <= defined
