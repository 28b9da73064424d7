"""Networks trained on quadratics and on the mixture: they come near what is best; the larger run in
small."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from checks import assert_close
from lazy_training_parts import (
    mixture_nodes,
    symmetric,
    with_norm,
)

from randomfeatures.beyond.lazy_training import network_risk, neural_network_risk
from randomfeatures.beyond.lazy_training_descent import train_mixture_network, train_network
from randomfeatures.beyond.lazy_training_mixture import (
    mixture_neural_network_risk,
)

# --- training


@pytest.mark.parametrize("kind", ["plus", "minus", "both"])
def test_a_trained_network_comes_near_the_best(kind):
    rng = np.random.default_rng(4)
    lam = rng.exponential(1, 20) * {"plus": 1, "minus": -1, "both": np.tile([1, -1], 10)}[kind]
    frame = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    B = (frame * lam) @ frame.T
    network = train_network(rng, B, 6, 4000, checks=10)
    assert network.steps == tuple(range(0, 4001, 400)) and len(network.risk) == 11
    assert network.risk[-1] == pytest.approx(
        network_risk(B, network.W, network.a, network.c), abs=1e-12
    )
    best = neural_network_risk(B, 6)
    assert best <= network.risk[-1] < best + 0.1 and network.risk[0] > 0.8
    assert set(network.a) == {"plus": {1.0}, "minus": {-1.0}, "both": {1.0, -1.0}}[kind]
    if kind != "both":  # else 3 neurons of each sign need not be what is best
        assert network.risk[-1] < best + 0.002


def test_a_trained_network_on_the_mixture_comes_near_the_best():
    rng = np.random.default_rng(5)
    Delta = with_norm(symmetric(rng, 6), 0.9)
    network = train_mixture_network(rng, Delta, 12, 8000, step_size=0.5)
    best = mixture_neural_network_risk(Delta, 12)
    assert best <= network.risk[-1] < best + 0.02 and network.risk[0] > best + 0.1
    M = (network.W.T * network.a) @ network.W
    x, p, y = mixture_nodes(Delta)
    direct = p @ (y - np.sum((x @ M) * x, axis=1) - network.c) ** 2
    assert_close(network.risk[-1], direct, 1e-10)


def test_training_is_a_function_of_its_generator_and_says_when_it_fails():
    B = np.diag([1.0, 2.0, 0.5])
    first, second = (train_network(np.random.default_rng(1), B, 2, 50) for _ in range(2))
    assert first.risk == second.risk and np.array_equal(first.W, second.W)
    scaled = train_network(np.random.default_rng(1), 100 * B, 2, 50)
    assert scaled.risk == pytest.approx(
        first.risk, abs=1e-4
    )  # the step knows the size of the target
    with pytest.raises(RuntimeError, match=r"step_size 50\.0 is too large"):
        train_network(np.random.default_rng(1), B, 2, 500, step_size=50.0)


# --- the larger run


def test_the_experiment_runs_at_a_small_point():
    path = Path(__file__).parents[2] / "experiments" / "lazy_training.py"
    spec = importlib.util.spec_from_file_location("lazy_training", path)
    experiment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(experiment)
    found = experiment.sampled(np.random.default_rng(0), 8, 3, 0)
    assert found["random_features"] > found["neural_tangent"] > found["neural_network"] > 0
    assert (
        1
        > found["mixture_random_features"]
        > found["mixture_neural_tangent"]
        > found["mixture_neural_network"]
    )
    for task in ("target", "mixture"):
        found = experiment.trained(np.random.default_rng(0), 8, 3, task, 1000, 1.0)
        assert (
            found["best"] <= found["risk"] < found["best"] + 0.02
            and found["curve"][0] > found["risk"]
        )


@pytest.mark.parametrize("size", [1e-200, 1e-30, 3.0, 1e30, 1e200])
def test_training_knows_the_size_of_the_target(size):
    B = np.diag([1.0, 2.0, 0.5])
    plain = train_network(np.random.default_rng(1), B, 2, 50)
    scaled = train_network(np.random.default_rng(1), size * B, 2, 50)
    assert scaled.risk == pytest.approx(plain.risk, abs=1e-4)
    assert np.allclose(scaled.W, math.sqrt(size) * plain.W, rtol=1e-3, atol=1e-3 * math.sqrt(size))
    assert scaled.c == pytest.approx(size * plain.c, rel=1e-3)
