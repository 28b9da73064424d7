"""Writes the result files of the larger runs, which come with the package.

Each file says the command that made it; ``randomfeatures.chapters.results`` reads it.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from randomfeatures.chapters import results


def write(
    name: str, *, command: str, settings: dict[str, Any], records: list[dict[str, Any]]
) -> Path:
    """Keep the result of the experiment ``name`` in the package's folder ``data``, and say where.

    One record a line, floats to 6 significant digits. ``settings`` and ``records`` hold numbers,
    strings, None, and lists or arrays of them. The file is replaced when the new one is whole.

    Raises: ValueError if ``name`` is not made of small letters, digits and hyphens, or there is no
    record; TypeError for another type.
    """
    if not records:
        raise ValueError(f"records must have at least one entry, got {records!r}")
    file = results.file_of(name)
    text = _text(command, settings, records)
    file.parent.mkdir(exist_ok=True)
    unfinished = file.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    os.replace(unfinished, file)
    return file


def _text(command: str, settings: dict[str, Any], records: list[dict[str, Any]]) -> str:
    head = {"command": command, "settings": _rounded(settings)}
    opened = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = [json.dumps(_rounded(record), ensure_ascii=False) for record in records]
    return opened + ',\n "records": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"


def _rounded(value: Any) -> Any:
    """``value`` as JSON has it; a float keeps 6 significant digits."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _rounded(value.tolist())
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
