"""Answers of book/beyond/lazy-training-limits.md."""

from asking import Question

from randomfeatures.beyond.lazy_training_limits import neural_tangent_limit, random_features_limit

RF = [random_features_limit(0.5, chi) for chi in (1.0, 0.0)]
NT = [neural_tangent_limit(0.5, chi) for chi in (1.0, 0.0)]
N, D = 20, 10

QUESTIONS = [
    Question(
        "ex-lazy-three-targets",
        right=(RF[0], NT[0], 0.5, RF[1], NT[1], 0.5),
        wrong={
            "Those are the shares that are captured, not the risks.": (
                1 - RF[0],
                1 - NT[0],
                0.5,
                1 - RF[1],
                1 - NT[1],
                0.5,
            ),
            "Sixth: the network takes both signs, but only N eigenvalues in all.": (
                (None,) * 5 + (0,)
            ),
            "Sixth: that is the tangent model; the matrices of the network have rank N.": (
                (None,) * 5 + (0.25,)
            ),
            "Fourth and fifth: the trace of this matrix is zero, and so is its trace share.": (
                None,
                None,
                None,
                RF[0],
                NT[0],
                None,
            ),
            "Second: that is for trace share 0; the identity has 1.": (
                None,
                NT[1],
                None,
                None,
                None,
                None,
            ),
            "First: N/d is one half, and N/(d + N) is what random features capture.": (
                0.5,
                None,
                None,
                None,
                None,
                None,
            ),
        },
    ),
    Question(
        "ex-lazy-half",
        right=(N, N * (1 + 2 / D) + N * (N - 1) / D),
        digits=0,
        wrong={
            "Second: the weights are not of length one; the diagonal has E|w|⁴.": (
                None,
                N + N * (N - 1) // D,
            ),
            "Second: there are N(N - 1) pairs of different weights.": (
                None,
                N + 2 * N // D + N * N // D,
            ),
            "Second: the diagonal is all, and the other pairs are missing.": (
                None,
                N + 2 * N // D,
            ),
            "Second: the different pairs are all, and the diagonal is missing.": (
                None,
                N * (N - 1) // D,
            ),
            "Second: the formula neglects terms that this asks for.": (None, N + N * N // D),
            "First: the covariance has trace one, and B is the identity.": (N // D, None),
            "First: the lengths are one in the mean square, not √d.": (N * D, None),
        },
    ),
]
