"""The command line that the larger runs share: ``--help``, ``--workers``, and Ctrl-C."""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import Executor

from sweeps import workers


def run(main: Callable[[Executor | None], None], description: str) -> None:
    """Call ``main`` with the executor that the command line asks for, None without ``--workers``.

    Ctrl-C ends the program with one line that says what is kept, and exit status 130.
    """
    n = _parser(description).parse_args().workers
    try:
        if n is None:
            main(None)
        else:
            with workers(n) as pool:
                main(pool)
    except KeyboardInterrupt as stop:
        print(stop or "interrupted", file=sys.stderr)
        sys.exit(130)


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Finished points are kept; stopped and started again, the command does the rest.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="run the points on N processes of one thread each (default: in this process)",
    )
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, got {text!r}")
    return int(text)
