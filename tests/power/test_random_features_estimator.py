"""Ridge on random features in scikit-learn's conventions: its own checks, its own ridge, pipelines,
and batches."""

import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.power.random_features import ReLUFeatures, minimum_norm

pytest.importorskip("sklearn")
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from randomfeatures.power.random_features_estimator import RandomFeatureRidge

X = np.random.default_rng(0).standard_normal((40, 4))
Y = np.random.default_rng(1).standard_normal((40, 3))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        RandomFeatureRidge(r=30),
        RandomFeatureRidge(r=30, penalty=0),
        RandomFeatureRidge(r=20, batch_rows=7),
    ]
)
def test_the_estimator_keeps_the_conventions(estimator, check):
    check(estimator)


def test_the_estimator_is_scikit_learns_ridge_on_the_features():
    ours = RandomFeatureRidge(r=15, penalty=0.4, bias_scale=0.7, random_state=3, batch_rows=11).fit(
        X, Y
    )
    features = ReLUFeatures.sample(np.random.default_rng(3), 15, 4, bias_scale=0.7)
    theirs = Ridge(alpha=0.4, fit_intercept=False).fit(features(X), Y)
    new = np.random.default_rng(9).standard_normal((23, 4))
    assert_close(ours.coef_, theirs.coef_.T, 1e-11)
    assert_close(ours.predict(new), theirs.predict(features(new)), 1e-11)


def test_partial_fits_are_one_fit_and_a_fit_forgets():
    whole = RandomFeatureRidge(r=15, penalty=0.4).fit(X, Y)
    parts = RandomFeatureRidge(r=15, penalty=0.4).partial_fit(X[:13], Y[:13])
    first = parts.predict(X)
    assert_close(first, RandomFeatureRidge(r=15, penalty=0.4).fit(X[:13], Y[:13]).predict(X), 1e-11)
    parts.partial_fit(X[13:], Y[13:])
    assert_close(parts.predict(X), whole.predict(X), 1e-11)
    assert np.max(np.abs(first - whole.predict(X))) > 0.1
    assert np.array_equal(
        parts.fit(X[:13], Y[:13]).predict(X),
        RandomFeatureRidge(r=15, penalty=0.4).fit(X[:13], Y[:13]).predict(X),
    )


def test_minimum_norm_estimator_interpolates_and_its_cutoff_counts():
    assert_close(RandomFeatureRidge(r=200, penalty=0).fit(X, Y).predict(X), Y, 1e-6)
    features = ReLUFeatures.sample(np.random.default_rng(0), 200, 4, bias_scale=1.0)
    assert_close(
        RandomFeatureRidge(r=200, penalty=0, cutoff=0.1).fit(X, Y).coef_,
        minimum_norm(features(X), Y, cutoff=0.1),
        1e-10,
    )


def test_pipelines_and_searches_find_the_penalty():
    """Target: the features' own model plus noise; the search takes the best of three penalties, and
    the pipeline scales the columns."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((300, 4)) * np.array([100.0, 0.01, 1.0, 5.0]) + 7
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    y = np.abs(z[:, 0]) + z[:, 1] + 0.1 * rng.standard_normal(300)
    pipeline = make_pipeline(StandardScaler(), RandomFeatureRidge(r=200))
    search = GridSearchCV(pipeline, {"randomfeatureridge__penalty": [1e-7, 1.0, 1e6]}, cv=3).fit(
        x, y
    )
    assert search.best_params_ == {"randomfeatureridge__penalty": 1.0}
    assert search.best_score_ > 0.9
    by_hand = RandomFeatureRidge(r=200, penalty=1.0).fit(z, y)
    assert_close(search.predict(x), by_hand.predict(z), 1e-8)
    assert (
        RandomFeatureRidge(r=200, penalty=1.0).fit(x, y).score(x, y) < by_hand.score(z, y) - 0.05
    )  # without the scaler


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"penalty": -1.0}, "penalty must be a finite real number >= 0, got -1.0"),
        ({"r": 0}, "r must be an integer >= 1, got 0"),
        ({"bias_scale": math.nan}, "bias_scale must be a finite real number >= 0, got nan"),
        ({"random_state": -1}, "random_state must be an integer >= 0, got -1"),
        ({"batch_rows": 0}, "batch_rows must be an integer >= 1, got 0"),
        (
            {"penalty": 0, "cutoff": 2.0},
            r"cutoff must be a finite real number >= .* and <= 1, got 2.0",
        ),
    ],
)
def test_bad_parameters_are_refused_when_fitted(parameters, message):
    with pytest.raises(ValueError, match=message):
        RandomFeatureRidge(**parameters).fit(X, Y)


def test_another_number_of_columns_is_refused():
    fitted = RandomFeatureRidge(r=5).fit(X, Y)
    with pytest.raises(
        ValueError,
        match="X has 3 features, but RandomFeatureRidge is expecting 4 features as input",
    ):
        fitted.predict(X[:, :3])
    with pytest.raises(ValueError, match="targets must have"):
        fitted.partial_fit(X, Y[:, 0])


def test_random_states_by_the_conventions_of_scikit_learn():
    def weights(state):
        return RandomFeatureRidge(r=5, random_state=state).fit(X, Y).features_.weights

    assert np.array_equal(weights(3), weights(np.int64(3)))
    assert np.array_equal(weights(np.random.RandomState(3)), weights(np.random.RandomState(3)))
    assert not np.array_equal(weights(np.random.RandomState(3)), weights(np.random.RandomState(4)))
    state = np.random.RandomState(3)
    assert not np.array_equal(weights(state), weights(state))  # it goes on
    assert np.array_equal(weights(np.random.default_rng(3)), weights(3))
    assert not np.array_equal(weights(None), weights(None))
