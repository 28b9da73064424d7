"""The marks ``claim`` on the tests, read from their syntax trees: no test is imported."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ONE_SIDED = "one-sided"
KINDS = ("identity", "certified", "quadrature", "Monte Carlo", ONE_SIDED)
FORM = 'a mark is written claim("label", kind="identity"), with both as plain strings'
STRAY = "a mark for a claim must decorate a test function or a test class"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Check:
    """One mark ``claim`` on a test."""

    label: str
    kind: str
    test: str  # the test's file and name, as pytest takes them
    line: int  # of the mark

    @property
    def file(self) -> str:
        return self.test.split("::")[0]

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def read_checks(folder: Path) -> tuple[list[Check], list[tuple[str, str]]]:
    """The checks in ``folder``, and (place, message) for each mark that pytest would not run."""
    checks, wrong = [], []
    for path in sorted(folder.rglob("*.py")):
        file = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        seen = set()
        for test, title in tests(tree):
            for mark in filter(is_claim, test.decorator_list):
                seen.add(mark.func)
                label, kind = arguments(mark)
                if complaint := problem(path, test, title, label):
                    wrong.append((f"{file}:{mark.lineno}", complaint))
                else:
                    checks.append(Check(label, kind, f"{file}::{title}", mark.lineno))
        strays = [node for node in marks(tree) if node not in seen]
        wrong += [(f"{file}:{node.lineno}", STRAY) for node in strays]
    return checks, wrong


def tests(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """What pytest may collect: functions and classes of a module, then the methods of these."""
    found = [node for node in tree.body if isinstance(node, DEFINITIONS)]
    for node in found:
        yield node, node.name
    for owner in found:
        if isinstance(owner, ast.ClassDef):
            for method in owner.body:
                if isinstance(method, DEFINITIONS):
                    yield method, f"{owner.name}::{method.name}"


def problem(path: Path, test: ast.AST, title: str, label: str | None) -> str:
    """Why a mark is no check; empty if it is one."""
    if label is None:
        return FORM
    if not re.match(r"test_|.*_test$", path.stem) or not collected(test):
        return f"{title} carries a mark for {label}, but pytest does not collect it"
    if any(mark_name(decorator) in ("skip", "xfail") for decorator in test.decorator_list):
        return f"{title} carries a mark for {label}, but is skipped or expected to fail"
    return ""


def collected(test: ast.AST) -> bool:
    """Whether pytest takes the function or class for a test, by its name."""
    if not isinstance(test, ast.ClassDef):
        return test.name.startswith("test")
    methods = [getattr(node, "name", "") for node in test.body]
    return test.name.startswith("Test") and any(name.startswith("test") for name in methods)


def marks(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Every mention of the mark, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and mark_name(node) == "claim":
            yield node


def mark_name(node: ast.AST) -> str:
    """``name`` for ``pytest.mark.name``, ``mark.name`` and calls of them; else empty."""
    node = node.func if isinstance(node, ast.Call) else node
    owner = node.value if isinstance(node, ast.Attribute) else None
    return node.attr if "mark" in (getattr(owner, "attr", ""), getattr(owner, "id", "")) else ""


def is_claim(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and mark_name(node) == "claim"


def arguments(mark: ast.Call) -> tuple[str | None, str | None]:
    """Label and kind of a mark; None for both if it is written in another form."""
    kinds = [keyword.value for keyword in mark.keywords if keyword.arg == "kind"]
    values = [getattr(node, "value", None) for node in [*mark.args, *kinds]]
    one_of_each = len(mark.args) == len(kinds) == len(mark.keywords) == 1
    if one_of_each and all(isinstance(value, str) for value in values):
        return values[0], values[1]
    return None, None
