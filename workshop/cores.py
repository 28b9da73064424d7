"""How many processes this machine runs side by side for us: `python workshop/cores.py` prints it.

The cores that this process may use, or fewer where a container has a quota of time on them: the
kernel's scheduler stops a process that has used up its quota, so more processes than that only wait
for each other.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path


def cores(root: Path = Path("/")) -> int:
    """At least 1; ``root`` is where the files of the kernel stand, in a test somewhere else."""
    return max(1, math.floor(min([allowed(), *quotas(root)])))


def allowed() -> int:
    """The cores that the system lets this process use, where it can say so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quotas(root: Path) -> Iterator[float]:
    """Quotas in cores, of our own group of processes and of every group around it."""
    for controllers, group in groups(root / "proc" / "self" / "cgroup"):
        if not controllers:  # version 2: one tree
            mount, read = root / "sys/fs/cgroup", quota
        elif "cpu" in controllers.split(","):
            mount, read = root / "sys/fs/cgroup/cpu", quota_of_version_1
        else:
            continue
        folder = mount / group.lstrip("/")
        for place in (folder, *folder.parents):
            if place.is_relative_to(mount):
                yield from read(place)


def groups(file: Path) -> Iterator[tuple[str, str]]:
    """Controllers and group of each line, as in ``4:cpu,cpuacct:/docker/5f``."""
    for line in words(file, separator="\n"):
        _, controllers, group = line.split(":", maxsplit=2)
        yield controllers, group


def quota(folder: Path) -> Iterator[float]:
    match words(folder / "cpu.max"):
        case [time, period] if time != "max":
            yield int(time) / int(period)


def quota_of_version_1(folder: Path) -> Iterator[float]:
    match words(folder / "cpu.cfs_quota_us"), words(folder / "cpu.cfs_period_us"):
        case [time], [period] if int(time) > 0:
            yield int(time) / int(period)


def words(file: Path, separator: str | None = None) -> list[str]:
    """The file's words; none if it cannot be read, as on a machine without these files."""
    try:
        return file.read_text(encoding="utf-8").strip().split(separator)
    except OSError:
        return []


if __name__ == "__main__":
    print(cores())
