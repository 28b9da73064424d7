"""The function that sees a random wave best: x ↦ h_1(‖x‖) ⟨v, x⟩/‖x‖.

x is standard Gaussian in R^d, θ uniform on the unit sphere, tri_θ(x) = tri(R⟨θ, x⟩), t = ⟨θ, v⟩.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import integer, real, real_array
from randomfeatures.limits.concentration import LARGEST_NORM


def best_profile(d: int, R: float, q: Float[np.ndarray, "*s"]) -> Float[np.ndarray, "*s"]:
    r"""The radial part h_1(q) of the functions of norm² λ_1 that see a random wave best.

    .. math:: h_1(q) = \mathbb E_t\,t\,\operatorname{tri}(Rqt),\qquad
              f(x) = h_1(\|x\|)\,\langle v, x\rangle/\|x\|,\qquad \|f\|^2 = \lambda_1/d

    By tri(y) = y - 2[y-1]_+ + 2[y-3]_+ - ... for y ≥ 0, each term an incomplete beta function.

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-14 (1 + R q)².
    Raises: ValueError unless 2 ≤ d ≤ 1e6, 0 < R ≤ 1e6, and 0 ≤ q with R q ≤ 1e4.

    >>> best_profile(4, 1.0, np.array([0.0, 0.5, 1.0]))  # R q / d up to R q = 1
    array([0.   , 0.125, 0.25 ])
    """
    d = integer("d", d, at_least=2, at_most=10**6)
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    y = R * np.asarray(real_array("q", q, at_least=0, at_most=1e4 / R), dtype=float)
    value = y / d
    log_c = math.lgamma(d / 2) - math.lgamma((d - 1) / 2)
    c = math.exp(log_c) / math.sqrt(math.pi)
    for n, j in enumerate(np.arange(1, np.max(y, initial=0.0), 2)):
        beyond = 1 - np.minimum(1.0, (j / np.maximum(y, 1.0)) ** 2)  # 1 - x², x = j/y
        square = special.betainc((d - 1) / 2, 1.5, beyond) / (2 * d)  # E t² 1{t > x}
        mean = c * beyond ** ((d - 1) / 2) / (d - 1)  # E t 1{t > x}
        value = value - 4 * (-1) ** n * (y * square - j * mean)
    return value
