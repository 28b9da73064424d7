"""Write constraints.txt: the newest versions that pyproject.toml allows, resolved in an environment
of its own.

On Linux, name the index of PyTorch's CPU builds in PIP_EXTRA_INDEX_URL, or pip takes a build for
GPUs of several gigabytes.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Exact versions that the book is built and tested with.
# Renew with `make constraints`, then run `make test`.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        extras = "book,pdf,test,lab,course,estimators,cluster"
        subprocess.run([*pip, "install", "--quiet", f"{ROOT}[{extras}]"], check=True)
        frozen = subprocess.run(
            [*pip, "freeze", "--all", "--exclude", "randomfeatures", "--exclude", "pip"],
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout
    (ROOT / "constraints.txt").write_text(HEADER + pins(frozen), encoding="utf-8")


def pins(frozen: str) -> str:
    """The lines of ``pip freeze`` as plain pins: a build's own suffix, as in 2.13.0+cpu, and its
    file's address are left out.

    >>> pins("numpy==2.4.6\\ntorch==2.13.0+cpu\\n")
    'numpy==2.4.6\\ntorch==2.13.0\\n'
    >>> pins("torch @ file:///somewhere/torch-2.13.0+cpu-py3-none-any.whl\\n")
    'torch==2.13.0\\n'
    """
    return "".join(
        f"{pin(line)}\n" for line in frozen.splitlines() if line and not line.startswith("#")
    )


def pin(line: str) -> str:
    name, at, address = line.partition(" @ ")
    version = address.rsplit("/", 1)[-1].split("-")[1] if at else line.partition("==")[2]
    return f"{name.partition('==')[0]}=={version.partition('+')[0].partition('%2B')[0]}"


if __name__ == "__main__":
    main()
