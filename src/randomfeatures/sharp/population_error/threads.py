"""Python threads that share the tiles of a product, and torch's own threads kept out of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from randomfeatures.foundations.arguments import Array


class Workers:
    """As many Python threads as torch has, each with torch's operations on one core.

    Tiles are too small to be shared by cores. Setting a thread's share sets the default of later
    threads too; it is put back at the end, also after an interruption, which stops the workers
    within a tile. Without torch, or with one thread, the caller does the work itself.
    """

    def __init__(self, torch: Any):
        self.torch, self.stopped = torch, False
        self.count = 1 if torch is None else torch.get_num_threads()

    def __enter__(self) -> "Workers":
        if self.count > 1:
            one_core = {"initializer": self.torch.set_num_threads, "initargs": (1,)}
            self.pool = ThreadPoolExecutor(self.count, **one_core)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = True
        if self.count > 1:
            self.pool.shutdown(cancel_futures=True)
            self.torch.set_num_threads(self.count)

    def run(self, work: Callable[[int], Array]) -> list[Array]:
        """What ``work(0)``, ``work(1)``, ... give, one call for each worker."""
        if self.count == 1:
            return [work(0)]
        futures = [self.pool.submit(work, worker) for worker in range(self.count)]
        return [future.result() for future in futures]


def torch_or_none() -> Any:
    """The module torch, or None where it cannot be imported."""
    try:
        import torch
    except ImportError:
        return None
    return torch
