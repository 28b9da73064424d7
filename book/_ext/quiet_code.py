"""Sphinx extension: a page shows no bookkeeping.

``glue("name", value)`` keeps a number of the run for the prose. The whole source is run, and the
page shows it without these statements, without what is imported for them alone, and without a cell
that consists of nothing else. The Run buttons run what is shown, and the PDF prints it; the
download has the same code too (``notebooks``), for its prose has the numbers filled in. A cell that
does nothing but import, and set the style of the figures, is folded.
"""

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Iterator

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx

BOOKKEEPING = {"glue"}
WIDTH = 76  # what a page has room for
STYLE = {"use_style"}
FEW = 4  # lines of imports that are no obstacle
Imports = ast.Import | ast.ImportFrom
Edit = tuple[ast.stmt, str]  # a statement, and what stands in its place

# Which statements.


def quiet(sources: list[str]) -> list[str]:
    """The cells of a page as it shows them, empty where a cell is nothing but bookkeeping.

    >>> quiet(["from a import b, glue", "x = b()  # keep", "glue('x', x)\\n", "%magic glue()"])
    ['from a import b', 'x = b()  # keep', '', '%magic glue()']
    """
    trees = [parsed(source) for source in sources]
    left_out = [list(bookkeeping(tree)) for tree in trees]
    read = sum(map(names_read, trees), Counter())
    there = sum((names_read(statement) for some in left_out for statement in some), Counter())
    unused = BOOKKEEPING | {name for name, times in there.items() if times == read[name]}
    return [
        edited(source, [*removed(tree, some), *without_imports(tree, unused)])
        if tree.body
        else source
        for source, tree, some in zip(sources, trees, left_out, strict=True)
    ]


def parsed(source: str) -> ast.Module:
    """The tree of a cell; an empty one of a cell that is not Python (a magic, say)."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])


def names_read(tree: ast.AST) -> Counter[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Counter(name.id for name in names if isinstance(name.ctx, ast.Load))


def bookkeeping(tree: ast.AST) -> Iterator[ast.stmt]:
    """The outermost statements that are left out."""
    for statement in statements(tree):
        if is_bookkeeping(statement):
            yield statement
        else:
            yield from bookkeeping(statement)


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """The statements directly in another, or in one of its clauses."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def is_bookkeeping(statement: ast.stmt) -> bool:
    """Whether it is a call of ``glue``, or a loop or condition around nothing else."""
    if isinstance(statement, ast.For | ast.If | ast.With):
        return not getattr(statement, "orelse", []) and all(map(is_bookkeeping, statement.body))
    return calls(statement, BOOKKEEPING)


def calls(statement: ast.stmt, names: set[str]) -> bool:
    """Whether it is no more than a call of one of the functions."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    called = call.func if isinstance(call, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in names


def only_imports(source: str) -> bool:
    """Whether a cell is a list of imports of more than a few lines, with the style of the figures.

    >>> only_imports("import a\\n" * 5 + "use_style()"), only_imports("import a\\n" * 5 + "a.b()")
    (True, False)
    """
    tree = parsed(source)
    return source.count("\n") >= FEW and all(
        isinstance(statement, Imports) or calls(statement, STYLE) for statement in tree.body
    )


# What stands in their place.


def removed(tree: ast.Module, left_out: list[ast.stmt]) -> Iterator[Edit]:
    """Each statement by nothing, but a clause that would be empty by ``pass``."""
    gone = set(left_out)
    emptied = {
        body[0]
        for node in ast.walk(tree)
        for name in ("body", "orelse", "finalbody")
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)
        and (body := getattr(node, name, []))
        and gone.issuperset(body)
    }
    for statement in left_out:
        yield statement, "pass" if statement in emptied else ""


def without_imports(tree: ast.Module, unused: set[str]) -> Iterator[Edit]:
    """The imports at the head of lines that bring a name which nothing on the page reads now."""
    for statement in tree.body:
        if isinstance(statement, Imports):
            names = [alias for alias in statement.names if bound(alias) not in unused]
            if len(names) < len(statement.names):
                yield statement, written(statement, names) if names else ""


def bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def written(statement: Imports, names: list[ast.alias]) -> str:
    """The import of fewer names, in one line if it is short."""
    entries = ", ".join(map(ast.unparse, names))
    start = "import "
    if isinstance(statement, ast.ImportFrom):
        start = f"from {'.' * statement.level}{statement.module or ''} import "
    if len(start + entries) <= WIDTH or isinstance(statement, ast.Import):
        return start + entries
    lines = textwrap.fill(entries + ",", WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{start}(\n{lines}\n)"


# The text.


def edited(source: str, edits: list[Edit]) -> str:
    """The source with the statements replaced, from the last to the first."""
    lines = source.split("\n")
    for statement, text in sorted(edits, key=lambda edit: edit[0].lineno, reverse=True):
        first, last = statement.lineno - 1, statement.end_lineno - 1
        start, end = statement.col_offset, statement.end_col_offset
        before, after = upto(lines[first], start), lines[last][len(upto(lines[last], end)) :]
        beside = before.strip() or after.strip().startswith(";")
        if text:
            lines[first : last + 1] = [before + text + after]
        elif beside:
            lines[first : last + 1] = [joined(before, after)]
        else:
            cut(lines, first, last)
    return "\n".join(lines).strip("\n") if edits else source


def upto(line: str, column: int) -> str:
    """The beginning of a line; the tree counts its columns in bytes."""
    return line.encode()[:column].decode()


def joined(before: str, after: str) -> str:
    """What stood around a statement in a line with others."""
    if after.strip().startswith(";"):
        return before + re.sub(r"^\s*;\s*", "", after)
    return re.sub(r"\s*;\s*$", "", before) + after


def cut(lines: list[str], first: int, last: int) -> None:
    """Take out whole lines.

    With them goes the comment over them, unless more code follows directly, which it may head; and
    of the blank lines on both sides the fewer.
    """
    indent = re.match(r"\s*", lines[first])[0]
    follows = lines[last + 1] if last + 1 < len(lines) else ""
    if not follows.strip() or not follows.startswith(indent):
        while first and lines[first - 1].startswith(f"{indent}#"):
            first -= 1
    del lines[first : last + 1]
    above, below = first, first
    while above and not lines[above - 1].strip():
        above -= 1
    while below < len(lines) and not lines[below].strip():
        below += 1
    del lines[first : first + min(first - above, below - first)]


# The page.


def is_code(node: nodes.Node) -> bool:
    return isinstance(node, nodes.literal_block) and part(node.parent) == "cell_code_source"


def part(node: nodes.Node) -> str:
    """Which part of a notebook's cell it is."""
    return node.get("nb_element", "") if isinstance(node, nodes.container) else ""


def on_doctree_resolved(app: Sphinx, document: nodes.document, docname: str) -> None:
    blocks = list(document.findall(is_code))
    for block, text in zip(blocks, quiet([block.astext() for block in blocks]), strict=True):
        if text.strip():
            block.rawsource, block.children = text, []
            block += nodes.Text(text)
            if only_imports(text):
                fold(block.parent)
        else:
            remove(block)


def fold(code: nodes.container) -> None:
    """Fold the code of a cell as the cell's own tag ``hide-input`` would, under its own name."""
    cell = code.parent
    if part(cell) == "cell_code":
        box = HideCodeCellNode(
            prompt_show="Imports", prompt_hide="Imports", classes=["above-input"]
        )
        cell["classes"].append("tag_hide-input")
        cell.replace(code, box)
        box += code


def remove(node: nodes.Element) -> None:
    """Remove the code with all around it that is then empty, up to its cell."""
    above = node.parent
    above.remove(node)
    if part(node) != "cell_code" and not above.children:
        remove(above)


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", on_doctree_resolved, priority=890)  # before it is folded
    return {"parallel_read_safe": True, "parallel_write_safe": True}
