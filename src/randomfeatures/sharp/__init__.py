"""The sharp limit of one neuron.

- ``optimum``: the error of the best features of any kind, exactly.
- ``spectrum``: the spectrum of one neuron, with and without a bias.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "optimum",
        "spectrum",
    ],
)
