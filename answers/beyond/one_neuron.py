"""Answers of book/beyond/one-neuron.md."""

from math import pi, sqrt

import numpy as np
from asking import Question

from randomfeatures.beyond.one_neuron import contraction_constant, simple_contraction_constant
from randomfeatures.beyond.one_neuron_rates import CURVATURE, distance_after_step
from randomfeatures.foundations.dual_activations import dual_relu

RIGHT_ANGLE = np.array(pi / 2)
SHARP = float(contraction_constant(RIGHT_ANGLE))
SIMPLE = float(simple_contraction_constant(RIGHT_ANGLE))
ACROSS = float(dual_relu(np.array(0.0)))

QUESTIONS = [
    Question(
        "ex-one-neuron-squares",
        right=(4 * SHARP, sqrt(1 - 4 * SHARP**2)),
        wrong={
            "Second: that is the factor on the square of the distance.": (
                None,
                1 - 4 * SHARP**2,
            ),
            "First: the derivative of the quadratic polynomial is off by 2.": (2 * SHARP, None),
            "That is the simple constant with the longer gradient bound.": (
                SIMPLE,
                sqrt(1 - SIMPLE**2),
            ),
            "That is the simple constant; part 3 has a larger one.": (
                4 * SIMPLE,
                sqrt(1 - 4 * SIMPLE**2),
            ),
            "First: that is the length for the gradient bound ‖w - v‖, without its half.": (
                SHARP,
                None,
            ),
            "Second: that is part 2 of the theorem at this step length.": (
                None,
                distance_after_step(1.0, 4 * SHARP),
            ),
            "Second: that is part 2 of the theorem at step length two.": (None, CURVATURE),
        },
    ),
    Question(
        "ex-one-neuron-critical",
        right=(0, -ACROSS, -0.5),
        wrong={
            "The loss falls where it falls: mind the signs.": (0, ACROSS, 0.5),
            "That is the mean squared error, without the half in the loss.": (0, -2 * ACROSS, -1),
            "Third: that is half of it; differentiate ¼(τ - 1)².": (None, None, -0.25),
            "Third: a Gaussian mean is missing its half.": (None, None, -1),
            "Second: a factor 2.": (None, -2 * ACROSS, None),
            "First: the loss there has no term of first order in τ.": (-0.5, None, None),
        },
    ),
]
