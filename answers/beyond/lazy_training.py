"""Answers of book/beyond/lazy-training.md."""

from asking import Question

from randomfeatures.beyond.lazy_training_limits import (
    expected_neural_tangent_risk,
    neural_tangent_limit,
)


def captured(d: float, chi: float) -> float:
    return 1 - expected_neural_tangent_risk(int(d), 1, chi)


QUESTIONS = [
    Question(
        "ex-lazy-dimension",
        right=(0, 1 - neural_tangent_limit(0.5, 0.0)),
        wrong={
            "Second: that is what is left, not what the dimension entitles to.": (None, 0.25),
            "Second: that is N/d; the dimension of the tangent model is not N d.": (None, 0.5),
            "Second: N d features, but a symmetric matrix has half as many entries; and they are "
            "not independent.": (None, 1),
            "First: N is compared with d² here, not with d.": (0.5, None),
            "First: that is what the identity gives; it is not a matter of dimensions.": (
                1 / 3,
                None,
            ),
        },
    ),
    Question(
        "ex-lazy-one-weight",
        right=captured,
        at=[{"d": 5, "chi": 0.0}, {"d": 5, "chi": 1.0}, {"d": 40, "chi": 0.3}],
        wrong={
            "That is the risk, what is left.": lambda d, chi: 1 - captured(d, chi),
            "The inner block <u, Bu>² is counted twice in 2|Bu|²: subtract it once.": (
                lambda d, chi: 2 / d
            ),
            "The inner block has been subtracted twice.": (
                lambda d, chi: 2 / d - 2 * (2 + d * chi) / (d * (d + 2))
            ),
            "E<u, Bu>² has two terms; that of the trace is missing.": (
                lambda d, chi: 2 / d - 2 / (d * (d + 2))
            ),
            "The squared trace is d χ times the squared norm, not χ.": (
                lambda d, chi: 2 / d - (2 + chi) / (d * (d + 2))
            ),
            "Only one of the two off-diagonal blocks is counted.": (lambda d, chi: 1 / d),
        },
    ),
]
