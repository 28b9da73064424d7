"""Version, date, title and the Pythons: pyproject.toml, CITATION.cff, the changelog, the site and
the workflow say the same.
"""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

import randomfeatures

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def disagreements(project: dict, citation: dict, changelog: str) -> list[str]:
    """What a citation file and a changelog say differently from the project's description, as
    sentences.
    """
    heading = re.search(r"^## (\S+) \((unreleased|\d{4}-\d{2}-\d{2})\)$", changelog, re.MULTILINE)
    if not heading:
        return ["the changelog's first version has no heading as in: ## 1.2.3 (unreleased)"]
    version, date = heading.groups()
    urls = project.get("urls", {})
    pairs = {
        "version of the citation": (citation["version"], project["version"]),
        "version of the changelog": (version, project["version"]),
        "date": (str(citation.get("date-released", "unreleased")), date),
        "authors": (
            [author["name"] for author in citation["authors"]],
            [author["name"] for author in project["authors"]],
        ),
        "licence": (citation["license"], project["license"]),
        "address of the book": (citation.get("url"), urls.get("Documentation")),
        "address of the repository": (citation.get("repository-code"), urls.get("Repository")),
    }
    return [f"{what}: {left} and {right}" for what, (left, right) in pairs.items() if left != right]


def test_citation_and_changelog_agree_with_the_project():
    assert disagreements(PROJECT, yaml.safe_load(text("CITATION.cff")), text("CHANGELOG.md")) == []


@pytest.mark.parametrize(
    ("change", "changelog", "message"),
    [
        ({"version": "0.2.0"}, "## 1.0 (unreleased)", "version of the citation: 0.2.0 and 1.0"),
        ({}, "## 1.1 (unreleased)\n## 1.0 (2026-01-02)", "version of the changelog: 1.1 and 1.0"),
        ({"date-released": "2026-01-02"}, "## 1.0 (unreleased)", "date: 2026-01-02 and unreleased"),
        ({}, "## 1.0 (2026-01-02)", "date: unreleased and 2026-01-02"),
        ({"authors": [{"name": "b"}]}, "## 1.0 (unreleased)", "authors: ['b'] and ['a']"),
        ({"license": "MIT"}, "## 1.0 (unreleased)", "licence: MIT and GPL"),
        (
            {"url": "https://example.org"},
            "## 1.0 (unreleased)",
            "address of the book: https://example.org and None",
        ),
        ({}, "# 1.0", "the changelog's first version has no heading as in: ## 1.2.3 (unreleased)"),
    ],
)
def test_a_planted_disagreement_is_found(change, changelog, message):
    project = {"version": "1.0", "authors": [{"name": "a"}], "license": "GPL"}
    assert disagreements(project, {**project} | change, changelog) == [message]


def test_one_title():
    titles = {
        "the site": yaml.safe_load(text("_config.yml"))["title"],
        "the citation": yaml.safe_load(text("CITATION.cff"))["title"],
        "the README": text("README.md").splitlines()[0].removeprefix("# "),
    }
    assert len(set(titles.values())) == 1, titles


def test_the_installed_package_says_its_version_and_that_it_is_typed():
    assert randomfeatures.__version__ == PROJECT["version"]
    assert (files(randomfeatures) / "py.typed").is_file()


def test_the_workflow_runs_the_pythons_that_the_package_names():
    named = [
        line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)
    ]
    workflow = yaml.safe_load(text(".github/workflows/book.yml"))
    assert workflow["jobs"]["check"]["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def addresses(changelog: str) -> tuple[set[str], set[str]]:
    """The old and the new modules that the changelog's table of moves names."""
    rows = re.findall(r"^\| (`.*) \| (`.*) \|$", changelog, re.MULTILINE)
    old, new = (re.findall(r"`([\w.]+)`", " ".join(column)) for column in zip(*rows, strict=True))
    return set(old), set(new)


def test_the_changelog_says_where_to_find_what_moved():
    old, new = addresses(text("CHANGELOG.md"))
    package = files(randomfeatures)
    found = {name for name in new if is_module(package, name)}
    assert new - found == set() and len(new) > 30
    assert {name for name in old if is_module(package, name)} == {
        "limits"
    }  # now the name of a part


def is_module(package: Path, name: str) -> bool:
    path = package.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def test_an_address_that_is_not_there_is_found():
    old, new = addresses(
        "| old | new |\n|---|---|\n| `a`, `b` | `c.d`; not `e` |\n| `f` | `power.kernels` |\n"
    )
    assert (old, new) == ({"a", "b", "f"}, {"c.d", "e", "power.kernels"})
    assert [is_module(files(randomfeatures), name) for name in ("c.d", "power.kernels")] == [
        False,
        True,
    ]
