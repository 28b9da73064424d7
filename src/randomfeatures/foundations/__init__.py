"""What all parts stand on.

- ``activations``: what one hidden unit does to its input.
- ``arguments``: checks and conversion of arguments.
- ``balls``: arithmetic with enclosures.
- ``bessel``: modified Bessel functions of large order and argument.
- ``derivatives``: functions that tell torch and JAX their derivatives.
- ``dual_activations``: E[σ(u)σ(v)] in closed form.
- ``dual_activations_relu``: the biased ReLU's, with its slopes.
- ``hermite``: coefficients of the activations in Hermite polynomials.
- ``linear_algebra``: lengths and angles, <b, K⁺ b>, conjugate gradients.
- ``logarithms``: numbers that a float may not hold.
- ``relu_spectrum``: the eigenvalues of the ReLU.
- ``sphere``: harmonics on the sphere, samplers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "activations",
        "arguments",
        "balls",
        "bessel",
        "derivatives",
        "dual_activations",
        "dual_activations_relu",
        "hermite",
        "linear_algebra",
        "logarithms",
        "relu_spectrum",
        "sphere",
    ],
)
