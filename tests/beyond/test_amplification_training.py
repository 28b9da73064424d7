"""Amplification, training: gradients against autograd, small problems, the larger run."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from amplification_parts import SEEDS, positive, problem
from checks import assert_close
from hypothesis import given, settings
from scipy import special

from randomfeatures.beyond.amplification import alignment, random_features_risk
from randomfeatures.beyond.amplification_clusters import XORClusters, linear_error
from randomfeatures.beyond.amplification_training import (
    classification_error,
    initial_network,
    linear_classifier,
    loss_gradient,
    network,
    train,
    train_readout,
)
from randomfeatures.chapters import results
from sweeps import point_rng

ROOT = Path(__file__).parents[2]


# --- training


@given(SEEDS)
@settings(max_examples=25)
def test_gradient_against_autograd(seed):
    clusters, W, a, rng = problem(seed)
    x, _, y = clusters.sample(rng, 30)
    loss, gradient = loss_gradient(W, a, x, y)
    moving = torch.tensor(W, requires_grad=True)
    f = torch.relu(torch.tensor(x) @ moving.T) @ torch.tensor(a)
    truth = torch.logaddexp(-torch.tensor(y) * f, torch.zeros(30)).mean()
    truth.backward()
    assert_close(loss, truth.item(), 1e-13 * truth.item())
    size = float(moving.grad.abs().max())
    assert_close(gradient / size, moving.grad.numpy() / size, 1e-11)


def test_huge_margins_do_not_overflow():
    x, y = np.array([[1.0], [1.0]]), np.array([1.0, -1.0])
    loss, gradient = loss_gradient(np.array([[1e6]]), np.array([1.0]), x, y)
    assert loss == 5e5 and gradient[0, 0] == 0.5


def test_training_is_the_repeated_step_and_keeps_what_is_asked():
    clusters, W, a, rng = problem(3)
    x, _, y = clusters.sample(rng, 50)
    path = train(W, a, x, y, 0.01, 4, keep=(0, 2))
    assert list(path) == [0, 2, 4] and path[0] is W
    moved = W
    for t in range(1, 5):
        moved = moved - 0.01 * loss_gradient(moved, a, x, y)[1]
        assert t not in path or np.array_equal(path[t], moved)
    single = train(*(array.astype(np.float32) for array in (W, a, x, y)), 0.01, 4)
    assert single[4].dtype == np.float32 and np.allclose(single[4], path[4], rtol=1e-4, atol=1e-4)
    assert list(train(W, a, x, y, 0.01, 0)) == [0]


def test_the_start():
    W, a = initial_network(np.random.default_rng(0), 400, 200, 0.03)
    assert_close(np.std(W), 0.03, 4 * 0.03 / math.sqrt(2 * W.size))
    assert np.allclose(a[:200], 0.05) and np.allclose(a[200:], -0.05)


def small_run(seed=0, flip=0.15):
    """The quick setting in small: trained network, readout on the same start, linear classifier."""
    clusters, rng = XORClusters(d=30, separation=4.0, flip=flip), np.random.default_rng(seed)
    x, _, y = clusters.sample(rng, 1500)
    test, clean, _ = clusters.sample(rng, 20_000)
    W, a = initial_network(rng, 60, 30, 0.01)
    path = train(*(array.astype(np.float32) for array in (W, a, x, y)), 0.1, 150)
    return clusters, x, y, test, clean, W, a, path[150].astype(float)


def test_the_network_beats_its_frozen_self_and_the_line():
    clusters, x, y, test, clean, W, a, end = small_run()
    trained = classification_error(network(end, a, test), clean)
    frozen = min(
        classification_error(network(W, train_readout(W, a, x, y, ridge), test), clean)
        for ridge in (1e-3, 1e-2, 1e-1)
    )
    u, b = linear_classifier(x, y, ridge=1e-3)
    assert clusters.bayes_error() - 0.002 < trained < 0.015
    assert 10 * trained < frozen < 0.4
    assert abs(linear_error(u, b, clusters) - 0.5) < 0.03
    # Amplified: what was a cosine of about 1/√d at the start is near 1 at the end for most neurons,
    # and near 0 for the other pair.
    own = np.abs(np.stack(alignment(end, clusters))[np.repeat([0, 1], 30), np.arange(60)]) / 4
    other = np.abs(np.stack(alignment(end, clusters))[np.repeat([1, 0], 30), np.arange(60)]) / 4
    assert np.median(own) > 0.8 and np.median(other) < 0.1
    assert random_features_risk(end, clusters) < 0.2 < 0.3 < random_features_risk(W, clusters)


def test_the_trained_readout_is_a_minimiser():
    clusters, W, a, rng = problem(12)
    x, _, y = clusters.sample(rng, 200)
    ridge = 0.03
    readout = train_readout(W, a, x, y, ridge)
    v = np.mean(positive(x @ W.T) ** 2)

    def objective(u):
        return np.mean(np.logaddexp(0, -y * (positive(x @ W.T) @ u))) + ridge * v * (u @ u) / 2

    least = objective(readout)
    for direction in np.concatenate([np.eye(6), rng.standard_normal((6, 6))]):
        for small in (-1e-2, 1e-2):
            assert objective(readout + small * direction / math.sqrt(v)) > least
    margin = y * (positive(x @ W.T) @ readout)
    gradient = ridge * v * readout - (y * special.expit(-margin)) @ positive(x @ W.T) / len(y)
    assert np.max(np.abs(gradient)) < 2e-5 * math.sqrt(v)
    # The fitted function ignores the scale of W.
    assert np.allclose(
        train_readout(1e-4 * W, a, x, y, ridge) * 1e-4,
        readout,
        rtol=1e-3,
        atol=1e-4 * np.max(np.abs(readout)),
    )


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location(
        "experiments_amplification", ROOT / "experiments" / "amplification.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("model", ["linear", "features", "network"])
def test_the_experiment_runs_at_a_tiny_point(experiment, model):
    point = {
        "model": model,
        "d": 6,
        "separation": 4.0,
        "n": 300,
        "flip": 0.1,
        "m": 8,
        "step": 0.5,
        "steps": 60,
        "fresh": 1000,
        "seed": 0,
    }
    record = point | experiment.run(point_rng(point), **point)
    assert 0 <= record["clean_error"] <= 0.7
    assert set(point) <= set(experiment.points()[0])
    if model == "network":
        assert record["times"].tolist() == [0, 1, 3, 10, 30, 60] and record["cosines"].shape == (
            6,
            2,
            8,
        )
        assert record["clean_errors"][-1] == record["clean_error"] < 0.1 < record["clean_errors"][0]
    assert experiment.summary(record)["observed_error"] == 0.1 + 0.8 * record["clean_error"]


def test_the_result_file_is_that_of_the_experiment(experiment):
    kept = results.read("amplification")
    assert kept["command"] == experiment.COMMAND
    assert (
        kept["settings"]["omega"] == experiment.OMEGA
        and kept["settings"]["steps"] == experiment.STEPS
    )
    names = ("model", "n", "flip", "m", "step", "seed")
    assert sorted(tuple(r[k] for k in names) for r in kept["records"]) == sorted(
        tuple(p[k] for k in names) for p in experiment.points()
    )
    main = [r for r in kept["records"] if "cosines" in r]
    assert len(main) == 1 and experiment.is_main(main[0])
    for r in kept["records"]:
        assert r["observed_error"] >= r["bayes"] - 0.002  # Monte Carlo: 20 000 fresh samples
