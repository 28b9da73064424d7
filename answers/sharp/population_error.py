"""Answers of book/sharp/population-error.md."""

import numpy as np
from asking import Question

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import sample_sphere

SEVEN = sample_sphere(np.random.default_rng(0), 7, 4)
WEIGHTS = np.vstack([SEVEN, -SEVEN[:6]])
GRAM = dual_relu(np.clip(WEIGHTS @ WEIGHTS.T, -1, 1))

QUESTIONS = [
    Question(
        "ex-sandwich-singular",
        right=int(np.linalg.matrix_rank(GRAM, tol=1e-9)),
        digits=0,
        wrong={
            "That is the number of features; they are not independent.": 13,
            "That counts the even parts only; what is the kernel?": 7,
            "One less than the features? More linear functions depend on each other.": 12,
            "The modulus of the unpaired weight counts as well.": 10,
        },
    ),
]
