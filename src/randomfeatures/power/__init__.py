"""What random features can do.

- ``kernels``: arc-cosine and tangent kernels.
- ``kernels_linearization``: the tangent model of a network, and its kernel.
- ``kernels_rates``: how fast features become their kernel, and their fit that of the kernel.
- ``polynomials``: polynomials as averages of neurons: coefficients, constants, widths.
- ``polynomials_activation``: the same averages for smooth activations.
- ``polynomials_bounds``: constants that hold for every polynomial of a degree.
- ``polynomials_harmonics``: polynomials in exact arithmetic, and their harmonics.
- ``random_features``: feature maps and their linear fits.
- ``random_features_estimator``: the same fit in scikit-learn's conventions.
- ``sampling``: averages of sampled neurons.
- ``tangent_kernel``: variance of the tangent kernel, and the constants of lazy training.
- ``training_both_layers``: gradient descent on both layers: drift, excess, width.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "kernels",
        "kernels_linearization",
        "kernels_rates",
        "polynomials",
        "polynomials_activation",
        "polynomials_bounds",
        "polynomials_harmonics",
        "random_features",
        "random_features_estimator",
        "sampling",
        "tangent_kernel",
        "training_both_layers",
    ],
)
