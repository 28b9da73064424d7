"""Random features: what they can do, what they cannot, and how far a neural network goes beyond
them; the theorems as functions.

A random feature is a function of the input whose weights are drawn once and never trained; a model
of random features fits only their linear combination. The functions of this package give, for
dimension d and width r, what such a model reaches: exactly, in certified bounds, or by a fit. First
example, a bound that no choice of features and coefficients evades:

>>> from randomfeatures.limits.any_coefficients import width_bound
>>> round(width_bound(d=20))  # some neuron in dimension 20 needs more
5507

How many features of any kind does one ReLU neuron in dimension 100 need, for a squared error of 1 %
of |w|^2?

>>> from randomfeatures.sharp.optimum import features_needed
>>> features_needed(d=100, error=0.01)
599521

And what error do 30 given random ReLU features have, exactly, without sampling an input?

>>> import numpy as np
>>> from randomfeatures.foundations.sphere import sample_sphere
>>> from randomfeatures.sharp.population_error import population_error
>>> weights = sample_sphere(np.random.default_rng(0), 30, 10)
>>> population_error(weights, np.eye(10)[:1]).error.round(4)
array([0.1014])

The package mirrors the book: the functions of chapter ``limits/any-coefficients`` are in
``randomfeatures.limits.any_coefficients``, and ``help`` of a part lists its modules.

- ``randomfeatures.power``: what random features can do: fits, sampling, polynomials, kernels,
  training both layers.
- ``randomfeatures.limits``: what they cannot do: the triangle wave, concentration, bounds with
  bounded and with any coefficients.
- ``randomfeatures.sharp``: the sharp limit of one neuron: its spectrum, the optimum over all
  features, the exact error of given ones.
- ``randomfeatures.beyond``: what training gains: one neuron, quadratics, clusters, networks at
  initialisation.
- ``randomfeatures.neighbours``: sixteen papers on the same question, seen from other sides.
- ``randomfeatures.foundations``: what all parts stand on: activations, spheres, spectra, ball
  arithmetic, checks of arguments.
- ``randomfeatures.chapters``: what only the book's chapters use: figures, tables, kept results.
- ``randomfeatures.exercises``: whether an answer to an exercise is right.

A module imports only from the parts to its left in: foundations, power, limits, sharp, beyond,
neighbours, chapters, exercises.
"""

from importlib.metadata import version

import lazy_loader

__version__ = version("randomfeatures")

# A part is loaded when it is first used, so that ``import randomfeatures`` is fast and reaches
# everything.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "beyond",
        "chapters",
        "exercises",
        "foundations",
        "limits",
        "neighbours",
        "power",
        "sharp",
    ],
)
