"""Networks at initialisation: their laws, the same networks at other inputs; training; the larger
run in small."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from randomfeatures.beyond import prior_kernel_networks
from randomfeatures.beyond.prior_kernel_networks import (
    convolution,
    multilayer,
    sampled_features,
    sampled_kernel,
    train_classifier,
)
from sweeps import sweep

PI = math.pi


def test_the_three_laws_have_mean_0_and_variance_1():
    rng = np.random.default_rng(3)
    for law, fourth in (("gaussian", 3.0), ("uniform", 9 / 5), ("sign", 1.0)):
        w = multilayer((), outputs=500, initialisation=law)(
            rng, math.sqrt(500) * np.eye(500)
        ).ravel()
        sem = w.std() / 500
        assert abs(w.mean()) < 4 * sem
        for moments, truth in ((w**2, 1.0), (w**4, fourth)):
            assert abs(moments.mean() - truth) < max(4 * moments.std() / 500, 1e-12) < 0.03 * truth


def test_features_at_other_inputs_are_of_the_same_networks(monkeypatch):
    x = np.random.default_rng(9).standard_normal((11, 16))
    for network in (
        multilayer((7, 5), bias=0.3),
        convolution((4, 4), 2, 3),
        convolution((4, 4), 2, 3, pooling=True),
    ):
        all_rows = sampled_features(np.random.default_rng(1), network, x, 6)
        assert all_rows.shape == (11, 60) and all_rows.dtype == np.float64
        assert np.allclose(
            sampled_features(np.random.default_rng(1), network, x[4:6], 6),
            all_rows[4:6],
            rtol=1e-12,
        )
        for block in (1, 300, 10**6):
            monkeypatch.setattr(prior_kernel_networks, "BLOCK", block)
            kernel = sampled_kernel(np.random.default_rng(1), network, x[:4], x, 6)
            assert np.allclose(kernel, all_rows[:4] @ all_rows.T, rtol=1e-12, atol=1e-14)
    assert not np.allclose(all_rows[:, :10], all_rows[:, 10:20])


# --- training


@pytest.mark.parametrize(
    "architecture, width, epochs",
    [("multilayer", 20, 20), ("convolution", 8, 20), ("pooling", 8, 40)],
)
def test_trained_networks_learn_and_repeat(architecture, width, epochs):
    """Two kinds of images: a vertical or a horizontal bar at a random place, with noise."""
    rng = np.random.default_rng(16)
    labels, images = rng.integers(0, 2, 300), 0.1 * rng.standard_normal((300, 5, 5))
    for image, label, place in zip(images, labels, rng.integers(0, 5, 300), strict=True):
        (image.T if label else image)[place] += 1.0
    x = images.reshape(300, 25)
    again = [
        train_classifier(
            np.random.default_rng(0),
            x[:200],
            labels[:200],
            architecture,
            width,
            (5, 5),
            epochs=epochs,
            step_size=1e-2,
        )(x)
        for _ in range(2)
    ]
    assert np.array_equal(*again)
    assert np.mean(again[0][200:] == labels[200:]) > 0.95


# --- the larger experiment


def test_the_larger_experiment_runs_small(tmp_path):
    pytest.importorskip("sklearn")
    path = Path(__file__).parents[2] / "experiments" / "prior_kernel.py"
    spec = importlib.util.spec_from_file_location("larger_prior_kernel", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run(experiment, split=0, **point):
        return sweep(
            experiment,
            [point | {"split": split, "train": 40, "test": 20}],
            folder=tmp_path,
            progress=False,
        )[0]

    for network in ("ReLU, width 128", "convolution with pooling, 4 channels"):
        found = run(script.initialised, network=network, largest_R=64)
        assert found["accuracy"].shape == (7, 3) and found["error"].shape == (7,)
        assert np.all(found["accuracy"][-1] > 0.3)
        assert found["error"][-1] < 0.4
    errors = [
        run(script.initialised, network="ReLU, width 128", largest_R=1, split=split)["error"][0]
        for split in range(60)
    ]
    assert (
        abs(np.sqrt(np.mean(np.square(errors))) / run(script.predicted, width=128)["error"] - 1)
        < 0.3
    )
    found = run(script.exact, kernel="ReLU")
    assert found["accuracy"].shape == (3,) and found["components"].shape == (6,)
    record = script.averages(
        [found, run(script.exact, kernel="pixels")], ["accuracy", "components"]
    )
    assert set(record) == {
        "accuracy",
        "accuracy_standard_error",
        "components",
        "components_standard_error",
    }
    assert run(script.trained, network="multilayer, width 128")["right_train"] > 0.9
    for name in script.NETWORKS:
        assert script.NETWORKS[name][2](np.random.default_rng(18), np.ones((2, 64))).shape == (
            2,
            10,
        )
