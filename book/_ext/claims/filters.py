"""What the cards can be filtered by: part, status, kind of check.

Each card carries its values as classes. The form is hidden until ``static/claims_filter.js`` runs
it: without a script, and on paper, every card is there.
"""

from collections import Counter
from html import escape

from docutils import nodes

from .checks import KINDS
from .ledger import Ledger, Result
from .status import STATUSES

Facets = dict[str, tuple[str, dict[str, str]]]  # by name: its title, and the title of each value


def facets(captions: dict[str, str], results: list[Result]) -> Facets:
    """The three filters with their values, in the order in which a reader meets them."""
    parts = dict.fromkeys(part_of(result) for result in results)
    return {
        "part": ("Part", {part: captions.get(part) or part or "Pages" for part in parts}),
        "status": ("Status", {status: status for status in reversed(STATUSES)}),
        "check": ("Checked by", {slug(kind): kind for kind in KINDS}),
    }


def part_of(result: Result) -> str:
    return result.docname.rpartition("/")[0]


def slug(text: str) -> str:
    """A value as it stands in an address and in a class.

    >>> slug("Monte Carlo")
    'monte-carlo'
    """
    return text.lower().replace(" ", "-").replace("/", "-")


def values(ledger: Ledger, result: Result) -> dict[str, list[str]]:
    """What a result has under each filter, each value once."""
    checks = [slug(check.kind) for check in ledger.checks_of(result)]
    statuses = [status.status for status in result.statuses]
    return {
        "part": [part_of(result)],
        "status": list(dict.fromkeys(statuses)),
        "check": list(dict.fromkeys(checks)),
    }


def classes(ledger: Ledger, result: Result) -> list[str]:
    """The classes of a card: ``part-limits``, ``status-new``, ``check-identity``."""
    found = values(ledger, result)
    return [f"{facet}-{slug(value)}" for facet, some in found.items() for value in some]


def form(ledger: Ledger, captions: dict[str, str]) -> nodes.raw:
    """A box to tick for each value that some result has, with the number of its results."""
    every = [values(ledger, result) for result in ledger.results]
    sets = []
    for facet, (legend, titles) in facets(captions, ledger.results).items():
        counts = Counter(value for some in every for value in some[facet])
        boxes = "".join(
            f'<label><input type="checkbox" name="{facet}" value="{escape(slug(value))}"> '
            f'{escape(title)} <span class="claims-count">{counts[value]}</span></label>'
            for value, title in titles.items()
            if counts[value]
        )
        sets.append(f"<fieldset><legend>{legend}</legend>{boxes}</fieldset>")
    end = '<p><span role="status"></span> <button type="reset">Show all</button></p>'
    start = '<form class="claims-filter" aria-label="Filter the results" hidden>'
    return nodes.raw("", f"{start}{''.join(sets)}{end}</form>", format="html")
