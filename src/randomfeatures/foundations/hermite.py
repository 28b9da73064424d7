r"""Hermite polynomials and the coefficients of the activations in them.

Everything is *orthonormal*: :math:`\mathrm{he}_m = \mathrm{He}_m/\sqrt{m!}` with the probabilists'
polynomial :math:`\mathrm{He}_m` (leading coefficient 1), so that, for z ~ N(0, 1), :math:`\mathbb
E\,\mathrm{he}_m(z)\,\mathrm{he}_n(z)` is 1 for m = n and 0 otherwise. The coefficients of a
function g are :math:`c_m = \mathbb E\, g(z)\,\mathrm{he}_m(z)`, and E g(z)^2 is the sum of their
squares.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import Array, anywhere, integer, real, real_array
from randomfeatures.foundations.sphere import MOST_DEGREES


def hermite(m_max: int, z: Float[Array, "*s"]) -> Float[Array, "{m_max}+1 *s"]:
    r"""The orthonormal Hermite polynomials he_0(z), ..., he_{m_max}(z) on a new first axis.

    .. math:: \sqrt{m+1}\,\mathrm{he}_{m+1}(z) = z\,\mathrm{he}_m(z) - \sqrt m\,\mathrm{he}_{m-1}(z)

    Error: about m units in the last place of the largest |he_j(z)|, j <= m. The recurrence does not
    amplify rounding errors, and |he_m(z)| <= 1.09 exp(z^2/4), so nothing overflows for |z| <= 53 in
    double precision.
    Raises: ValueError if m_max < 0, if ``z`` is no array of finite real numbers, or if a value is
    too large for a float.

    >>> import numpy as np
    >>> hermite(2, np.array([0.0, 1.0]))[:2]
    array([[1., 1.],
           [0., 1.]])
    """
    integer("m_max", m_max, at_least=0, at_most=MOST_DEGREES)
    z = real_array("z", z)
    xp = array_namespace(z)
    rows = [xp.ones_like(z), z]
    with np.errstate(over="ignore", invalid="ignore"):
        for m in range(1, m_max):
            rows.append((z * rows[m] - math.sqrt(m) * rows[m - 1]) / math.sqrt(m + 1))
    values = xp.stack(rows[: m_max + 1])
    if anywhere(~xp.isfinite(values)):
        largest = float(xp.max(xp.abs(z)))
        raise ValueError(
            f"z must be small enough that he_m(z) is a float up to m_max = {m_max}, "
            f"got {largest!r} in absolute value"
        )
    return values


def relu_coefficients(m_max: int, bias: float = 0.0) -> Float[np.ndarray, "{m_max}+1"]:
    r"""Hermite coefficients c_0, ..., c_{m_max} of the biased ReLU z -> [z + bias]_+.

    .. math::
        c_0 = b\,\Phi(b) + \varphi(b), \quad c_1 = \Phi(b), \quad
        c_m = \frac{\varphi(b)\,\mathrm{he}_{m-2}(-b)}{\sqrt{m(m-1)}} \ (m\ge2),

    with the standard Gaussian density :math:`\varphi` and distribution function :math:`\Phi`:
    integrate by parts twice, the second derivative of the ReLU is a point mass at its kink. The sum
    of squares over all m is (1 + b^2) Phi(b) + b phi(b).

    Error: relative, (1 + b^2) times 1e-15 for c_0 and c_1 (b < 0; else 1e-15). For m >= 2 absolute,
    m times 1e-16 times exp(-b^2/4) at most, and relative, m times 1e-16, where he_{m-2} does not
    oscillate, b^2 > 4m. Zero where no float is small enough.
    Raises: ValueError if m_max < 0 or ``bias`` is not finite.

    >>> relu_coefficients(1)[1] == 0.5
    np.True_
    """
    integer("m_max", m_max, at_least=0, at_most=MOST_DEGREES)
    b = real("bias", bias)
    # With phi(b) alone the product underflows long before the coefficient does: one factor
    # exp(-b^2/4) starts the recurrence, one ends it.
    quarter = math.exp(-b * b / 4)
    functions = [quarter, -b * quarter]
    for m in range(1, m_max):
        functions.append((-b * functions[m] - math.sqrt(m) * functions[m - 1]) / math.sqrt(m + 1))
    degrees = np.arange(2, max(m_max, 1) + 1)
    higher = (
        quarter
        / math.sqrt(2 * math.pi)
        * np.asarray(functions[: degrees.size])
        / np.sqrt(degrees * (degrees - 1.0))
    )
    # E[z + b]_+ = [b]_+ + E[z - |b|]_+, and the last term by Mills' ratio, for b Phi(b) and phi(b)
    # nearly cancel when b < 0.
    mills = math.sqrt(math.pi / 2) * float(special.erfcx(abs(b) / math.sqrt(2)))
    mean = max(b, 0.0) + quarter * quarter / math.sqrt(2 * math.pi) * max(1 - abs(b) * mills, 0.0)
    return np.concatenate([[mean, special.ndtr(b)], higher])[: m_max + 1]


def gaussian_coefficients(m_max: int, scale: float = 1.0) -> Float[np.ndarray, "{m_max}+1"]:
    r"""Hermite coefficients c_0, ..., c_{m_max} of the bump z -> exp(-(scale z)^2 / 2).

    .. math:: c_{2j} = \frac{(-q)^j}{\sqrt{1+s^2}} \frac{\sqrt{(2j)!}}{2^j j!}, \qquad
              q = \frac{s^2}{1+s^2}, \qquad c_{2j+1} = 0

    from the generating function of the polynomials; computed by the ratio of neighbours, so no
    factorial is formed.

    Error: relative, m times 1e-15.
    Raises: ValueError if m_max < 0 or ``scale`` is not finite.

    >>> gaussian_coefficients(1, scale=0.75)
    array([0.8, 0. ])
    """
    integer("m_max", m_max, at_least=0, at_most=MOST_DEGREES)
    s = real("scale", scale)
    length = math.hypot(1.0, s)
    c = np.zeros(m_max + 1)
    c[0] = 1 / length
    for m in range(2, m_max + 1, 2):
        c[m] = -((s / length) ** 2) * math.sqrt((m - 1) / m) * c[m - 2]
    return c


def erf_coefficients(m_max: int, scale: float = 1.0) -> Float[np.ndarray, "{m_max}+1"]:
    r"""Hermite coefficients c_0, ..., c_{m_max} of z -> erf(scale z).

    .. math:: c_m = \frac{2s}{\sqrt{\pi m}}\,g_{m-1} \ (m\ge1), \qquad c_0 = 0,

    with the coefficients g of the derivative exp(-s^2 z^2), see :func:`gaussian_coefficients`; c_m
    = 0 for even m.

    Error: relative, m times 1e-15.
    Raises: ValueError if m_max < 0 or ``scale`` is not finite.

    >>> erf_coefficients(2, scale=0.0)
    array([0., 0., 0.])
    """
    integer("m_max", m_max, at_least=0, at_most=MOST_DEGREES)
    s = real("scale", scale, at_least=-1e300, at_most=1e300)
    derivative = 2 * s / math.sqrt(math.pi) * gaussian_coefficients(m_max, math.sqrt(2) * s)
    return np.concatenate([[0.0], derivative[:-1] / np.sqrt(np.arange(1, m_max + 1))])


def sine_coefficients(
    m_max: int, frequency: float = 1.0, phase: float = 0.0
) -> Float[np.ndarray, "{m_max}+1"]:
    r"""Hermite coefficients c_0, ..., c_{m_max} of z -> sin(frequency z + phase).

    .. math:: c_m = e^{-\alpha^2/2} \frac{\alpha^m}{\sqrt{m!}} \sin\Bigl(\phi + \frac{m\pi}{2}\Bigr)

    Computed by logarithms, since for a large frequency the factors overflow and underflow while the
    product does neither.

    See: ``prop-concentration-spectrum``.
    Error: relative, (1 + m + frequency^2) times 1e-15, but for the rounding of the phase itself.
    Raises: ValueError if m_max < 0, or ``frequency`` or ``phase`` is not finite.

    >>> sine_coefficients(1, frequency=0.0)
    array([0., 0.])
    """
    integer("m_max", m_max, at_least=0, at_most=MOST_DEGREES)
    alpha, phi = real("frequency", frequency), real("phase", phase)
    m = np.arange(m_max + 1)
    alpha = max(
        min(alpha, 1e150), -1e150
    )  # every coefficient is zero as a float out there, and the square must not overflow
    size = np.exp(special.xlogy(m, abs(alpha)) - special.gammaln(m + 1) / 2 - alpha * alpha / 2)
    sign = np.where(m % 2 == 1, math.copysign(1.0, alpha), 1.0)
    quarter_turns = np.array([math.sin(phi), math.cos(phi), -math.sin(phi), -math.cos(phi)])
    return size * sign * quarter_turns[m % 4]
