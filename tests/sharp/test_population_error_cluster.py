"""The population error on a cluster of Dask: the same numbers, also when a worker dies or the user
interrupts."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from checks import assert_close
from population_error_parts import neurons

from randomfeatures.sharp.population_error import cluster, population_error
from randomfeatures.sharp.population_error.gram import ComputedGram, product
from randomfeatures.sharp.population_error.neurons import unit
from randomfeatures.sharp.population_error.threads import Workers

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def here():
    """Two workers of two threads each in this process."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=False, dashboard_address=":0"
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def processes():
    """Two processes of one thread each."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.fixture
def small_blocks(monkeypatch):
    """One tile is a block: many tasks for few features."""
    monkeypatch.setattr(cluster, "BLOCK", 256)


@pytest.fixture
def chunks(monkeypatch):
    """A vector goes to the scheduler in several parts."""
    monkeypatch.setattr(cluster, "CHUNK", 10_000)


def test_the_blocks_hold_every_row_once_in_whole_tiles():
    for n in (1, 255, 256, 257, 2048, 2049, 9000, 98_304, 98_305, 1_000_000):
        parts = cluster.spans(n, 256)
        assert parts[0][0] == 0 and parts[-1][1] == n and len(parts) <= cluster.MAX_BLOCKS
        assert all(one[1] == other[0] for one, other in itertools.pairwise(parts))
        assert all(first % 256 == 0 and first < last for first, last in parts)
        longest = max(last - first for first, last in parts)
        assert longest <= max(cluster.BLOCK, n / cluster.MAX_BLOCKS) + 256


@pytest.mark.parametrize("engine", ["torch", "numpy alone"])
@pytest.mark.parametrize("n", [1, 700, 1024])
def test_a_product_is_that_of_this_process(here, small_blocks, chunks, monkeypatch, engine, n):
    """Last blocks and tiles that are not full, and several columns, in both precisions."""
    if engine == "torch":
        pytest.importorskip("torch")
    else:
        monkeypatch.setattr(cluster, "torch_or_none", lambda: None)
    rng = np.random.default_rng(n)
    features = unit(neurons(rng, n, 7), None)
    x = rng.standard_normal((n, 3))
    with cluster.Cluster(here, False).holding(features) as gram_of:
        for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 1e-4)):
            cast = features.cast(dtype)
            found = product(gram_of(cast), x.astype(dtype))
            expected = product(ComputedGram(features, Workers(None)), x)
            assert found.dtype == dtype and found.shape == x.shape
            assert_close(found, expected, tolerance * np.sum(np.abs(x), axis=0))
    assert no_trace(here)


def no_trace(client):
    """Neither tasks nor rows are left on the cluster."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        plugins = client.run(lambda dask_worker: list(dask_worker.plugins)).values()
        tasks = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
        if tasks == 0 and not any("population_error" in name for p in plugins for name in p):
            return True
        time.sleep(0.02)
    return False


def same_result(one, other, energy, digits):
    for name in ("error", "lower", "upper"):
        assert_close(getattr(one, name), getattr(other, name), digits * energy)
    assert (one.iterations, one.lower_bound) == (other.iterations, other.lower_bound)
    assert one.method == "iterative" and one.converged


def test_two_processes_give_the_numbers_of_one(processes, here, small_blocks):
    """To 1e-13 of the target's energy, and the same bits on another cluster."""
    rng = np.random.default_rng(5)
    weights, directions = (neurons(rng, n, 40) for n in (1300, 3))
    alone = population_error(weights, directions, method="iterative")
    there, again = (
        population_error(weights, directions, client=client, method="iterative")
        for client in (processes, here)
    )
    same_result(there, alone, np.sum(directions**2, axis=1) / 2, 1e-13)
    assert np.array_equal(there.coefficients, again.coefficients)
    assert no_trace(processes)


def test_torch_on_a_cluster(here, small_blocks):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(11)
    weights, directions = (torch.from_numpy(neurons(rng, n, 30)) for n in (600, 2))
    there = population_error(weights, directions, client=here, method="iterative")
    assert isinstance(there.error, torch.Tensor)
    alone = population_error(weights.numpy(), directions.numpy(), method="iterative")
    same_result(there, alone, np.sum(directions.numpy() ** 2, axis=1) / 2, 1e-13)


def test_biases_on_a_cluster(here, small_blocks):
    rng = np.random.default_rng(13)
    weights, directions = neurons(rng, 700, 30), neurons(rng, 2, 30)
    biases = rng.uniform(-1, 1, 700) * np.linalg.norm(weights, axis=1)
    there, alone = (
        population_error(weights, directions, biases, client=client, method="iterative")
        for client in (here, None)
    )
    same_result(there, alone, np.sum(directions**2, axis=1) / 2, 1e-12)


def test_single_precision_on_a_cluster_is_verified_in_double(here, small_blocks):
    rng = np.random.default_rng(6)
    weights, directions = (neurons(rng, n, 12).astype(np.float32) for n in (600, 2))
    found = population_error(weights, directions, client=here, method="iterative")
    truth = population_error(*(a.astype(float) for a in (weights, directions)), method="dense")
    assert found.converged and found.lower_bound == "estimate"
    assert np.all(found.lower <= truth.upper) and np.all(truth.lower <= found.upper)


def once_products_run(client, action):
    """A thread that calls ``action`` when the first task of a block is done."""

    def watch():
        while not any(
            "block_product" in str(key) and task.state == "memory"
            for key, task in list(client.cluster.scheduler.tasks.items())
        ):
            time.sleep(0.001)
        action()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_a_killed_worker_costs_its_tiles_and_not_the_run(processes, small_blocks):
    rng = np.random.default_rng(7)
    weights, directions = neurons(rng, 1300, 40), neurons(rng, 2, 40)
    expected = population_error(weights, directions, client=processes, method="iterative")
    assert no_trace(processes)
    victim, *_ = pids = list(processes.run(os.getpid).values())
    thread = once_products_run(processes, lambda: os.kill(victim, signal.SIGKILL))
    found = population_error(weights, directions, client=processes, method="iterative")
    thread.join()
    assert np.array_equal(found.coefficients, expected.coefficients)
    processes.wait_for_workers(2, timeout=60)
    assert victim not in processes.run(os.getpid).values() and len(pids) == 2
    assert no_trace(processes)


def test_ctrl_c_of_the_terminal_does_not_end_workers_that_hold_rows(processes, small_blocks):
    rng = np.random.default_rng(14)
    features, x = unit(neurons(rng, 600, 7), None), rng.standard_normal((600, 2))
    processes.wait_for_workers(2, timeout=60)
    pids = processes.run(os.getpid)
    with cluster.Cluster(processes, False).holding(features) as gram_of:
        for pid in pids.values():
            os.kill(pid, signal.SIGINT)
        found = product(gram_of(features), x)
        assert processes.run(os.getpid) == pids
    expected = product(ComputedGram(features, Workers(None)), x)
    assert_close(found, expected, 1e-13 * np.sum(np.abs(x), axis=0))
    deaf = processes.run(lambda: signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
    assert not any(deaf.values())


def test_a_worker_that_is_lost_while_the_rows_are_sent(here, monkeypatch):
    send, failures = here.register_plugin, [distributed.comm.CommClosedError("lost")]

    def sometimes(*arguments, **options):
        if failures:
            raise failures.pop()
        return send(*arguments, **options)

    monkeypatch.setattr(here, "register_plugin", sometimes)
    rng = np.random.default_rng(12)
    weights, directions = neurons(rng, 300, 20), neurons(rng, 1, 20)
    found = population_error(weights, directions, client=here, method="iterative")
    assert found.converged and not failures
    monkeypatch.setattr(cluster, "ATTEMPTS", 1)
    failures.append(distributed.comm.CommClosedError("lost for ever"))
    with pytest.raises(OSError, match="lost for ever"):
        population_error(weights, directions, client=here, method="iterative")


def test_an_interruption_ends_the_tasks_and_leaves_the_client_usable(here, monkeypatch):
    """A block of 55 tiles, 5 s if it were not ended."""
    slow = ComputedGram.tile
    calls = []

    def tile(self, *place):
        calls.append(place)
        time.sleep(0.1)
        return slow(self, *place)

    monkeypatch.setattr(ComputedGram, "tile", tile)
    rng = np.random.default_rng(8)
    weights, directions = neurons(rng, 2500, 20), neurons(rng, 2, 20)

    main = threading.main_thread()

    def interrupt():
        while len(calls) < 2:
            time.sleep(0.001)
        signal.pthread_kill(main.ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        population_error(weights, directions, client=here, method="iterative")
    thread.join()
    assert no_trace(here)
    ended = len(calls)
    time.sleep(0.5)
    assert len(calls) <= ended + 1 < 30
    monkeypatch.undo()
    assert here.submit(sum, [1, 2]).result(timeout=10) == 3
    found = population_error(weights, directions, client=here, method="iterative")
    same_result(
        found,
        population_error(weights, directions, method="iterative"),
        np.sum(directions**2, axis=1) / 2,
        1e-13,
    )


def test_progress_within_a_product(here, small_blocks, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "SECONDS", 0.001)
    rng = np.random.default_rng(9)
    weights, directions = neurons(rng, 1500, 20), neurons(rng, 1, 20)
    population_error(weights, directions, client=here, method="iterative", progress=True)
    said = capsys.readouterr().err
    assert "population_error: iteration 1, residual" in said
    assert " of 29 tasks of a product, " in said  # 21 blocks in 6 rows, 6 sums, 2 for the vector


def test_clients_that_cannot_be_used_are_refused(here, monkeypatch):
    weights, directions = np.eye(3), np.eye(3)[:1]

    def call(client, method="iterative"):
        return population_error(weights, directions, client=client, method=method)

    closed = distributed.Client(here.cluster)
    closed.close()
    with pytest.raises(ValueError, match="client must be connected to a cluster, got one whose st"):
        call(closed)
    with pytest.raises(ValueError, match=r"client must be a distributed.Client that is not"):
        call("tcp://127.0.0.1:8786")
    with pytest.raises(ValueError, match='client must be None for method "dense"'):
        call(here, "dense")
    monkeypatch.setattr(cluster, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'randomfeatures\[cluster\]'"):
        call(here)


def test_tasks_that_somebody_cancels_are_told_in_words(here, monkeypatch):
    begun = threading.Event()
    monkeypatch.setattr(ComputedGram, "tile", lambda *_: (begun.set(), time.sleep(0.2)))

    def cancel():
        begun.wait()
        here.cancel([distributed.Future(key, here) for key in list(here.futures)])

    thread = threading.Thread(target=cancel)
    thread.start()
    rng = np.random.default_rng(10)
    weights, directions = neurons(rng, 600, 20), neurons(rng, 1, 20)
    with pytest.raises(RuntimeError, match="the cluster gave up the tasks of a product"):
        population_error(weights, directions, client=here, method="iterative")
    thread.join()
    assert no_trace(here)


def test_without_a_client_distributed_is_not_imported():
    code = "import sys, numpy as np\n"
    code += "from randomfeatures.sharp.population_error import population_error as e\n"
    code += "e(np.eye(3), np.eye(3)[:1])\n"
    code += "sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
