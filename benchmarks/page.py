"""The benchmark page: README.md, with one marked block for each measurement.

The block of ``NAME.py`` begins with the line ``<!-- results of NAME.py -->`` and ends with
``<!-- end -->``. Between them stands what the function ``table`` of that script makes of
``results/NAME.json``, and nothing else; the tests compare. A script calls ``write`` at its end.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
README, RESULTS = HERE / "README.md", HERE / "results"
END = "<!-- end -->\n"


def start(name):
    """The line before the block of this measurement."""
    return f"<!-- results of {name}.py -->\n"


def block(name, text):
    """What stands in the block of this measurement on a page with this ``text``."""
    _, found, rest = text.partition(start(name))
    inside, ended, _ = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"the page has no block of {name}.py")
    return inside


def with_block(name, table, text):
    """The page's ``text`` with ``table`` in the block of this measurement, the others unchanged."""
    block(name, text)  # that there is one
    before, found, rest = text.partition(start(name))
    return before + found + table.rstrip("\n") + "\n" + END + rest.partition(END)[2]


def write(name, table):
    """Put the ``table`` of this measurement on the page."""
    text = README.read_text(encoding="utf-8")
    README.write_text(with_block(name, table, text), encoding="utf-8")
