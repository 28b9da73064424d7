"""A fence around a process: it reads only the folders named, writes only in one, starts no program,
and connects to nobody.

On Linux the kernel holds it (Landlock, from 5.13 on), also against code that knows of it. On other
systems, and where the kernel does not offer it, there is none: :func:`enclose` then says so.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
NO_NEW_PRIVILEGES, PATH_BENEATH, VERSION = 38, 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << n for n in range(4))
LOOK = READ_FILE | READ_DIR
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def enclose(read: Iterable[Path], write: Path) -> str:
    """Fence this process, and all that it starts, in for good; nothing, or why there is no fence.

    Call it before there are threads, for each has a fence of its own.
    """
    if sys.platform != "linux":
        return f"no fence on {sys.platform}"
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, 0, VERSION)
    if version < 1:
        return f"no fence: {os.strerror(ctypes.get_errno())}"
    everything = files_known(version)
    network_and_signals = [0b11] * ((version >= 4) + (version >= 6))
    rules = struct.pack(f"={1 + len(network_and_signals)}Q", everything, *network_and_signals)
    ruleset = libc.syscall(CREATE_RULESET, rules, len(rules), 0)
    if ruleset < 0:
        return f"no fence: {os.strerror(ctypes.get_errno())}"
    alone = READ_FILE | WRITE_FILE
    for path, allowed in [
        *((folder, LOOK) for folder in read),
        (write, everything & ~EXECUTE),
        *((Path(device), alone) for device in DEVICES),
    ]:
        if path.exists():
            allowed &= everything if path.is_dir() else alone
            add(libc, ruleset, path, allowed)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    failed = libc.syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return f"no fence: {os.strerror(ctypes.get_errno())}" if failed else ""


def files_known(version: int) -> int:
    """The rights about files that a version of the kernel's interface knows."""
    count = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    return (1 << count) - 1


def add(libc: ctypes.CDLL, ruleset: int, path: Path, allowed: int) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", allowed, folder)
    if libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    os.close(folder)
