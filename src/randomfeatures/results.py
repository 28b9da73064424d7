"""The small result files of the larger experiments: each says the command that made it. They come with the package."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np


def write(name: str, *, command: str, settings: dict[str, Any], records: list[dict[str, Any]]) -> Path:
    """Keep the result of the experiment ``name`` in the package's folder ``data``: one record a line, floats to 6 digits. Returns the file.

    ``settings`` and ``records`` hold numbers, strings, None, and lists or arrays of them.

    Raises: ValueError if ``name`` is not made of small letters, digits and hyphens, or there is no record; TypeError for another type.
    """
    if not records:
        raise ValueError(f"records must have at least one entry, got {records!r}")
    lines = ",\n  ".join(json.dumps(_plain(record), ensure_ascii=False) for record in records)
    head = json.dumps({"command": command, "settings": _plain(settings)}, ensure_ascii=False, indent=1)
    file = Path(str(_file(name)))
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'{head[:-2]},\n "records": [\n  {lines}\n ]\n}}\n', encoding="utf-8")
    return file


def read(name: str) -> dict[str, Any]:
    """The result file of the experiment ``name``: a dict with ``command``, ``settings`` and ``records``.

    Raises: ValueError if there is no such file; it names those that there are.
    """
    file = _file(name)
    if not file.is_file():
        known = sorted(other.name.removesuffix(".json") for other in _folder().iterdir()) if _folder().is_dir() else []
        raise ValueError(f"name must be one of {known}, got {name!r}")
    return json.loads(file.read_text(encoding="utf-8"))


def _folder():
    return files("randomfeatures") / "data"


def _file(name: str):
    if not re.fullmatch(r"[a-z0-9-]+", str(name)):
        raise ValueError(f"name must be made of small letters, digits and hyphens, got {name!r}")
    return _folder() / f"{name}.json"


def _plain(value: Any) -> Any:
    """``value`` as json has it; a float keeps 6 significant digits."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.6g}") if isinstance(value, float) else value
