"""Sixteen papers on the same question, a module for each page that needs one.

- ``reservoirs``: memory of a fixed recurrent network.
- ``tensors``: lazy and moving components of a symmetric tensor.
- ``widths``: Kolmogorov widths of averages of neurons.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "reservoirs",
        "tensors",
        "widths",
    ],
)
