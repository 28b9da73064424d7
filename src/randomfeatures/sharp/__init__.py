"""The sharp limit of one neuron.

- ``spectrum``: the spectrum of one neuron, with and without a bias.
- ``optimum``: the error of the best features of any kind, exactly.
- ``optimum_levels``: the eigenvalues in decreasing order, and their tails, as balls.
- ``optimum_tail``: the energy beyond each degree: bounds, the law, the constant at degree d.
- ``population_error``: the exact error of given random ReLU features.
- ``sandwich``: what random ReLU features need: bounds from both sides.
- ``sandwich_prediction``: their error by a self-consistent equation, for every d and r.
- ``sandwich_rate``: widths that show the exponential rate of the best features.
- ``sandwich_budget``: how given ReLU features spend their dimensions, and their mean error.
- ``every_bound``: all of these at once, for given dimension, number of features, error and norm.
- ``every_bound_table``: the table of those answers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "every_bound",
        "every_bound_table",
        "optimum",
        "optimum_levels",
        "optimum_tail",
        "population_error",
        "sandwich",
        "sandwich_budget",
        "sandwich_prediction",
        "sandwich_rate",
        "spectrum",
    ],
)
