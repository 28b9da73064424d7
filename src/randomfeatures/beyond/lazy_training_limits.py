r"""Lazy training over random weights: mean risks and bounds in each dimension, and their limits.

The limits are those of d → ∞ with N/d → ϱ. Notation as in
:mod:`~randomfeatures.beyond.lazy_training`. Integers may be of any size.
"""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy import integrate, optimize

from randomfeatures.beyond.lazy_training import (
    between,
    inner,
    row_space,
    symmetric_part,
    target_matrix,
    trace,
    trace_share,
    unit_weights,
)
from randomfeatures.foundations.arguments import Array, common_namespace, integer, real

SQUARE = (0.0, 2.0, 2.0)
"""(λ_1, λ_2, λ̃) of the square: λ_k = E σ(G) He_k(G), λ̃ = E σ(G)² - λ_0² - λ_1²."""

RELU = (0.5, 1 / math.sqrt(2 * math.pi), 0.25 - 1 / (2 * math.pi))
"""(λ_1, λ_2, λ̃) of the ReLU."""


# --- random weights: expectations and bounds in each dimension


def expected_neural_tangent_risk(d: int, N: int, tau: float) -> float:
    r"""The mean risk of tangent features over weights whose span is uniformly distributed.

    .. math:: \mathbb E R = \frac pd\,\tau + \frac{p\,(d(p+1)-2)}{d(d-1)(d+2)}\,(1-\tau)
        \ \text{ if } N < d, \qquad 0 \text{ if } N \ge d, \qquad p = d-N

    Gaussian weights are such. The risk is
    :func:`~randomfeatures.beyond.lazy_training.neural_tangent_risk`.

    Book: ``thm-tangent-expected``.
    Error: relative 1e-15.
    Raises: ValueError unless d ≥ 2, N ≥ 0 and 0 ≤ tau ≤ 1.

    >>> expected_neural_tangent_risk(4, 2, 1.0), expected_neural_tangent_risk(4, 4, 0.3)
    (0.5, 0.0)
    """
    d, N = integer("d", d, at_least=2), integer("N", N, at_least=0)
    tau = real("tau", tau, at_least=0, at_most=1)
    p = max(d - N, 0)
    return p / d * tau + p * (d * (p + 1) - 2) / (d * (d - 1) * (d + 2)) * (1 - tau)


def neural_tangent_sensitivity(B: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""A function of the weights whose mean bounds the variance of the risk of tangent features.

    .. math:: \frac{8\,\|PBPBQ\|_F^2}{d\,\|B\|_F^4}, \qquad
        Q \text{ the projector onto } \operatorname{span}\{w_1,\dots,w_N\}, \quad P = I - Q

    for weights whose span is uniformly distributed. It is half the squared gradient of the risk
    under rotations of the weights over d.

    Book: ``prop-tangent-variance``.
    Error: absolute 1e-14, given the span.
    Raises: ValueError as :func:`~randomfeatures.beyond.lazy_training.neural_tangent_risk`.

    >>> B = np.outer([0.6, 0.8], [0.6, 0.8])  # |Pv|^6 |Qv|^2 = 0.8^6 0.6^2, times 8 / 2
    >>> round(neural_tangent_sensitivity(B, np.array([[1.0, 0.0]])) / (4 * 0.8**6 * 0.6**2), 12)
    1.0
    """
    B, _ = target_matrix(B)
    frame, rank = row_space(unit_weights(W, "B", B))
    turned = frame @ B @ frame.T
    slope = turned[rank:, rank:] @ turned[rank:, :rank]
    return 8 * inner(slope, slope) / (B.shape[0] * inner(B, B) ** 2)


def neural_tangent_variance_bound(B: Float[Array, "d d"], N: int) -> float:
    r"""A bound on the variance of the risk of tangent features over weights with a uniform span.

    .. math:: \operatorname{Var} R \le \frac{8\,p\,N}{d(d-1)(d+2)}\,(1-\tau)\,
        \frac{\|B\|^2}{\|B\|_F^2}, \qquad p = d-N

    with the largest absolute eigenvalue \|B\| and the trace share τ; 0 for N ≥ d.

    Book: ``prop-tangent-variance``.
    Error: an upper bound, attained as d → ∞ for N = 1 and B of rank one. Rounding: relative 1e-14.
    Raises: ValueError if B is not symmetric, finite and nonzero, or of one row, or N < 0.

    >>> neural_tangent_variance_bound(np.diag([1.0, 0.0]), 1)  # 8 / (2 * 1 * 4) * (1 - 1/2)
    0.5
    """
    B, _ = target_matrix(B)
    d = integer("the dimension of B", B.shape[0], at_least=2)
    p = max(d - integer("N", N, at_least=0), 0)
    largest = float(array_namespace(B).linalg.svdvals(B)[0])
    shape = (1 - trace_share(B)) * largest**2 / inner(B, B)
    return 8 * p * (d - p) / (d * (d - 1) * (d + 2)) * shape


def captured_identity_bounds(d: int, N: int) -> tuple[float, float]:
    r"""Lower and upper bound on p_0, the mean share of the identity in span{w_i w_i^⊤}.

    .. math:: \frac{N}{d+N-1} \;\le\; p_0 = \frac{1}{d}\,\mathbb E\,\mathbf 1^\top K^{-1}\mathbf 1
        \;\le\; \frac{N}{d+N-1} + q + h'(g_0)\Bigl(\frac{\sqrt{2N(N-1)\,v\,q}}{\delta_0^2}
        + \frac{N(N-1)\,v}{(1-\beta)\,\delta_0^3}\Bigr)

    for N uniformly random directions w_i, with δ_0 = 1 - 1/d, g_0 = N/δ_0,
    :math:`h'(g_0) = d/(d+g_0)^2`, v the variance of a squared cosine, and
    :math:`q=\min(1, F/(\beta\delta_0)^4)` a bound on the probability of a bad event by the fourth
    moment F. The least value over β = 0.05, 0.10, ..., 0.95 is taken, and at most 1.

    Book: ``thm-random-features-finite``.
    Error: relative 1e-13. The two are O(1/d) apart at fixed N/d.
    Raises: ValueError unless d ≥ 2 and 0 ≤ N ≤ d(d+1)/2.

    >>> captured_identity_bounds(10, 1)
    (0.1, 0.1)
    """
    d = integer("d", d, at_least=2)
    N = integer("N", N, at_least=0, at_most=d * (d + 1) // 2)
    lower = N / (d + N - 1)
    return lower, min(lower + _least_identity_gap(d, N), 1.0)


def _least_identity_gap(d: int, N: int) -> float:
    """The distance of the two bounds; it keeps its digits where they agree as floats."""
    gaps = (identity_gap(d, N, Fraction(k, 20)) for k in range(1, 20))
    return min(*gaps, (d - 1) / (d + N - 1))


def identity_gap(d: int, N: int, beta: Fraction | float) -> float:
    r"""How far p_0 of :func:`captured_identity_bounds` may be above its lower bound, for one β.

    Rational until the last step, so that no d is too large.

    Book: ``thm-random-features-finite``.
    Error: an upper bound. Rounding: relative 1e-15.
    Raises: ValueError unless d ≥ 2, 0 ≤ N ≤ d(d+1)/2 and 0 < beta < 1.

    >>> identity_gap(10, 1, 0.5)
    0.0
    """
    d = integer("d", d, at_least=2)
    N = integer("N", N, at_least=0, at_most=d * (d + 1) // 2)
    number = real("beta", beta, above=0, below=1)
    beta = beta if isinstance(beta, Fraction) else Fraction(number)
    delta_0 = 1 - Fraction(1, d)
    slope = d / (d + N / delta_0) ** 2
    row_squares = N * (N - 1) * _square_variance(d)
    bad_event = min(_trace_fourth_power(d, N) / (beta * delta_0) ** 4, Fraction(1))
    outside = math.sqrt(2 * row_squares * bad_event * (slope / delta_0**2) ** 2)
    inside = slope * row_squares / ((1 - beta) * delta_0**3)
    return float(bad_event) + outside + float(inside)


def _square_variance(d: int) -> Fraction:
    """v = E q² for q = t² - 1/d, t the cosine of two uniform directions."""
    return Fraction(2 * (d - 1), d**2 * (d + 2))


def _squared_cosine_fourth_moment(d: int) -> Fraction:
    """E (t² - 1/d)⁴, t the cosine of two uniform directions."""
    moments = [Fraction(1)]  # E t^{2k} = 1 3 5 ... (2k-1) / (d (d+2) ... (d+2k-2))
    for k in range(1, 5):
        moments.append(moments[-1] * Fraction(2 * k - 1, d + 2 * k - 2))
    terms = [math.comb(4, k) * moments[k] * Fraction(-1, d) ** (4 - k) for k in range(5)]
    return sum(terms, Fraction(0))


def _trace_fourth_power(d: int, N: int) -> Fraction:
    """F = E Tr Q⁴, q_ij = <w_i, w_j>² - 1/d off the diagonal, 0 on it, for uniform directions w_i.

    By which of the four indices agree: E q⁴ for each pair, v² for each triple, twice; and for four
    different ones the trace of the fourth power of the kernel q, which has D_0 = (d - 1)(d + 2)/2
    equal eigenvalues of sum 1 - 1/d.
    """
    pairs, triples = N * (N - 1), N * (N - 1) * (N - 2)
    harmonics = (d - 1) * (d + 2) // 2
    four = triples * (N - 3) * Fraction(d - 1, d) ** 4 / harmonics**3
    return pairs * _squared_cosine_fourth_moment(d) + 2 * triples * _square_variance(d) ** 2 + four


def expected_random_features_risk(d: int, N: int, tau: float) -> tuple[float, float]:
    r"""Lower and upper bound on the mean risk of N square features with random directions.

    .. math:: \mathbb E R = 1 - p_0\,\tau - \frac{N-p_0}{D-1}\,(1-\tau), \qquad D = d(d+1)/2

    with p_0 between :func:`captured_identity_bounds`, for uniform directions; a risk is in [0, 1].
    The risk is :func:`~randomfeatures.beyond.lazy_training.random_features_risk`; the lengths of
    the weights do not matter: Gaussian weights give the same.

    Book: ``thm-random-features-finite``.
    Error: relative 1e-13; the two are O(1/d) apart at fixed N/d.
    Raises: ValueError unless d ≥ 2, 0 ≤ N ≤ D and 0 ≤ tau ≤ 1.

    >>> expected_random_features_risk(10, 1, 1.0)
    (0.9, 0.9)
    """
    bounds = captured_identity_bounds(d, N)
    tau = real("tau", tau, at_least=0, at_most=1)
    others = d * (d + 1) // 2 - 1
    rest = [N / others - p_0 * (1 / others) for p_0 in bounds]
    risks = [1 - p_0 * tau - p_1 * (1 - tau) for p_0, p_1 in zip(bounds, rest, strict=True)]
    return between(0.0, min(risks), 1.0), between(0.0, max(risks), 1.0)


# --- limits: d -> ∞, N/d -> ϱ


def random_features_limit(rho: float, tau: float) -> float:
    r"""The limit of the relative risk of random features (square, isotropic weights).

    .. math:: 1 - \frac{\varrho}{1+\varrho}\,\tau

    Book: ``cor-random-features-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0 and 0 ≤ tau ≤ 1.

    >>> random_features_limit(1.0, 0.5)
    0.75
    """
    rho, tau = real("rho", rho, at_least=0), real("tau", tau, at_least=0, at_most=1)
    return 1 - rho / (1 + rho) * tau


def random_features_limit_distance(d: int, N: int, tau: float) -> float:
    r"""A bound on how far the mean risk of random features is below :func:`random_features_limit`.

    .. math:: 0 \le \Bigl(1-\frac\varrho{1+\varrho}\,\tau\Bigr)-\mathbb E R
        \le \Bigl(\frac{N}{(d+N)(d+N-1)} + \mathrm{gap}(d,N)\Bigr)\tau + \frac{2N}{d^2}\,(1-\tau)

    with ϱ = N/d and the distance of the two :func:`captured_identity_bounds` as the gap.

    Book: ``cor-random-features-limit``.
    Error: an upper bound; equality for N = 1 and tau = 1. Rounding: relative 1e-13.
    Raises: ValueError unless d ≥ 2, 0 ≤ N ≤ d(d+1)/2 and 0 ≤ tau ≤ 1.

    >>> random_features_limit_distance(10, 5, 0.0)
    0.1
    """
    d, N = integer("d", d, at_least=2), integer("N", N, at_least=0)
    tau = real("tau", tau, at_least=0, at_most=1)
    identity = N / ((d + N) * (d + N - 1)) + _least_identity_gap(d, N)
    return identity * tau + 2 * N / d**2 * (1 - tau)


def neural_tangent_limit(rho: float, tau: float) -> float:
    r"""The limit of the relative risk of the tangent features (square, isotropic weights).

    .. math:: (1-\varrho)_+^2\,(1-\tau) + (1-\varrho)_+\,\tau

    Book: ``cor-tangent-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0 and 0 ≤ tau ≤ 1.

    >>> neural_tangent_limit(0.5, 0.5), neural_tangent_limit(2.0, 0.5)
    (0.375, 0.0)
    """
    rho, tau = real("rho", rho, at_least=0), real("tau", tau, at_least=0, at_most=1)
    left = max(1 - rho, 0.0)
    return left**2 * (1 - tau) + left * tau


def neural_network_limit(rho: float, quantile: Callable[[float], float]) -> float:
    r"""The limit of the least relative risk of networks, from the limit law of the |eigenvalues|.

    .. math:: \int_0^{(1-\varrho)_+} Q(u)^2\,du \Big/ \int_0^1 Q(u)^2\,du

    with Q = ``quantile``, the quantile function of the law of |λ|, λ the eigenvalues of B, a
    function on (0, 1). For the exponential law, Q(u) = -ln(1 - u), it is 1 - ϱ (q² + 2q + 2)/2 with
    q = -ln ϱ.

    Book: ``cor-network-limit``.
    Error: absolute 1e-9, if Q is smooth inside (0, 1).
    Raises: ValueError unless rho ≥ 0, Q takes finite values and is not zero; RuntimeError if the
    quadrature does not reach the error.

    >>> round(neural_network_limit(0.5, lambda u: 1.0), 12)
    0.5
    """
    cut = max(1 - real("rho", rho, at_least=0), 0.0)
    scale = max(abs(real("quantile", float(quantile((k + 0.5) / 16)))) for k in range(16)) or 1.0
    below, error_below = _energy(quantile, scale, 0.0, cut)
    above, error_above = _energy(quantile, scale, cut, 1.0)
    total, error = below + above, error_below + error_above
    if total <= 0:
        raise ValueError(
            "quantile must be the quantile function of a law of |λ| that is not all at 0, got 0"
        )
    if not error <= 1e-9 * total < math.inf:
        raise RuntimeError(f"the quadrature is known to {error / total:.1e} only, not to 1e-9")
    return below / total


def _energy(
    quantile: Callable[[float], float], scale: float, start: float, end: float
) -> tuple[float, float]:
    """The integral of (Q/scale)² from ``start`` to ``end``, and its error."""

    def square(u: float) -> float:
        q = real("quantile", float(quantile(u))) / scale
        return q * q

    # full_output keeps scipy from warning: the error is looked at by the caller.
    value, error, *_ = integrate.quad(
        square, start, end, epsabs=0.0, epsrel=1e-11, limit=200, full_output=True
    )
    return value, error


def general_random_features_formula(
    B: Float[Array, "d d"],
    Gamma: Float[Array, "d d"],
    N: int,
    activation: str | tuple[float, float, float],
) -> float:
    r"""The formula of Ghorbani et al. for the relative risk of random features at given d and N.

    .. math:: 1 - \frac{\psi\,\lambda_2^2\,d\,\langle\Gamma,B\rangle^2}
        {\|B\|_F^2\,(2+\psi\lambda_2^2\,d\,\|\Gamma\|_F^2)}, \qquad
        \tilde\lambda\,\psi + \frac1d\sum_{j\le d}
        \frac{\lambda_1^2t_j\psi}{1+\lambda_1^2t_j\psi} = \frac Nd

    for weights w_i ~ N(0, Γ), Tr Γ = 1, with t_j the eigenvalues of d Γ, in place of their limit
    law. ``activation`` is "square", "relu" or (λ_1, λ_2, λ̃), with λ_k = E σ(G) He_k(G) and
    λ̃ = E σ(G)² - λ_0² - λ_1² > 0. The left side increases in ψ, so ψ is unique.

    Book: ``thm-general-activation``.
    Error: of the formula, absolute 1e-12. The statement is quoted: it is a limit as d → ∞, and says
    nothing certain about one d.
    Raises: ValueError if B or Γ is not symmetric, finite and nonzero, Γ has a negative eigenvalue
    or Tr Γ ≠ 1, N < 0, λ̃ ≤ 0, or the λ are of so different sizes that ψ is not finite.

    >>> round(general_random_features_formula(np.eye(3), np.eye(3) / 3, 3, "square"), 12)
    0.5
    """
    B, _ = target_matrix(B)
    Gamma = symmetric_part("Gamma", Gamma)
    xp = common_namespace(B=B, Gamma=Gamma)
    d, N = B.shape[0], integer("N", N, at_least=0, at_most=10**100)
    if Gamma.shape != B.shape or abs(float(trace(Gamma)) - 1) > 1e-9:
        found = f"{tuple(Gamma.shape)} and {float(trace(Gamma))!r}"
        raise ValueError(f"Gamma must have the shape of B and trace 1, got {found}")
    t = d * np.asarray([float(value) for value in xp.linalg.eigvalsh(Gamma)])
    if t.min() < -1e-9:
        raise ValueError(f"Gamma must have no negative eigenvalue, got {float(t.min()) / d!r}")
    lambda_1, lambda_2, rest = _coefficients(activation)
    s = lambda_1**2 * np.clip(t, 0.0, None)

    def excess(psi: float) -> float:
        return rest * psi + float(np.mean(s * psi / (1 + s * psi))) - N / d

    largest = real("psi", N / d / rest)
    psi = optimize.brentq(excess, 0.0, largest, xtol=1e-300, rtol=1e-14)
    weight = psi * lambda_2**2 * d
    captured = weight * inner(Gamma, B) ** 2
    return between(0.0, 1 - captured / (inner(B, B) * (2 + weight * inner(Gamma, Gamma))), 1.0)


def _coefficients(activation: str | tuple[float, float, float]) -> tuple[float, float, float]:
    """(λ_1, λ_2, λ̃) over the size of the activation, a power of two: ψ takes it up."""
    names = {"square": SQUARE, "relu": RELU}
    if isinstance(activation, str):
        if activation not in names:
            choices = '"square", "relu" or (lambda_1, lambda_2, lambda_tilde)'
            raise ValueError(f"activation must be {choices}, got {activation!r}")
        return names[activation]
    lambda_1, lambda_2, rest = activation
    rest = real("lambda_tilde", rest, above=0)
    size = 2.0 ** (math.frexp(rest)[1] // 2)
    first, second = real("lambda_1", lambda_1) / size, real("lambda_2", lambda_2) / size
    for name, ratio in (("lambda_1", first), ("lambda_2", second)):
        real(f"{name} / sqrt(lambda_tilde)", abs(ratio), at_most=1e100)
    return first, second, rest / size / size
