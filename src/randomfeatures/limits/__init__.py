"""What random features cannot do.

- ``anti_concentration``: second moment and law of the triangle wave.
- ``any_coefficients``: bounds on the number of features, whatever the coefficients.
- ``bounded_coefficients``: the hard neurons, and bounds on coefficients.
- ``concentration``: no fixed function correlates with a random wave.
- ``concentration_spectrum``: the function that sees a random wave best.
- ``concentration_two_waves``: how two random waves correlate.
- ``scaling``: norm, bias, error and coefficients of one problem in other units, and what is easy.
- ``triangle_wave``: the periodic target.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "anti_concentration",
        "any_coefficients",
        "bounded_coefficients",
        "concentration",
        "concentration_spectrum",
        "concentration_two_waves",
        "scaling",
        "triangle_wave",
    ],
)
