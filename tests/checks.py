"""A comparison that knows its wrong twin: a formula that is 2 % off must not pass."""

import numpy as np


def assert_close(value, truth, error):
    """Every ``value`` is within ``error`` of its ``truth``, and some ``1.02 * value`` is not: the
    check could have failed.
    """
    value, truth = np.asarray(value, dtype=float), np.asarray(truth, dtype=float)
    assert value.shape == truth.shape, f"shapes {value.shape} and {truth.shape}"
    difference = np.abs(value - truth)
    assert np.all(difference <= error), (
        f"largest difference {np.max(difference):.3g}, "
        f"largest excess {np.max(difference - error):.3g}"
    )
    assert np.any(np.abs(1.02 * value - truth) > error), (
        "a value 2 % too large passes: the error allowed is too coarse"
    )
