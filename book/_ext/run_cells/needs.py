"""What a chapter's cells import, through the package too, read from the source without running it.

A function needs what it imports and what the functions it names need. A library that is optional
is not needed: one that is imported where ``ImportError`` is caught and not raised again, or used
under an ``if`` that asks whose array is there.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ASKS = {"is_torch_array", "is_jax_array"}


class Package:
    """The modules of a package, as far as names lead from one to another."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.trees = {}
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.trees[module] = ast.parse(path.read_text(encoding="utf-8"))
        self.scopes = {module: scope(tree) for module, tree in self.trees.items()}

    @cache  # noqa: B019 (one object for one build)
    def of_import(self, module: str) -> frozenset[str]:
        """The libraries that importing the module imports, by their first names."""
        found: set[str] = set()
        waiting, seen = [module], set()
        while waiting:
            module = waiting.pop()
            parts = module.split(".")
            waiting += [p for i in range(1, len(parts)) if (p := ".".join(parts[:i])) not in seen]
            if module in seen or module not in self.trees:
                continue
            seen.add(module)
            for name, what in imports(self.trees[module].body):
                if name.split(".")[0] != self.name:
                    found.add(name.split(".")[0])
                else:
                    waiting += [name, f"{name}.{what}"]
        return frozenset(found)

    def of_names(self, start: set[tuple[str, str]]) -> set[str]:
        """The libraries that the functions (module, name) need when they are called."""
        found: set[str] = set()
        waiting, seen = list(start), set()
        while waiting:
            module, name = waiting.pop()
            if (module, name) in seen or module not in self.trees:
                continue
            seen.add((module, name))
            bound, defined = self.scopes[module]
            if name in defined:
                for part in defined[name]:
                    libraries, names = self.facts(part)
                    found |= libraries - {self.name}
                    for first, attribute in names:
                        waiting += self.targets(module, first, attribute)
            elif name in bound:
                waiting.append(bound[name])
        return found

    @cache  # noqa: B019
    def facts(self, part: ast.stmt) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
        """What a definition imports itself, and the names that it reads."""
        return frozenset(name.split(".")[0] for name, _ in imports(part)), frozenset(used(part))

    def targets(self, module: str, first: str, attribute: str) -> list[tuple[str, str]]:
        """Where a name, or an attribute of a module's name, is defined."""
        bound, defined = self.scopes[module]
        if first in defined:
            return [(module, first)]
        if first not in bound:
            return []
        origin, name = bound[first]
        inner = f"{origin}.{name}" if name else origin
        return [(inner, attribute)] if inner in self.trees else [(origin, name)]


def scope(tree: ast.Module) -> tuple[dict, dict]:
    """The imported names of a module, as (module, name), and the statements that define others."""
    bound: dict[str, tuple[str, str]] = {}
    defined: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            bound |= bindings(statement)
        else:
            for name in stored([statement]):
                defined.setdefault(name, []).append(statement)
    return bound, defined


def bindings(statement: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str]]:
    if isinstance(statement, ast.ImportFrom):
        return {a.asname or a.name: (statement.module or "", a.name) for a in statement.names}
    return {
        a.asname or a.name.split(".")[0]: (a.name if a.asname else a.name.split(".")[0], "")
        for a in statement.names
    }


def stored(statements: list[ast.stmt]) -> set[str]:
    """The names that statements give a value at their own level."""
    names: set[str] = set()
    for node in outside_functions(statements):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= set(bindings(node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def outside_functions(nodes: list) -> Iterator[ast.AST]:
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            yield from outside_functions(list(ast.iter_child_nodes(node)))


def needed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes inside, without what is optional."""
    if isinstance(node, ast.Try) and optional(node):
        children = [*node.handlers, *node.orelse, *node.finalbody]
    elif isinstance(node, ast.If) and any(name in ASKS for name, _ in used(node.test)):
        children = node.orelse
    else:
        children = list(ast.iter_child_nodes(node))
    yield node
    for child in children:
        yield from needed(child)


def optional(node: ast.Try) -> bool:
    """Whether a missing library is caught, and not raised again."""
    for handler in node.handlers:
        names = {n.id for n in ast.walk(handler.type or ast.Name("")) if isinstance(n, ast.Name)}
        if names & {"ImportError", "ModuleNotFoundError"}:
            return not any(isinstance(n, ast.Raise) for n in ast.walk(handler))
    return False


def imports(part: ast.AST | list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The pairs (module, name) that are imported inside; name is "" for a whole module."""
    for statement in part if isinstance(part, list) else [part]:
        if isinstance(part, list) and isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue  # its imports wait until it is called
        for node in needed(statement):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.module or "", alias.name) for alias in node.names)


def used(part: ast.AST) -> set[tuple[str, str]]:
    """The names that are read inside, with the attribute that is read of each, or ""."""
    found = set()
    for node in needed(part):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add((node.value.id, node.attr))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add((node.id, ""))
    return found


def read(statements: list[ast.stmt], known: set[str]) -> Iterator[tuple[str, str]]:
    """The names, with attributes, that a cell reads before it gives them a value itself.

    ``known`` grows by the names that have got one. A loop is taken to run.
    """
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            arguments = {node.arg for node in ast.walk(statement.args) if isinstance(node, ast.arg)}
            inside = known | arguments | stored(statement.body) | {statement.name}
            yield from (pair for pair in used(statement) if pair[0] not in inside)
        elif isinstance(statement, ast.For):
            yield from (pair for pair in used(statement.iter) if pair[0] not in known)
            known |= stored([statement.target])
            yield from read([*statement.body, *statement.orelse], known)
        elif isinstance(statement, ast.With):
            for item in statement.items:
                yield from (pair for pair in used(item) if pair[0] not in known)
            known |= stored(statement.items)
            yield from read(statement.body, known)
        else:
            yield from (pair for pair in used(statement) if pair[0] not in known)
            if isinstance(statement, ast.If | ast.While | ast.Try):
                continue  # perhaps it gives no value
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            known |= stored([statement])


def of_cells(
    cells: list[str], package: Package, placeholders: set[str], more: list[set[str]] | None = None
) -> list[set[str]]:
    """What each cell of a chapter needs when it runs: libraries, by their first names.

    A cell that reads what an earlier one computed needs that one's libraries too; what a cell that
    does not run imports is there only if an earlier one imports it too. To import one of
    the ``placeholders`` is nothing, to read its name is to need it. ``more`` is what each cell
    needs besides.
    """
    found: list[set[str]] = []
    origin: dict[str, tuple[str, str]] = {}
    carried: dict[str, set[str]] = {}
    for source, own in zip(cells, more or [set()] * len(cells), strict=True):
        tree = ast.parse(source)
        needs = set(own)
        for module, name in imports(tree):
            first = module.split(".")[0]
            if first == package.name:
                needs |= package.of_import(module) | package.of_import(f"{module}.{name}")
            elif first not in placeholders:
                needs.add(first)
        imported: dict[str, tuple[str, str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= bindings(node)
        again = {name for name, place in imported.items() if origin.get(name) == place}
        origin |= imported
        for first, attribute in read(tree.body, set()):
            needs |= carried.get(first, set())
            module, name = origin.get(first, ("", ""))
            library = module.split(".")[0]
            if library in placeholders:
                needs.add(library)
            elif library == package.name:
                inner = f"{module}.{name}" if name else module
                target = (inner, attribute) if inner in package.trees else (module, name)
                needs |= package.of_names({target})
        missing = needs & placeholders
        for name in stored(tree.body):
            if name not in imported:
                carried[name] = needs
                origin.pop(name, None)
            elif not missing or name not in again:
                carried[name] = missing
        found.append(needs)
    return found
