"""Which versions the chapters run with: of every package that the book needs, directly or through
another.

Others do not count: that `make test` installs more is no reason to execute the chapters again. A
package whose description is damaged, as an interrupted installation leaves it, counts as
"unreadable" and stops nothing here.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def versions(
    package: str, extras: frozenset[str] = frozenset(), path: list[str] | None = None
) -> dict[str, str]:
    """{name: version} of ``package`` and of all that it needs with ``extras``, where it is
    installed.
    """
    found: dict[str, str] = {}
    seen = set()
    waiting = [(canonicalize_name(package), extras)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        distribution = first(name, sys.path if path is None else path)
        if distribution is not None:
            found[name] = version(distribution)
            waiting += needed(distribution, wanted)
    return found


def first(name: str, path: list[str]) -> Distribution | None:
    """The installed package that Python would import."""
    return next(iter(Distribution.discover(name=name, path=path)), None)


def version(distribution: Distribution) -> str:
    try:
        return distribution.metadata["Version"] or "unreadable"
    except (
        Exception
    ):  # what is raised for a missing or damaged file differs between versions of Python
        return "unreadable"


def needed(
    distribution: Distribution, extras: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Names and extras that a package asks for on this machine."""
    try:
        lines = distribution.requires or []
    except Exception:  # as above
        return
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)
