"""The branch that Colab and Binder read: every chapter's notebook, and what Binder installs.

``python workshop/notebooks_branch.py`` fills _build/notebooks with the downloads of the built site
and an environment; the publishing workflow makes it the branch ``book_notebooks``. It holds what
the notebooks compute with and not, as environment.yml at the top of the book does, what builds,
prints and tests the book: a reader waits for less. A notebook's first cell installs the package.
"""

import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "_build" / "html" / "_sources"
BRANCH = ROOT / "_build" / "notebooks"
ENVIRONMENT = """# What Binder installs; the first cell of a notebook adds the book's package.
name: random-features-notebooks
channels:
  - conda-forge
dependencies:
  - python {python}
  - pip
  - pip:
{packages}
"""
README = """# Random Features: Power and Limits, as notebooks

Made from the book's chapters whenever it is published. Changes belong into the book itself.
"""


def main() -> int:
    count = fill(SOURCES, BRANCH)
    if not count:
        print(f"{SOURCES} must hold notebooks: run `make book` first.", file=sys.stderr)
        return 1
    print(f"{count} notebooks are in {BRANCH}")
    return 0


def fill(sources: Path, branch: Path) -> int:
    """Write the files of the branch into a new folder; the number of notebooks."""
    shutil.rmtree(branch, ignore_errors=True)
    found = sorted(sources.rglob("*.ipynb"))
    for path in found:
        target = branch / path.relative_to(sources)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    if found:
        (branch / "environment.yml").write_text(environment(), encoding="utf-8")
        (branch / "README.md").write_text(README, encoding="utf-8")
    return len(found)


def environment() -> str:
    """Python and the libraries of the package and of its figures, as pyproject.toml names them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    figures = [x for x in project["optional-dependencies"]["book"] if x.startswith("matplotlib")]
    packages = "\n".join(f'      - "{line}"' for line in [*project["dependencies"], *figures])
    return ENVIRONMENT.format(python=project["requires-python"], packages=packages)


if __name__ == "__main__":
    sys.exit(main())
