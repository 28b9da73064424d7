r"""Products with the Gram matrix on the workers of a Dask cluster: many machines, or one.

The unit rows go to each worker once, also to one that joins later. A product is cut into square
blocks of tiles, in a way that depends on the number of features alone: a task multiplies by one
block, another adds up a row of blocks, always in the same order. So the numbers do not depend on
which worker did what; against one process the sums are grouped otherwise, by rounding. Only vectors
travel: x to every worker, from the blocks to the sums twice as much as x for each row of blocks
(over all workers together), and G x to this process.

A worker that is lost costs the tasks that it had: Dask gives them to others. An interruption
cancels the tasks, and those that run end within a tile. What is not the product, above all the
preconditioner, stays in this process.
"""

import math
import multiprocessing
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array
from randomfeatures.sharp.population_error.gram import ComputedGram
from randomfeatures.sharp.population_error.gram_with_biases import computed
from randomfeatures.sharp.population_error.neurons import Neurons, host
from randomfeatures.sharp.population_error.threads import Workers, torch_or_none

try:
    import distributed
    from distributed import WorkerPlugin
except ImportError:  # ``Cluster`` says so
    distributed, WorkerPlugin = None, object

BLOCK, MAX_BLOCKS = 4096, 48
"""Rows of a block, 0.2 s of one core where Dask takes 2 ms for a task; and at most so many rows of
blocks, for the vectors between workers grow with them: 1176 tasks, ten and more for each of a
hundred workers."""

CHUNK = 8 * 2**20
"""Bytes of a vector that go to the scheduler at once: it warns of larger ones."""

ATTEMPTS = 4
"""To send the rows while workers are lost."""

SECONDS = 30.0
"""Between two lines of progress within a product."""

Span = tuple[int, int]
"""The rows from the first number on, up to the second."""


def spans(n: int, side: int) -> list[Span]:
    """The rows of blocks: whole tiles of this side, in number as equal as can be."""
    tiles = math.ceil(n / side)
    count = min(MAX_BLOCKS, math.ceil(n / BLOCK), tiles)
    return list(pairwise([*(side * (tiles * k // count) for k in range(count)), n]))


# --- in this process ------------------------------------------------------------------------------


class Cluster:
    """A client that is connected to a cluster, and whether it should tell how far a product is.

    Raises: ImportError without distributed, ValueError for another or a closed client.
    """

    def __init__(self, client: Any, progress: bool):
        if distributed is None:
            raise ImportError(
                "client needs the package distributed: pip install 'randomfeatures[cluster]'"
            )
        if not isinstance(client, distributed.Client) or client.asynchronous:
            raise ValueError(
                f"client must be a distributed.Client that is not asynchronous, got {client!r}"
            )
        if client.status != "running":
            raise ValueError(
                f"client must be connected to a cluster, got one whose status is {client.status!r}"
            )
        self.client, self.progress = client, progress

    @contextmanager
    def holding(self, neurons: Neurons) -> Iterator[Callable[[Neurons], "ClusterGram"]]:
        """The workers hold these neurons: what makes the matrix of them, in any precision."""
        name = f"population_error-{uuid.uuid4().hex}"
        try:
            self._send(Tiles(neurons.map(host)), name)
            yield lambda cast: ClusterGram(cast, self, name)
        finally:
            with suppress(Exception):  # the cluster may be gone
                self.client.unregister_worker_plugin(name)

    def _send(self, tiles: "Tiles", name: str) -> None:
        """To every worker. One that is lost meanwhile is an OSError, and forgotten soon after."""
        for attempt in range(ATTEMPTS):
            try:
                self.client.register_plugin(tiles, name=name)
                return
            except OSError:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(attempt)


class ClusterGram:
    """The Gram matrix of neurons that workers hold under the name ``name``. Tiles are computed
    here, the product is there."""

    def __init__(self, neurons: Neurons, cluster: Cluster, name: str):
        gram = computed(neurons, Workers(None))
        self.tile, self.side, self.starts = gram.tile, gram.side, gram.starts
        self.workers, self.dtype, self.xp = gram.workers, gram.dtype, gram.xp
        self.cluster, self.name = cluster, name

    def product(self, x: Float[Array, "n m"]) -> Float[Array, "n m"]:
        """G x; the array is of the library and on the device of x."""
        futures: list[Any] = []
        try:
            sums = self._submitted(host(x), futures)
            self._wait(sums, futures)
            found = self.cluster.client.gather(sums)
        except BaseException as error:
            with suppress(Exception):
                self.cluster.client.cancel(futures)
            if isinstance(error, CancelledError):
                raise RuntimeError(
                    "population_error: the cluster gave up the tasks of a product; "
                    "its scheduler ended, or somebody cancelled them"
                ) from error
            raise
        return self.xp.asarray(np.concatenate(found), dtype=x.dtype, device=device(x))

    def _submitted(self, x: np.ndarray, futures: list[Any]) -> list[Any]:
        """The sums, one for each row of blocks; all that is submitted is put into ``futures``."""

        def submit(function: Callable, *lists: list) -> list[Any]:
            new = self.cluster.client.map(function, *lists, pure=False)
            futures.extend(new)
            return new

        step = max(1, CHUNK // max(1, x[:1].nbytes))
        chunks = [part for k in range(0, len(x), step) for part in submit(same, [x[k : k + step]])]
        (whole,) = submit(joined, [chunks])
        parts = spans(len(x), self.side)
        pairs = [*combinations(range(len(parts)), 2)]
        pairs += [(k, k) for k in range(len(parts))]  # half as long, so they come last
        first, second = ([parts[pair[k]] for pair in pairs] for k in (0, 1))
        count = len(pairs)
        products = submit(block_product, [self.name] * count, [whole] * count, first, second)
        of = dict(zip(pairs, products, strict=True))
        order = range(len(parts))
        rows_of_blocks = [[of[min(i, j), max(i, j)] for j in order] for i in order]
        return submit(total, list(order), rows_of_blocks)

    def _wait(self, sums: list[Any], futures: list[Any]) -> None:
        """Until all sums are there, with a line of progress now and then."""
        start = time.monotonic()
        while True:
            try:
                distributed.wait(sums, timeout=SECONDS if self.cluster.progress else None)
                return
            except TimeoutError:
                done, seconds = sum(f.done() for f in futures), time.monotonic() - start
                text = f"{done} of {len(futures)} tasks of a product, {seconds:.1f} s"
                print(f"population_error: {text}", file=sys.stderr, flush=True)


# --- on the workers -------------------------------------------------------------------------------


class Tiles(WorkerPlugin):
    """What a worker holds: the neurons, and for each task that runs the memory of a tile."""

    def __init__(self, neurons: Neurons):
        self.neurons = neurons

    def setup(self, worker: Any) -> None:
        self.handler = _deaf()
        self.stopped, self.lock, self.torch = False, threading.Lock(), torch_or_none()
        self.threads = 1 if self.torch is None else self.torch.get_num_threads()
        self.idle: dict[str, list[ComputedGram]] = {}

    def teardown(self, worker: Any) -> None:
        """No one waits any more: tasks that still run end within a tile."""
        self.stopped = True
        if self.handler is not None:
            signal.signal(signal.SIGINT, self.handler)

    def product(self, x: np.ndarray, rows: Span, columns: Span) -> tuple[np.ndarray, ...]:
        """What the block adds to G x at its rows and, off the diagonal, at its columns."""
        gram = self._gram(str(x.dtype))
        try:
            with self._one_core():
                return self._product(gram, x, rows, columns)
        finally:
            self.idle[str(x.dtype)].append(gram)

    def _product(
        self, gram: ComputedGram, x: np.ndarray, rows: Span, columns: Span
    ) -> tuple[np.ndarray, ...]:
        xp, side, diagonal = gram.xp, gram.side, rows == columns
        across = self._lent(x[slice(*columns)])
        down = across if diagonal else self._lent(x[slice(*rows)])
        y = xp.zeros_like(down)
        z = y if diagonal else xp.zeros_like(across)
        for i in range(*rows, side):
            here = slice(i - rows[0], i - rows[0] + side)
            for j in range(i if diagonal else columns[0], columns[1], side):
                if self.stopped:
                    raise RuntimeError("population_error: this product was given up")
                there = slice(j - columns[0], j - columns[0] + side)
                tile = gram.tile(i, j)
                y[here] += tile @ across[there]
                if i != j:
                    z[there] += tile.T @ down[here]
        return (host(y),) if diagonal else (host(y), host(z))

    def _gram(self, dtype: str) -> ComputedGram:
        """A matrix in this precision that no other task uses now."""
        with self.lock:
            idle = self.idle.setdefault(dtype, [])
            if idle:
                return idle.pop()
            neurons = self.neurons
            if self.torch is not None:
                neurons = neurons.map(self.torch.from_numpy)
            return computed(neurons.cast(getattr(self.torch or np, dtype)), Workers(None))

    def _lent(self, x: np.ndarray) -> Array:
        """A copy, for what came over the network cannot be written to."""
        return x.copy() if self.torch is None else self.torch.from_numpy(x.copy())

    @contextmanager
    def _one_core(self) -> Iterator[None]:
        """Torch's operations of this thread on one core, for tiles are too small to be shared."""
        if self.threads == 1:
            yield
            return
        self.torch.set_num_threads(1)
        try:
            yield
        finally:
            self.torch.set_num_threads(self.threads)


def _deaf() -> Any:
    """Let a worker's process that another one watches over ignore Ctrl-C, and return what it did
    before; None for other processes. A terminal sends it to the processes of a ``LocalCluster`` as
    well, which would die of it."""
    watched = multiprocessing.parent_process() is not None
    if not (watched and threading.current_thread() is threading.main_thread()):
        return None
    return signal.signal(signal.SIGINT, signal.SIG_IGN)


def block_product(name: str, x: np.ndarray, rows: Span, columns: Span) -> tuple[np.ndarray, ...]:
    """A task: the product with one block."""
    return distributed.get_worker().plugins[name].product(x, rows, columns)


def total(row: int, parts: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    """A task: the sum of what the blocks of one row give, those before the diagonal as columns."""
    found = parts[0][-1 if row else 0].copy()
    for k, part in enumerate(parts[1:], start=1):
        found += part[1 if k < row else 0]
    return found


def same(x: np.ndarray) -> np.ndarray:
    """A task: a part of a vector, which the scheduler can send again when its worker is lost."""
    return x


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """A task: a vector from its parts."""
    return np.concatenate(parts)
