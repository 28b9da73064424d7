"""The larger runs draw the random numbers that their kept results were made with."""

import hashlib
import importlib

import numpy as np
import pytest

import amplification
import lazy_training
from randomfeatures.chapters import results
from sweeps import grid, point_rng, typed_point_rng
from sweeps_lines import key_of, text_of

FEATURES = grid(d=[lazy_training.D], N=lazy_training.FEATURES, seed=lazy_training.SEEDS)


@pytest.mark.parametrize(
    ("points", "digest"),
    [
        (
            amplification.points(),
            "3a3056c1487e873cae419a16dba7b4fef16a24adc18c08da33180282cfb1be87",
        ),
        (
            FEATURES + lazy_training.networks(),
            "87a1c7a7645b840008862f400c57e5c9464439f2a41c46825c91ce5e1b5037d8",
        ),
    ],
)
def test_the_points_are_those_of_the_kept_results(points, digest):
    texts = "\n".join(text_of(point) for point in points)
    assert hashlib.sha256(texts.encode()).hexdigest() == digest
    for point in points:
        expected = int(hashlib.sha256(text_of(point).encode()).hexdigest(), 16)
        rng = np.random.default_rng(np.random.SeedSequence(expected))
        assert typed_point_rng(point).random() == rng.random()


@pytest.mark.parametrize("name", ["chaotic-series", "prediction", "pruning", "reservoirs"])
def test_the_kept_records_are_those_of_the_points(name):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    experiment = importlib.import_module(name.replace("-", "_"))
    points = experiment.points()
    records = results.read(name)["records"]
    assert [{key: record[key] for key in points[0]} for record in records] == points


def test_feedback_alignment_keeps_one_step_for_each_feedback_and_width():
    pytest.importorskip("sklearn")
    import feedback_alignment as experiment

    records = results.read("feedback-alignment")["records"]
    names = ("seed", "width", "feedback", "step")
    kept = [{name: record[name] for name in names} for record in records]
    assert all(point in experiment.points() for point in kept)
    runs = {(point["feedback"], point["width"], point["seed"]) for point in kept}
    cells = len(experiment.FEEDBACKS) * len(experiment.WIDTHS) * len(experiment.SEEDS)
    assert len(runs) == len(kept) == cells
    assert len({(p["feedback"], p["width"], p["step"]) for p in kept}) * 5 == cells


def test_whole_floats_are_why_they_have_generators_of_their_own():
    point = amplification.points()[0]
    assert text_of(point) != key_of(point)
    assert typed_point_rng(point).random() != point_rng(point).random()


def test_prior_kernel_has_no_whole_floats_and_needs_none():
    pytest.importorskip("sklearn")
    import prior_kernel

    point = {"network": "ReLU, width 2", "largest_R": 1024, "split": 0, "train": 1000, "test": 797}
    assert set(point) == set(prior_kernel.initialised.__annotations__) - {"rng", "return"}
    assert text_of(point) == key_of(point)
