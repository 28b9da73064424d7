"""What a release carries: the site, the book and its chapters as PDF, and their checksums.

``python workshop/release.py`` packs what `make pdf` has left into _build/release. On a tag, which
the environment names in GITHUB_REF_NAME, the tag must be the version.
"""

import hashlib
import os
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pdf import BOOK, OUT, ROOT, SITE

RELEASE = ROOT / "_build" / "release"
SUMS = "SHA256SUMS"


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version, tag = project["version"], os.environ.get("GITHUB_REF_NAME", "")
    if tag.startswith("v") and tag != f"v{version}":
        sys.exit(f"the tag must be v{version}, the version in pyproject.toml; got {tag}")
    print(pack(SITE, OUT, RELEASE, version))


def pack(site: Path, pdf: Path, release: Path, version: str) -> str:
    """Write the files of a release into an empty folder; the text of their checksums."""
    stem = f"{BOOK.removesuffix('.pdf')}-{version}"
    if not (pdf / BOOK).is_file():
        sys.exit(f"{pdf / BOOK} must exist: run `make pdf` first.")
    release.mkdir(parents=True, exist_ok=True)
    for old in release.iterdir():
        old.unlink()
    (release / f"{stem}.pdf").write_bytes((pdf / BOOK).read_bytes())
    with zipfile.ZipFile(release / f"{stem}-chapters.zip", "w") as archive:
        for path in inside(pdf, "*.pdf"):
            if path.name != BOOK:
                # one date for all, so that the same files make the same archive
                entry = zipfile.ZipInfo(path.relative_to(pdf).as_posix())
                archive.writestr(entry, path.read_bytes())
    with tarfile.open(release / f"{stem}-site.tar.xz", "w:xz", encoding="utf-8") as archive:
        for path in inside(site, "*"):
            archive.add(path, Path(stem, path.relative_to(site)).as_posix(), filter=undated)
    sums = "".join(f"{digest(path)}  {path.name}\n" for path in inside(release, "*"))
    (release / SUMS).write_text(sums, encoding="utf-8")
    return sums


def inside(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob(pattern)) if path.is_file())


def undated(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
