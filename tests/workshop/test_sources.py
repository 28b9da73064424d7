"""Rules for every file: text is UTF-8 and says so, tests share no randomness, no module is long."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("answers", "benchmarks", "book/_ext", "experiments", "src", "tests", "workshop")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
MOST_LINES = 400
GENERATORS = {"default_rng", "Generator", "RandomState", "SeedSequence", "seed", "manual_seed"}


def called(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def without_encoding(source: str) -> list[int]:
    """Lines that read or write text in the encoding of the machine's locale."""
    return [call.lineno for call in calls(ast.parse(source)) if follows_the_locale(call)]


def follows_the_locale(call: ast.Call) -> bool:
    given = {keyword.arg for keyword in call.keywords}
    if "encoding" in given or None in given:  # None: keywords that come from elsewhere
        return False
    if called(call) in {"read_text", "write_text"}:
        return len(call.args) < 1 + (called(call) == "write_text") or not isinstance(
            call.func, ast.Attribute
        )
    if called(call) in {"open", "fdopen"}:
        return "b" not in mode(call) and ast.unparse(call.func) != "os.open"  # a number, no text
    asked = {
        keyword.arg
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    }
    return bool(asked & {"text", "universal_newlines"})


def mode(call: ast.Call) -> str:
    """The mode in which a call of ``open`` opens a file."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    first = call.args[isinstance(call.func, ast.Name) :][
        :1
    ]  # of the method it is the first, of the function the second
    return next(
        (str(value.value) for value in named + first if isinstance(value, ast.Constant)), "r"
    )


def shared_randomness(source: str) -> list[int]:
    """Lines outside functions that keep a generator or seed a global one, for several tests."""
    return [
        value.lineno
        for value in kept(ast.parse(source).body)
        if isinstance(value, ast.Call) and called(value) in GENERATORS
    ]


def kept(body: list[ast.stmt]) -> Iterator[ast.expr]:
    """What the statements outside functions keep under a name, each part of a tuple by itself, or
    do and forget.

    ``x = default_rng(0).normal(3)`` keeps numbers, not the generator.
    """
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            yield from getattr(statement.value, "elts", [statement.value])
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from kept(getattr(statement, "body", []))


def beyond_one_sitting(source: str) -> list[int]:
    """The first line that is too much: a module is read in one sitting."""
    return [MOST_LINES + 1] if len(source.splitlines()) > MOST_LINES else []


def concerns(rule: Callable[[str], list[int]], path: Path) -> bool:
    """Random numbers are a rule for tests, length one for everything else, text one for all."""
    is_test = path.is_relative_to(ROOT / "tests")
    return {shared_randomness: is_test, beyond_one_sitting: not is_test}.get(rule, True)


@pytest.mark.parametrize("rule", [without_encoding, shared_randomness, beyond_one_sitting])
def test_every_file_keeps_the_rule(rule):
    files = [path for path in FILES if concerns(rule, path)]
    assert len(files) > 20
    found = {path: rule(path.read_text(encoding="utf-8")) for path in files}
    assert [
        f"{path.relative_to(ROOT)}:{line}" for path, lines in found.items() for line in lines
    ] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("path.read_text()", [1]),
        ("path.read_text(encoding='utf-8')", []),
        ("os.open(path, os.O_PATH)", []),
        ("other.open(path)", [1]),
        ("def f():\n    path.write_text(text)", [2]),
        ("path.write_text(text, encoding='utf-8')", []),
        ("path.write_text(text, 'utf-8')", []),
        ("open('x')", [1]),
        ("open('x', 'rb')", []),
        ("open('x', mode='wb')", []),
        ("path.open('w')", [1]),
        ("path.open('rb')", []),
        ("os.fdopen(file, 'w')", [1]),
        ("run(command, text=True)", [1]),
        ("run(command, text=True, encoding='utf-8')", []),
        ("run(command, **options)", []),
    ],
)
def test_text_in_the_encoding_of_the_locale_is_found(source, lines):
    assert without_encoding(source) == lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("RNG = np.random.default_rng(0)", [1]),
        ("rng, d = default_rng(0), 3", [1]),
        ("np.random.seed(0)", [1]),
        ("torch.manual_seed(0)", [1]),
        ("class TestIt:\n    rng = default_rng(0)", [2]),
        ("for i in range(3):\n    rng = default_rng(i)", [2]),
        ("X = np.random.default_rng(5).standard_normal(3)", []),
        ("F = Features.sample(np.random.default_rng(5), 3)", []),
        ("def test_it():\n    rng = default_rng(0)", []),
    ],
)
def test_a_shared_random_state_is_found(source, lines):
    assert shared_randomness(source) == lines


def test_a_long_module_is_found():
    assert beyond_one_sitting("x = 1\n" * 400) == []
    assert beyond_one_sitting("x = 1\n" * 401) == [401]
