"""The number of processes: the cores we may use, and fewer under a container's quota, in both
versions of its files.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cores import cores

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


TREE_2 = "0::/work.slice/job\n"
TREE_1 = "9:memory:/docker/5f\n4:cpu,cpuacct:/docker/5f\n"
QUOTAS = {
    "version 2, in a container": (
        2,
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"},
    ),
    "version 2, our own group": (
        3,
        {"proc/self/cgroup": TREE_2, "sys/fs/cgroup/work.slice/job/cpu.max": "300000 100000\n"},
    ),
    "version 2, a group around ours": (
        2,
        {
            "proc/self/cgroup": TREE_2,
            "sys/fs/cgroup/work.slice/job/cpu.max": "300000 100000\n",
            "sys/fs/cgroup/work.slice/cpu.max": "100000 50000\n",
        },
    ),
    "version 2, part of a core is not a second one": (
        1,
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "190000 100000\n"},
    ),
    "version 2, less than one core": (
        1,
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "5000 100000\n"},
    ),
    "version 2, no quota": (
        8,
        {"proc/self/cgroup": TREE_2, "sys/fs/cgroup/work.slice/cpu.max": "max 100000\n"},
    ),
    "version 2, more than there are": (
        8,
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "1600000 100000\n"},
    ),
    "version 1, in a container": (
        2,
        {
            "proc/self/cgroup": TREE_1,
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "50000\n",
        },
    ),
    "version 1, our own group": (
        4,
        {
            "proc/self/cgroup": TREE_1,
            "sys/fs/cgroup/cpu/docker/5f/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu/docker/5f/cpu.cfs_period_us": "100000\n",
        },
    ),
    "version 1, no quota": (
        8,
        {
            "proc/self/cgroup": TREE_1,
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    ),
    "no such files": (8, {}),
}


@pytest.mark.parametrize("name", QUOTAS)
def test_quota_in_planted_files(tmp_path, name):
    expected, files = QUOTAS[name]
    assert cores(plant(tmp_path, files)) == expected


def test_fewer_cores_than_the_quota(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5}, raising=False)
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "400000 100000\n"}
    assert cores(plant(tmp_path, files)) == 2


def test_the_command_prints_a_number():
    command = [sys.executable, ROOT / "workshop" / "cores.py"]
    assert (
        int(subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout) >= 1
    )
