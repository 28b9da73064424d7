"""Which function computes which result, read from the syntax trees; nothing is imported.

A public function, class or method says "Book: ``label``." if it computes a quantity or a bound that
the statement with this label states. That sentence is the only place where the link is written.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docstrings import book_labels

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Function:
    """A function, class or method whose docstring names a label of the book."""

    label: str
    module: str
    name: str  # with its class: "Clusters.error"
    place: str

    @property
    def address(self) -> str:
        return f"{self.module}.{self.name}"


def read_functions(folder: Path) -> tuple[list[Function], list[tuple[str, str]]]:
    """What the docstrings in ``folder`` name, and (place, message) for each that no reader sees."""
    functions, wrong = [], []
    for path in sorted(folder.rglob("*.py")):
        module = module_name(path.relative_to(folder))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, node in definitions(tree):
            place = f"{folder.name}/{path.relative_to(folder).as_posix()}:{node.lineno}"
            for label in book_labels(ast.get_docstring(node) or ""):
                function = Function(label, module, name, place)
                if is_public(function.address):
                    functions.append(function)
                else:
                    name = f"the docstring of {function.address}"
                    wrong.append((place, f"{name} names {label}, but is not public"))
    return functions, wrong


def module_name(path: Path) -> str:
    """The name by which a file is imported.

    >>> [module_name(Path(name)) for name in ("a/b.py", "a/__init__.py")]
    ['a.b', 'a']
    """
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def definitions(node: ast.AST, owner: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every function and class below ``node`` with its qualified name, as Python forms it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, DEFINITIONS):
            yield from definitions(child, owner)
            continue
        name = owner + child.name
        yield name, child
        inside = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
        yield from definitions(child, inside)


def is_public(address: str) -> bool:
    """Whether a reader may use the name.

    >>> [is_public(name) for name in ("a.f", "a._f", "_a.f", "a.A._f", "a.f.<locals>.g")]
    [True, False, False, False, False]
    """
    return not any(part.startswith(("_", "<")) for part in address.split("."))
