"""The small result files of the larger runs, which come with the package.

Each says the command that made it; ``experiments/kept_results.py`` writes it.
"""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any


def read(name: str) -> dict[str, Any]:
    """The result file of the larger run ``name``: a dict of ``command``, ``settings``, ``records``.

    Raises: ValueError if there is no such file; it names those that there are.

    >>> read("amplification")["command"]
    '.venv/bin/python experiments/amplification.py'
    """
    file = file_of(name)
    if not file.is_file():
        known = sorted(other.stem for other in file.parent.glob("*.json"))
        raise ValueError(f"name must be one of {known}, got {name!r}")
    return json.loads(file.read_text(encoding="utf-8"))


def record(kept: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The first record of a result file that has these values in these fields.

    Raises: ValueError if there is none.

    >>> record(read("prior-kernel"), kind="predicted", width=8)["error"] > 0
    True
    """
    for row in kept["records"]:
        if all(name in row and row[name] == value for name, value in fields.items()):
            return row
    raise ValueError(f"fields must be those of a record, got {fields!r}")


def file_of(name: str) -> Path:
    """Where the result of the larger run ``name`` is kept, whether it is there or not.

    Raises: ValueError if ``name`` is not made of small letters, digits and hyphens.
    """
    if not (isinstance(name, str) and re.fullmatch(r"[a-z0-9-]+", name)):
        raise ValueError(f"name must be made of small letters, digits and hyphens, got {name!r}")
    return _folder() / f"{name}.json"


def _folder() -> Path:
    return Path(str(files("randomfeatures"))) / "data"
