"""The command line of the larger runs: ``--help``, ``--workers``, ``--scheduler``, and Ctrl-C."""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from sweeps import workers

SECONDS = 10.0
"""That a scheduler may take to answer."""


def run(main: Callable[[Executor | None], None], description: str) -> None:
    """Call ``main`` with the executor that the command line asks for, None if for no other process.

    Ctrl-C ends the program with one line that says what is kept, and exit status 130.
    """
    parser = _parser(description)
    options = parser.parse_args()
    try:
        if options.workers is not None:
            with workers(options.workers) as pool:
                main(pool)
        elif options.scheduler is not None:
            with _cluster(options.scheduler, parser) as executor:
                main(executor)
        else:
            main(None)
    except KeyboardInterrupt as stop:
        print(stop or "interrupted", file=sys.stderr)
        sys.exit(130)


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Finished points are kept; stopped and started again, the command does the rest.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="run the points on N processes of one thread each (default: in this process)",
    )
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run the points on the Dask cluster of this scheduler, as tcp://name:8786",
    )
    return parser


@contextmanager
def _cluster(address: str, parser: argparse.ArgumentParser) -> Iterator[Executor]:
    """The workers of a Dask cluster that runs already; it goes on afterwards."""
    try:
        import distributed
    except ImportError:
        parser.error("argument --scheduler: needs Dask's distributed, pip install '.[cluster]'")
    try:
        client = distributed.Client(address, timeout=SECONDS)
    except (OSError, ValueError) as error:
        parser.error(f"argument --scheduler: no scheduler answers at {address!r}: {error}")
    with client:
        yield client.get_executor(pure=False)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, got {text!r}")
    return int(text)
