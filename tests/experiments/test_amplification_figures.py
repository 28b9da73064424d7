"""The two figures of the paper: its settings, its steps, and the run that was kept."""

import math

import numpy as np
import pytest

import amplification_figures as experiment
from randomfeatures.beyond.amplification_training import initial_network, network, train
from randomfeatures.chapters import results

SIGMA_FEW = 5000 ** (-0.6)


@pytest.mark.parametrize(("steps", "longest"), [(1, 1), (7, 1), (3000, 1), (10**6, 100), (999, 7)])
def test_the_steps_between_the_looks_are_all_of_them_and_not_too_long(steps, longest):
    done = 0
    for count, each in experiment.segments(steps, longest):
        assert 1 <= each <= min(longest, max(1, done / 50)) and count >= 1
        done += count * each
    assert done == steps


def few_samples(d=40, n=9):
    rng = np.random.default_rng(5)
    x, _, y = experiment.independent(rng, experiment.law(2, d), n)
    others = experiment.independent(rng, experiment.law(2, d), 30)[0]
    W, a = (v.astype(np.float32) for v in initial_network(rng, 6, d, 0.3))
    return W, a, x, y, others


@pytest.mark.parametrize("n", [9, 1203])
def test_descent_in_parts_is_that_of_the_package(n):
    W, a, x, y, _ = few_samples(n=n)
    moved = experiment.descend(W, a, x, y, 2.0, 20)
    assert np.allclose(moved, train(W, a, x, y, 2.0, 20)[20], rtol=0, atol=1e-5)
    assert not np.allclose(moved, W, rtol=0, atol=1e-2) and moved.dtype == np.float32


@pytest.mark.parametrize("n", [9, 90])
def test_few_samples_train_in_their_span_as_in_the_whole_space(n):
    W, a, x, y, others = few_samples(n=n)
    (short, inputs, fresh), outside = experiment.in_their_span(W, x, others)
    assert short.shape == (6, min(n, 40))
    whole = experiment.descend(W, a, x, y, 2.0, 30)
    short = experiment.descend(short, a, inputs, y, 2.0, 30)
    assert np.allclose(inputs @ short.T, x @ whole.T, rtol=0, atol=1e-4)
    assert np.allclose(fresh @ short.T + outside, others @ whole.T, rtol=0, atol=1e-4)
    assert not np.allclose(fresh @ short.T, others @ whole.T, rtol=0, atol=1e-2) or n == 90


def test_each_cluster_has_its_share_of_wrong_labels():
    clusters = experiment.law(2, 300)
    x, clean, observed = experiment.within_clusters(np.random.default_rng(6), clusters, 1000)
    shares = []
    for axis in (0, 1):
        for side in (1, -1):
            there = side * x[:, axis] > 0.5
            assert np.all(clean[there] == (1 if axis == 0 else -1)) and there.sum() > 200
            shares.append((there.sum(), np.sum(observed[there] != clean[there])))
    assert sum(size for size, _ in shares) == 1000
    assert all(wrong == round(0.15 * size) for size, wrong in shares)


def test_the_laws_are_those_of_the_captions():
    for figure, d, sigma in ((1, 2, math.sqrt(1 / 50)), (2, 5000, SIGMA_FEW)):
        clusters = experiment.law(figure, d)
        assert clusters.sigma == pytest.approx(sigma, rel=1e-12) and clusters.flip == 0.15
        assert np.linalg.norm(clusters.mu_1) == pytest.approx(1, rel=1e-12)


def test_rays_are_where_the_sign_changes():
    turn = math.radians(7)
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    W, a = np.vstack([axes[0], -axes[0], axes[1], -axes[1]]), np.array([1.0, 1.0, -1.0, -1.0])
    assert experiment.rays(W, a) == pytest.approx(np.array([52, 142, 232, 322]), abs=1e-4)


def test_the_kept_records_are_those_of_the_points():
    kept = results.read("amplification-figures")
    assert kept["command"] == experiment.COMMAND
    names = ("figure", "n", "d", "steps", "longest", "seed")
    points = experiment.points()
    assert [[r[k] for k in names] for r in kept["records"]] == [
        [p[k] for k in names] for p in points
    ]
    for record in kept["records"]:
        assert record["times"][-1] == record["steps"]


@pytest.mark.parametrize("which", ["figure 1", "few"])
def test_the_first_steps_are_those_that_were_kept(which):
    kept = results.read("amplification-figures")["records"]
    point, record = next(
        (point, record)
        for point, record in zip(experiment.points(), kept, strict=True)
        if (point["figure"] == 1) == (which == "figure 1")
    )
    short = point | {"steps": 4}
    found = experiment.run(experiment.of_the_data(short), **short)
    for name in ("loss", "moved", "train_error", "train_clean_error", "test_error"):
        assert found[name] == pytest.approx(np.array(record[name][:5]), rel=1e-3, abs=1e-3), name


def test_the_start_has_the_variance_of_the_captions():
    point = next(p for p in experiment.points() if p["figure"] == 1) | {"n": 40, "fresh": 10}
    record = experiment.run(experiment.of_the_data(point), **(point | {"steps": 1, "m": 8}))
    rng = experiment.of_the_data(point)
    clusters = experiment.law(1, 2)
    x, _, y = experiment.independent(rng, clusters, 40)
    experiment.independent(rng, clusters, 10)
    W, a = initial_network(rng, 8, 2, math.sqrt(1 / (32 * 8)))
    loss = np.mean(np.logaddexp(0, -y * network(W, a, x.astype(float))))
    assert record["loss"][0] == pytest.approx(loss, rel=1e-6)
