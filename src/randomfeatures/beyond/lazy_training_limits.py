r"""Lazy training over random weights: mean risks and bounds in each dimension, and their limits as d → ∞ with N/d → ϱ.

Notation as in :mod:`~randomfeatures.beyond.lazy_training`.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy import integrate, optimize

from randomfeatures.beyond.lazy_training import _between, _inner, _symmetric, _trace
from randomfeatures.foundations.arguments import Array, common_namespace, integer, real
from randomfeatures.foundations.sphere import cosine_moment

SQUARE = (0.0, 2.0, 2.0)
"""(λ_1, λ_2, λ̃) of the square: λ_k = E σ(G) He_k(G), λ̃ = E σ(G)² - λ_0² - λ_1²."""


RELU = (0.5, 1 / math.sqrt(2 * math.pi), 0.25 - 1 / (2 * math.pi))
"""(λ_1, λ_2, λ̃) of the ReLU."""


# --- random weights: expectations and bounds in each dimension


def expected_neural_tangent_risk(d: int, N: int, tau: float) -> float:
    r"""The mean risk of tangent features over weights whose span is uniformly distributed, p = d - N.

    Gaussian weights are such. The risk is :func:`~randomfeatures.beyond.lazy_training.neural_tangent_risk`.

    .. math:: \mathbb E R = \frac pd\,\tau + \frac{p\,(d(p+1)-2)}{d(d-1)(d+2)}\,(1-\tau) \ \text{ if } N < d, \qquad 0 \text{ if } N \ge d

    Book: ``thm-tangent-expected``.
    Error: relative 1e-15.
    Raises: ValueError unless d ≥ 2, N ≥ 0 and 0 ≤ tau ≤ 1.

    >>> expected_neural_tangent_risk(4, 2, 1.0), expected_neural_tangent_risk(4, 4, 0.3)
    (0.5, 0.0)
    """
    d, N, tau = integer("d", d, at_least=2), integer("N", N, at_least=0), real("tau", tau, at_least=0, at_most=1)
    p = max(d - N, 0)
    return p / d * tau + p * (d * (p + 1) - 2) / (d * (d - 1) * (d + 2)) * (1 - tau)


def captured_identity_bounds(d: int, N: int) -> tuple[float, float]:
    r"""Lower and upper bound on p_0, the expected share of the identity in span{w_i w_i^⊤}, for N uniformly random directions w_i.

    .. math:: \frac{N}{d+N-1} \;\le\; p_0 = \frac{1}{d}\,\mathbb E\,\mathbf 1^\top K^{-1}\mathbf 1 \;\le\;
        \frac{N}{d+N-1} + q + h'(g_0)\Bigl(\frac{\sqrt{2N(N-1)\,v\,q}}{\delta_0^2} + \frac{N(N-1)\,v}{(1-\beta)\,\delta_0^3}\Bigr)

    with δ_0 = 1 - 1/d, g_0 = N/δ_0, :math:`h'(g_0) = d/(d+g_0)^2`, v the variance of a squared
    cosine, and q the bound on the probability of a bad event by the fourth moment. The least value
    over β = 0.05, 0.10, ..., 0.95 is taken, and at most 1.

    Book: ``thm-random-features-finite``.
    Error: relative 1e-13. The two are O(1/d) apart at fixed N/d.
    Raises: ValueError unless d ≥ 2 and 0 ≤ N ≤ d(d+1)/2.

    >>> captured_identity_bounds(10, 1)
    (0.1, 0.1)
    """
    d = integer("d", d, at_least=2)
    N = integer("N", N, at_least=0, at_most=d * (d + 1) // 2)
    lower = N / (d + N - 1)
    delta_0, slope = 1 - 1 / d, d / (d + N * d / (d - 1)) ** 2
    fourth, row_squares = _trace_fourth_power(d, N), N * (N - 1) * _square_variance(d)

    def gap(beta):
        q = min(fourth / (beta * delta_0) ** 4, 1.0)
        return q + slope * (math.sqrt(2 * row_squares * q) / delta_0**2 + row_squares / ((1 - beta) * delta_0**3))

    return lower, min(lower + min(gap(k / 20) for k in range(1, 20)), 1.0)


def _square_variance(d):
    """v = E q² for q = t² - 1/d, t the cosine of two uniform directions."""
    return 2 * (d - 1) / (d**2 * (d + 2))


def _trace_fourth_power(d, N):
    """E Tr Q⁴ for the matrix Q with entries q_ij = <w_i, w_j>² - 1/d off the diagonal and 0 on it, w_1, ..., w_N uniform directions.

    By which of the four indices agree: E q⁴ for each pair, v² for each triple, twice; and for four
    different ones the trace of the fourth power of the kernel q, which has D_0 = (d - 1)(d + 2)/2
    equal eigenvalues of sum 1 - 1/d.
    """
    fourth_moment = math.fsum(math.comb(4, k) * cosine_moment(d, 2 * k) * (-1 / d) ** (4 - k) for k in range(5))
    pairs, triples = N * (N - 1), N * (N - 1) * (N - 2)
    harmonics = (d - 1) * (d + 2) / 2
    return pairs * fourth_moment + 2 * triples * _square_variance(d) ** 2 + triples * (N - 3) * (1 - 1 / d) ** 4 / harmonics**3


def expected_random_features_risk(d: int, N: int, tau: float) -> tuple[float, float]:
    r"""Lower and upper bound on the mean risk of N square features with uniformly random directions.

    The risk is :func:`~randomfeatures.beyond.lazy_training.random_features_risk`; D = d(d+1)/2.

    .. math:: \mathbb E R = 1 - p_0\,\tau - \frac{N-p_0}{D-1}\,(1-\tau)

    with p_0 between :func:`captured_identity_bounds`. The lengths of the weights do not matter:
    Gaussian weights give the same.

    Book: ``thm-random-features-finite``.
    Error: relative 1e-13; the two are O(1/d) apart at fixed N/d.
    Raises: ValueError unless d ≥ 2, 0 ≤ N ≤ D and 0 ≤ tau ≤ 1.

    >>> expected_random_features_risk(10, 1, 1.0)
    (0.9, 0.9)
    """
    bounds, tau = captured_identity_bounds(d, N), real("tau", tau, at_least=0, at_most=1)
    D = d * (d + 1) // 2
    risks = [1 - p_0 * tau - (N - p_0) / (D - 1) * (1 - tau) for p_0 in bounds]
    return min(risks), max(risks)


# --- limits: d -> ∞, N/d -> ϱ


def random_features_limit(rho: float, tau: float) -> float:
    r"""The limit of the relative risk of random features (square, isotropic weights) as d → ∞ with N/d → ``rho``.

    .. math:: 1 - \frac{\varrho}{1+\varrho}\,\tau

    Book: ``cor-random-features-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0 and 0 ≤ tau ≤ 1.

    >>> random_features_limit(1.0, 0.5)
    0.75
    """
    rho, tau = real("rho", rho, at_least=0), real("tau", tau, at_least=0, at_most=1)
    return 1 - rho / (1 + rho) * tau


def neural_tangent_limit(rho: float, tau: float) -> float:
    r"""The limit of the relative risk of the tangent features (square, isotropic weights) as d → ∞ with N/d → ``rho``.

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
    r"""The limit of the least relative risk of networks as d → ∞ with N/d → ``rho``, from the limit law of the absolute eigenvalues of B.

    .. math:: \int_0^{(1-\varrho)_+} Q(u)^2\,du \Big/ \int_0^1 Q(u)^2\,du

    with Q = ``quantile``, the quantile function of the law of |λ|, a function on (0, 1). For the
    exponential law, Q(u) = -ln(1 - u), it is 1 - ϱ (q² + 2q + 2)/2 with q = -ln ϱ.

    Book: ``cor-network-limit``.
    Error: absolute 1e-9, if Q is smooth inside (0, 1).
    Raises: ValueError unless rho ≥ 0, Q takes finite values and is not zero; RuntimeError if the
    quadrature does not reach the error.

    >>> round(neural_network_limit(0.5, lambda u: 1.0), 12)
    0.5
    """
    cut = max(1 - real("rho", rho, at_least=0), 0.0)

    def energy(start, end):
        # full_output keeps scipy from warning: the error is looked at here.
        value, error, *_ = integrate.quad(
            lambda u: real("quantile", float(quantile(u))) ** 2, start, end, epsabs=0.0, epsrel=1e-11, limit=200, full_output=True
        )
        return value, error

    (below, error_below), (above, error_above) = energy(0.0, cut), energy(cut, 1.0)
    if below + above <= 0:
        raise ValueError("quantile must be the quantile function of a law of |λ| that is not all at 0, got 0")
    if error_below + error_above > 1e-9 * (below + above):
        raise RuntimeError(f"the quadrature is known to {(error_below + error_above) / (below + above):.1e} only, not to 1e-9")
    return below / (below + above)


def general_random_features_formula(
    B: Float[Array, "d d"], Gamma: Float[Array, "d d"], N: int, activation: str | tuple[float, float, float]
) -> float:
    r"""The formula of Ghorbani et al. for the relative risk of random features with weights w_i ~ N(0, Γ), Tr Γ = 1, at the given d and N.

    .. math:: 1 - \frac{\psi\,\lambda_2^2\,d\,\langle\Gamma,B\rangle^2}{\|B\|_F^2\,(2+\psi\lambda_2^2\,d\,\|\Gamma\|_F^2)}, \qquad
        \tilde\lambda\,\psi + \frac1d\sum_{j\le d}\frac{\lambda_1^2t_j\psi}{1+\lambda_1^2t_j\psi} = \frac Nd

    with t_j the eigenvalues of d Γ, in place of their limit law. ``activation`` is "square", "relu"
    or (λ_1, λ_2, λ̃), with λ_k = E σ(G) He_k(G) and λ̃ = E σ(G)² - λ_0² - λ_1² > 0. The left side
    increases in ψ, so ψ is unique.

    Book: ``thm-general-activation``, quoted: it is a limit as d → ∞, and says nothing certain about
    one d.
    Error: of the formula, absolute 1e-12.
    Raises: ValueError if B or Γ is not symmetric, finite and nonzero, Γ has a negative eigenvalue
    or Tr Γ ≠ 1, N < 0, or λ̃ ≤ 0.

    >>> import numpy as np
    >>> round(general_random_features_formula(np.eye(3), np.eye(3) / 3, 3, "square"), 12)
    0.5
    """
    xp, B = _symmetric("B", B)
    _, Gamma = _symmetric("Gamma", Gamma)
    common_namespace(B=B, Gamma=Gamma)
    d, N = B.shape[0], integer("N", N, at_least=0)
    if Gamma.shape != B.shape or abs(float(_trace(xp, Gamma)) - 1) > 1e-9:
        raise ValueError(f"Gamma must have the shape of B and trace 1, got {tuple(Gamma.shape)} and {float(_trace(xp, Gamma))!r}")
    t = np.asarray([d * float(value) for value in xp.linalg.eigvalsh(Gamma)])
    if t.min() < -1e-9:
        raise ValueError(f"Gamma must have no negative eigenvalue, got {float(t.min()) / d!r}")
    names = {"square": SQUARE, "relu": RELU}
    if isinstance(activation, str) and activation not in names:
        raise ValueError(f'activation must be "square", "relu" or (lambda_1, lambda_2, lambda_tilde), got {activation!r}')
    lambda_1, lambda_2, rest = names[activation] if isinstance(activation, str) else activation
    lambda_1, lambda_2, rest = real("lambda_1", lambda_1), real("lambda_2", lambda_2), real("lambda_tilde", rest, above=0)

    s = lambda_1**2 * np.clip(t, 0.0, None)
    psi = optimize.brentq(lambda psi: rest * psi + np.mean(s * psi / (1 + s * psi)) - N / d, 0.0, N / d / rest, xtol=1e-300, rtol=1e-14)
    weight = psi * lambda_2**2 * d
    inner, square = _inner(xp, Gamma, B), _inner(xp, Gamma, Gamma)
    return _between(0.0, 1 - weight * inner**2 / (_inner(xp, B, B) * (2 + weight * square)), 1.0)
