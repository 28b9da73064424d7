r"""Lazy training on quadratic targets: random features, tangent features and trained networks against f(x) = <x, Bx> - Tr B, x ~ N(0, I_d).

B is symmetric, and :math:`\|f\|^2 = 2\|B\|_F^2`. A risk is the least mean squared error over a class divided by :math:`\|f\|^2`; every
class contains the constants. With the square as activation a class is a set of symmetric matrices M, the functions <x, Mx> + c, and
everything is linear algebra, exact in each dimension. N is the number of neurons, W (N, d) holds their weights as rows, ϱ = N/d, and
:math:`\tau = \operatorname{Tr}(B)^2/(d\|B\|_F^2)` is the share of B that a multiple of the identity captures.

In the mixture a label y = 1 or -1, each with probability 1/2, is predicted from x | y ~ N(0, I - yΔ), Δ symmetric with all eigenvalues
in (-1, 1). The risk is then the least mean squared error E (y - g(x))², and it is 1 for the best constant.

Rows of W that are zero are left out. Rows that repeat others, or are combinations of them, do no harm. A number comes back as a Python
float, whatever the library of the arrays.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy import integrate, optimize

from randomfeatures.arguments import Array, common_namespace, finite_array, generator, integer, real
from randomfeatures.dual_activations import dual_relu
from randomfeatures.sphere import cosine_moment

SQUARE = (0.0, 2.0, 2.0)
"""(λ_1, λ_2, λ̃) of the square: λ_k = E σ(G) He_k(G), λ̃ = E σ(G)² - λ_0² - λ_1²."""

RELU = (0.5, 1 / math.sqrt(2 * math.pi), 0.25 - 1 / (2 * math.pi))
"""(λ_1, λ_2, λ̃) of the ReLU."""

SYMMETRIC = 1e-12
"""How far a matrix may be from symmetric, relative to its largest entry. It is replaced by its symmetric part."""

SMALL_EIGENVALUE = 1e-10
"""Eigenvalues of a matrix of features below this share of the largest are left out (single precision: below 10 N ε)."""

SMALL_RESIDUAL = 1e-7
"""Conjugate gradients stop at a residual of this size, relative to the right-hand side; the error of the risk is its square."""


# --- the risks of given weights


def trace_share(B: Float[Array, "d d"]) -> float:
    r"""τ: the share of B that the best multiple of the identity captures.

    .. math:: \tau = \frac{\operatorname{Tr}(B)^2}{d\,\|B\|_F^2} \in [0, 1]

    Book: ``lem-two-numbers``.
    Error: relative 1e-15, if all eigenvalues have one sign; else absolute.
    Raises: ValueError if B is not square, symmetric, finite and nonzero.

    >>> import numpy as np
    >>> trace_share(np.diag([1.0, 0.0])), trace_share(np.eye(3))
    (0.5, 1.0)
    """
    xp, B = _symmetric("B", B)
    return min(float(_trace(xp, B) ** 2 / (B.shape[0] * _inner(xp, B, B))), 1.0)


def random_features_risk(B: Float[Array, "d d"], W: Float[Array, "N d"], activation: str = "square") -> float:
    r"""The relative risk of the features σ(<w_i, x>), i ≤ N, and a constant, for σ the square or the ReLU: a projection.

    .. math:: R = 1 - \frac{\langle b, K^+ b\rangle}{\|B\|_F^2}, \qquad K_{ij} = \langle w_i,w_j\rangle^2, \quad
        b_i = \langle w_i,Bw_i\rangle

    for the square; for the ReLU K is the covariance of the features and b_i = :math:`\langle w_i,Bw_i\rangle/\sqrt{4\pi}`, for unit vectors
    w_i. The lengths do not matter. K⁺ leaves out eigenvalues below 1e-10 times the largest.

    Book: ``prop-square-features`` and ``prop-relu-risk``.
    Error: of the features kept, absolute 1e-6 at worst and mostly below 1e-12. A direction of the span below the cut is not used: two
    weights at an angle below 1e-5 count as one. The value is then that of a subspace, so too large rather than too small.
    Raises: ValueError if B is not symmetric, finite and nonzero, W has no nonzero row or not d columns, or activation is another.

    >>> import numpy as np
    >>> random_features_risk(np.diag([1.0, 3.0]), np.array([[2.0, 0.0]]))
    0.9
    >>> round(random_features_risk(np.diag([1.0, 3.0]), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])), 15)
    0.0
    """
    xp, B, W = _target_and_weights("B", B, W)
    cosine = xp.clip(W @ W.T, -1.0, 1.0)
    b = xp.sum((W @ B) * W, axis=1)
    if activation == "square":
        captured = _solve(xp, cosine**2, b)
    elif activation == "relu":
        captured = _solve(xp, dual_relu(cosine) - 1 / (2 * math.pi), b) / (4 * math.pi)
    else:
        raise ValueError(f'activation must be "square" or "relu", got {activation!r}')
    return _between(0.0, 1 - captured / _inner(xp, B, B), 1.0)


def neural_tangent_risk(B: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The relative risk of the tangent features <δ_i, x> <w_i, x>, δ_i any vector, i ≤ N, and a constant: what lies off the weights.

    .. math:: R = \frac{\|PBP\|_F^2}{\|B\|_F^2}, \qquad P \text{ the projector onto } \operatorname{span}\{w_1,\dots,w_N\}^\perp

    It is 0 once the weights span R^d. A direction counts as spanned if the weights, scaled to length 1, have a singular value above
    max(N, d) ε times the largest in it, ε the unit of rounding.

    Book: ``prop-tangent-risk``.
    Error: absolute 1e-14, given the span.
    Raises: ValueError if B is not symmetric, finite and nonzero, or W has no nonzero row or not d columns.

    >>> import numpy as np
    >>> neural_tangent_risk(np.diag([1.0, 3.0]), np.array([[2.0, 0.0]]))
    0.9
    >>> neural_tangent_risk(np.diag([1.0, 3.0]), np.eye(2))
    0.0
    """
    xp, B, W = _target_and_weights("B", B, W)
    frame, rank = _row_space(xp, W)
    outside = frame[rank:, :] @ B @ frame[rank:, :].T
    return _between(0.0, _inner(xp, outside, outside) / _inner(xp, B, B), 1.0)


def neural_network_risk(B: Float[Array, "d d"], N: int) -> float:
    r"""The least relative risk of a network c + Σ a_i <w_i, x>² with N neurons, all weights free: of matrices of rank N.

    .. math:: R = \sum_{i>N} \lambda_i^2 \Big/ \sum_i \lambda_i^2, \qquad
        |\lambda_1| \ge |\lambda_2| \ge \dots \text{ the eigenvalues of } B

    Book: ``thm-network-rank``.
    Error: absolute 1e-14.
    Raises: ValueError if B is not symmetric, finite and nonzero, or N < 0.

    >>> import numpy as np
    >>> neural_network_risk(np.diag([1.0, -3.0]), 1)
    0.1
    """
    xp, B = _symmetric("B", B)
    squares = xp.sort(xp.linalg.eigvalsh(B) ** 2)
    left = max(B.shape[0] - integer("N", N, at_least=0), 0)
    return float(xp.sum(squares[:left]) / xp.sum(squares))


def network_risk(B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"], c: float) -> float:
    r"""The relative risk of the one network c + Σ a_i <w_i, x>², no minimum taken. With :math:`M = \sum_i a_iw_iw_i^\top` it is

    .. math:: R = \frac{2\|B-M\|_F^2 + (c + \operatorname{Tr}M)^2}{2\|B\|_F^2}

    Book: ``lem-risk-of-matrix``.
    Error: absolute, a few units of rounding times 1 + (|c| + Σ |a_i| |w_i|²)² / :math:`\|B\|_F^2`.
    Raises: ValueError if B is not symmetric, finite and nonzero, the shapes do not fit, or c is not finite.

    >>> import numpy as np
    >>> network_risk(np.diag([1.0, 3.0]), np.array([[0.0, 1.0]]), np.array([3.0]), -3.0)
    0.1
    """
    xp, B = _symmetric("B", B)
    common_namespace(B=B, W=finite_array("W", W, ndim=2), a=finite_array("a", a, ndim=1))
    if tuple(W.shape) != (a.shape[0], B.shape[0]):
        raise ValueError(f"W must have shape (N, d) = {(a.shape[0], B.shape[0])}, got {tuple(W.shape)}")
    M = (W.T * a) @ W
    offset = _trace(xp, M) + real("c", c)
    return float((2 * _inner(xp, B - M, B - M) + offset**2) / (2 * _inner(xp, B, B)))


# --- random weights: expectations and bounds in each dimension


def expected_neural_tangent_risk(d: int, N: int, tau: float) -> float:
    r"""The mean of :func:`neural_tangent_risk` over weights whose span is uniformly distributed, such as Gaussian ones; p = d - N.

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

    with δ_0 = 1 - 1/d, g_0 = N/δ_0, :math:`h'(g_0) = d/(d+g_0)^2`, v the variance of a squared cosine, and q the bound on the
    probability of a bad event by the fourth moment. The least value over β = 0.05, 0.10, ..., 0.95 is taken, and at most 1.

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

    By which of the four indices agree: E q⁴ for each pair, v² for each triple, twice; and for four different ones the trace of the fourth
    power of the kernel q, which has D_0 = (d - 1)(d + 2)/2 equal eigenvalues of sum 1 - 1/d.
    """
    fourth_moment = math.fsum(math.comb(4, k) * cosine_moment(d, 2 * k) * (-1 / d) ** (4 - k) for k in range(5))
    pairs, triples = N * (N - 1), N * (N - 1) * (N - 2)
    harmonics = (d - 1) * (d + 2) / 2
    return pairs * fourth_moment + 2 * triples * _square_variance(d) ** 2 + triples * (N - 3) * (1 - 1 / d) ** 4 / harmonics**3


def expected_random_features_risk(d: int, N: int, tau: float) -> tuple[float, float]:
    r"""Lower and upper bound on the mean of :func:`random_features_risk` (square) over N uniformly random directions; D = d(d+1)/2.

    .. math:: \mathbb E R = 1 - p_0\,\tau - \frac{N-p_0}{D-1}\,(1-\tau)

    with p_0 between :func:`captured_identity_bounds`. The lengths of the weights do not matter: Gaussian weights give the same.

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

    with Q = ``quantile``, the quantile function of the law of |λ|, a function on (0, 1). For the exponential law,
    Q(u) = -ln(1 - u), it is 1 - ϱ (q² + 2q + 2)/2 with q = -ln ϱ.

    Book: ``cor-network-limit``.
    Error: absolute 1e-9, if Q is smooth inside (0, 1).
    Raises: ValueError unless rho ≥ 0, Q takes finite values and is not zero; RuntimeError if the quadrature does not reach the error.

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

    with t_j the eigenvalues of d Γ, in place of their limit law. ``activation`` is "square", "relu" or (λ_1, λ_2, λ̃), with
    λ_k = E σ(G) He_k(G) and λ̃ = E σ(G)² - λ_0² - λ_1² > 0. The left side increases in ψ, so ψ is unique.

    Book: ``thm-general-activation``, quoted: it is a limit as d → ∞, and says nothing certain about one d.
    Error: of the formula, absolute 1e-12.
    Raises: ValueError if B or Γ is not symmetric, finite and nonzero, Γ has a negative eigenvalue or Tr Γ ≠ 1, N < 0, or λ̃ ≤ 0.

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


# --- the mixture


def mixture_risk(Delta: Float[Array, "d d"], S: Float[Array, "d d"]) -> float:
    r"""The mean squared error E (y - g(x))² of g(x) = c - <x, Sx> with the best constant c, for the mixture.

    .. math:: R(S) = 1 - 2\langle S,\Delta\rangle + \langle S,\Delta\rangle^2 + 2\|S\|_F^2 + 2\operatorname{Tr}(S\Delta S\Delta)

    Book: ``lem-mixture-risk``.
    Error: a few units of rounding of the sum of the absolute terms.
    Raises: ValueError if Δ or S is not symmetric and finite, the shapes differ, or Δ has an eigenvalue outside (-1, 1).

    >>> import numpy as np
    >>> mixture_risk(np.eye(1) / 2, np.zeros((1, 1))), mixture_risk(np.eye(1) / 2, np.eye(1))
    (1.0, 2.75)
    """
    xp, Delta, _ = _mixture(Delta)
    _, S = _symmetric("S", S, zero=True)
    common_namespace(Delta=Delta, S=S)
    if S.shape != Delta.shape:
        raise ValueError(f"S must have the shape {tuple(Delta.shape)} of Delta, got {tuple(S.shape)}")
    inner, both = _inner(xp, S, Delta), S @ Delta
    return float((1 - inner) ** 2 + 2 * _inner(xp, S, S) + 2 * _inner(xp, both, both.T))


def mixture_random_features_risk(Delta: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The least risk of the features <w_i, x>², i ≤ N, and a constant, for the mixture.

    .. math:: R = \frac{1}{1+\frac12\langle b,(K+H)^+b\rangle}, \qquad K_{ij} = \langle w_i,w_j\rangle^2, \quad
        H_{ij} = \langle w_i,\Delta w_j\rangle^2, \quad b_i = \langle w_i,\Delta w_i\rangle

    Book: ``lem-mixture-risk``.
    Error: as for :func:`random_features_risk`.
    Raises: ValueError if Δ is not symmetric and finite or has an eigenvalue outside (-1, 1), or W has no nonzero row or not d columns.

    >>> import numpy as np
    >>> mixture_random_features_risk(np.eye(1) / 2, np.ones((1, 1)))  # 1 / (1 + (1/2) (1/4) / (5/4))
    0.9090909090909091
    """
    xp, Delta, _ = _mixture(Delta)
    _, Delta, W = _target_and_weights("Delta", Delta, W, zero=True)
    inner = W @ Delta @ W.T
    captured = _solve(xp, (W @ W.T) ** 2 + inner**2, xp.linalg.diagonal(inner))
    return float(1 / (1 + captured / 2))


def mixture_neural_tangent_risk(Delta: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The least risk of the tangent features <δ_i, x> <w_i, x>, i ≤ N, and a constant, for the mixture.

    .. math:: R = \frac{1}{1+\frac12\langle\Delta,S\rangle}, \qquad S \in T, \quad S + \Pi(\Delta S\Delta) = \Pi\Delta

    where T are the symmetric matrices M with PMP = 0 as in :func:`neural_tangent_risk`, and Π projects onto T. Conjugate gradients on
    matrices; with δ the largest absolute eigenvalue of Δ the operator lies between 1 - δ² and 1 + δ², so each step reduces the error
    by a factor below δ²: few steps unless δ is near 1.

    Book: ``lem-mixture-risk`` and ``prop-tangent-risk``.
    Error: absolute 1e-13. The iteration stops at a residual r with :math:`\|r\|^2 \le 10^{-14}(1-\delta^2)\|\Pi\Delta\|^2`, and
    :math:`\|r\|^2/(1-\delta^2)` bounds the error of <Δ, S>.
    Raises: ValueError as for :func:`mixture_random_features_risk`; RuntimeError if 1000 steps do not reach that residual.

    >>> import numpy as np
    >>> round(mixture_neural_tangent_risk(np.eye(1) / 2, np.ones((1, 1))), 12)
    0.909090909091
    """
    xp, Delta, delta = _mixture(Delta)
    _, Delta, W = _target_and_weights("Delta", Delta, W, zero=True)
    frame, rank = _row_space(xp, W)
    Delta = frame @ Delta @ frame.T
    inside = xp.zeros_like(Delta)
    inside[:rank, :] = 1.0
    inside[:, :rank] = 1.0
    residual = inside * Delta
    goal = SMALL_RESIDUAL**2 * (1 - delta**2) * _inner(xp, residual, residual)
    S, direction, size = xp.zeros_like(Delta), residual, _inner(xp, residual, residual)
    for _ in range(1000):
        if size <= goal:
            return float(1 / (1 + _inner(xp, Delta, S) / 2))
        image = direction + inside * (Delta @ direction @ Delta)
        step = size / _inner(xp, direction, image)
        S, residual = S + step * direction, residual - step * image
        size, old = _inner(xp, residual, residual), size
        direction = residual + size / old * direction
    raise RuntimeError(f"conjugate gradients did not converge in 1000 steps: the largest absolute eigenvalue of Delta is {delta!r}")


def mixture_neural_network_risk(Delta: Float[Array, "d d"], N: int) -> float:
    r"""The least risk of a network c + Σ a_i <w_i, x>² with N neurons, all weights free, for the mixture.

    .. math:: R = \Bigl(1 + \frac12\sum_{i\le N}\frac{\lambda_i^2}{1+\lambda_i^2}\Bigr)^{-1}, \qquad
        |\lambda_1| \ge |\lambda_2| \ge \dots \text{ the eigenvalues of } \Delta

    Book: ``thm-mixture-network``.
    Error: relative 1e-14.
    Raises: ValueError if Δ is not symmetric and finite or has an eigenvalue outside (-1, 1), or N < 0.

    >>> import numpy as np
    >>> mixture_neural_network_risk(np.diag([0.5, 0.0]), 1)
    0.9090909090909091
    """
    xp, Delta, _ = _mixture(Delta)
    squares = xp.sort(xp.linalg.eigvalsh(Delta) ** 2, descending=True)[: integer("N", N, at_least=0)]
    return float(1 / (1 + xp.sum(squares / (1 + squares)) / 2))


def mixture_sandwich(captured: float, delta: float) -> tuple[float, float]:
    r"""Lower and upper bound on the least risk over a cone of matrices, from s = ``captured``, the squared norm of the part of Δ in it.

    .. math:: \frac{2(1-\delta^2)}{2(1-\delta^2)+s} \le R \le \frac{2(1+\delta^2)}{2(1+\delta^2)+s}

    with δ = ``delta`` < 1 at least the largest absolute eigenvalue of Δ. Both are 2/(2 + s) as δ → 0.

    Book: ``prop-mixture-sandwich``.
    Error: relative 1e-15.
    Raises: ValueError unless captured ≥ 0 and 0 ≤ delta < 1.

    >>> mixture_sandwich(2.0, 0.0)
    (0.5, 0.5)
    """
    s, delta = real("captured", captured, at_least=0), real("delta", delta, at_least=0, at_most=math.nextafter(1, 0))
    low, high = 2 * (1 - delta) * (1 + delta), 2 * (1 + delta**2)
    return low / (low + s), high / (high + s)


def mixture_random_features_limit(rho: float, norm_squared: float, tau: float) -> float:
    r"""The limit of :func:`mixture_random_features_risk`, isotropic weights, as d → ∞, N/d → ϱ and the eigenvalues of Δ tend to 0.

    .. math:: \frac{2}{2+s}, \qquad s = \frac{\varrho}{1+\varrho}\,\tau\,\|\Delta\|_F^2

    with ``norm_squared`` the limit of :math:`\|\Delta\|_F^2`, and ``tau`` that of :math:`\operatorname{Tr}(\Delta)^2/(d\|\Delta\|_F^2)`.

    Book: ``prop-mixture-sandwich`` with ``cor-random-features-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0, norm_squared ≥ 0 and 0 ≤ tau ≤ 1.

    >>> mixture_random_features_limit(1.0, 4.0, 1.0)
    0.5
    """
    return 2 / (2 + (1 - random_features_limit(rho, tau)) * real("norm_squared", norm_squared, at_least=0))


def mixture_neural_tangent_limit(rho: float, norm_squared: float, tau: float) -> float:
    r"""The limit of :func:`mixture_neural_tangent_risk`, isotropic weights, as d → ∞, N/d → ϱ and the eigenvalues of Δ tend to 0.

    .. math:: \frac{2}{2+\kappa\|\Delta\|_F^2}, \qquad \kappa = 1-(1-\varrho)_+^2(1-\tau)-(1-\varrho)_+\,\tau

    Book: ``prop-mixture-sandwich`` with ``cor-tangent-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0, norm_squared ≥ 0 and 0 ≤ tau ≤ 1.

    >>> mixture_neural_tangent_limit(1.0, 2.0, 0.5)
    0.5
    """
    return 2 / (2 + (1 - neural_tangent_limit(rho, tau)) * real("norm_squared", norm_squared, at_least=0))


def mixture_neural_network_limit(rho: float, norm_squared: float, quantile: Callable[[float], float]) -> float:
    r"""The limit of :func:`mixture_neural_network_risk` as d → ∞, N/d → ϱ and the eigenvalues of Δ tend to 0.

    .. math:: \frac{2}{2+s}, \qquad s = \Bigl(1 - \int_0^{(1-\varrho)_+} Q^2 \Big/ \int_0^1 Q^2\Bigr)\,\|\Delta\|_F^2

    with Q = ``quantile`` as in :func:`neural_network_limit`, for the eigenvalues of Δ scaled by any common factor.

    Book: ``prop-mixture-sandwich`` with ``cor-network-limit``.
    Error: absolute 1e-9.
    Raises: as :func:`neural_network_limit`, and ValueError unless norm_squared ≥ 0.

    >>> round(mixture_neural_network_limit(0.5, 4.0, lambda u: 1.0), 9)
    0.5
    """
    return 2 / (2 + (1 - neural_network_limit(rho, quantile)) * real("norm_squared", norm_squared, at_least=0))


# --- training


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network c + Σ a_i <w_i, x>², and the exact risk of the network on the way, after the numbers of steps in ``steps``."""

    W: Float[np.ndarray, "N d"]
    a: Float[np.ndarray, " N"]
    c: float
    steps: tuple[int, ...]
    risk: tuple[float, ...]


def train_network(
    rng: np.random.Generator,
    B: Float[np.ndarray, "d d"],
    N: int,
    steps: int,
    *,
    step_size: float = 1.0,
    batch: int = 100,
    start: float = 0.1,
    checks: int = 20,
) -> TrainedNetwork:
    r"""Train W and c of c + Σ a_i <w_i, x>² by stochastic gradient descent, each step on ``batch`` fresh samples x ~ N(0, I_d).

    The loss is half the mean squared error. The signs a_i are fixed: that of B if it is semidefinite, else half of each sign.
    W starts as Gaussian with E Σ |w_i|² = ``start`` Tr |B|, so small that the large eigenvalues are found first, and c at
    :math:`-\sum_i a_i|w_i|^2`. The step t = 0, 1, ..., T - 1 of T = ``steps`` has the size

    .. math:: \eta_t = \eta\,(1 - t/T), \qquad
        \eta = \frac{\texttt{step\_size}}{4\,(\operatorname{Tr}|B|+2\|B\|)\,(1+(d+2)/\texttt{batch})}

    for near the goal the loss has curvature at most about L = 4 (Tr |B| + 2 ‖B‖) in W, with the largest absolute eigenvalue ‖B‖, and the
    noise of a batch counts as (d + 2)/batch times that; the decrease to 0 removes what the noise leaves. In c the curvature is 1, so its
    step is L times larger: with one step for both, c follows the trace of the network so slowly that it holds back all of W. Arithmetic
    is in single precision; the risks are those of the weights found, as :func:`network_risk` has them, at ``checks`` + 1 times.

    Book: ``lem-risk-of-matrix``.
    Raises: ValueError for an argument out of its bounds; RuntimeError if the weights do not stay finite: take a smaller step.

    >>> import numpy as np
    >>> train_network(np.random.default_rng(0), np.eye(2), 3, 500).risk[-1] < 1e-2
    True
    """
    _, B = _symmetric("B", B)
    B = np.asarray(B, dtype=float)
    matrix, trace = B.astype(np.float32), np.float32(np.trace(B))

    def draw(rng, batch):
        x = rng.standard_normal((batch, B.shape[0]), dtype=np.float32)
        return x, np.sum((x @ matrix) * x, axis=1) - trace

    return _descend(rng, B, N, steps, step_size, batch, start, checks, draw, lambda W, a, c: network_risk(B, W, a, c))


def train_mixture_network(
    rng: np.random.Generator,
    Delta: Float[np.ndarray, "d d"],
    N: int,
    steps: int,
    *,
    step_size: float = 1.0,
    batch: int = 100,
    start: float = 0.1,
    checks: int = 20,
) -> TrainedNetwork:
    r"""Train a network as :func:`train_network` does, to predict the label of the mixture; batches of fresh pairs (x, y).

    In place of B in the signs, the start and the step stands :math:`-S_*`, the matrix of the best quadratic predictor, which has the
    eigenvectors of Δ and the eigenvalues :math:`\frac{1}{2(1+m)}\frac{\lambda_i}{1+\lambda_i^2}`, with
    :math:`m=\frac12\sum_i\lambda_i^2/(1+\lambda_i^2)`. The risks are exact: with :math:`M=\sum_ia_iw_iw_i^\top` that of
    :func:`mixture_risk` at S = -M plus :math:`(c+\operatorname{Tr}M)^2`.

    Book: ``lem-mixture-risk``.
    Raises: ValueError for an argument out of its bounds; RuntimeError if the weights do not stay finite: take a smaller step.

    >>> import numpy as np
    >>> found = train_mixture_network(np.random.default_rng(0), np.diag([0.9, 0.0]), 2, 1000)
    >>> abs(found.risk[-1] - mixture_neural_network_risk(np.diag([0.9, 0.0]), 2)) < 1e-2
    True
    """
    _, Delta, _ = _mixture(Delta)
    Delta = np.asarray(Delta, dtype=float)
    values, vectors = np.linalg.eigh(Delta)
    shrunk = values / (1 + values**2)
    best = (vectors * (shrunk / (2 + values @ shrunk))) @ vectors.T
    roots = {y: ((vectors * np.sqrt(1 - y * values)) @ vectors.T).astype(np.float32) for y in (1, -1)}

    def draw(rng, batch):
        y, x = rng.choice(np.asarray([-1, 1]), batch), rng.standard_normal((batch, len(values)), dtype=np.float32)
        for label, root in roots.items():
            x[y == label] = x[y == label] @ root
        return x, y.astype(np.float32)

    def risk(W, a, c):
        M = (W.T * a) @ W
        return mixture_risk(Delta, -M) + float(np.trace(M) + c) ** 2

    return _descend(rng, -best, N, steps, step_size, batch, start, checks, draw, risk)


def _descend(rng, B, N, steps, step_size, batch, start, checks, draw, risk):
    """Stochastic gradient descent on the samples of ``draw``; ``risk(W, a, c)`` is the exact risk. B is the matrix to be found."""
    rng, d, N, T = generator("rng", rng), len(B), integer("N", N, at_least=1), integer("steps", steps, at_least=1)
    step_size, start = real("step_size", step_size, above=0), real("start", start, above=0)
    batch, checks = integer("batch", batch, at_least=1), integer("checks", checks, at_least=1)
    eigenvalues = np.linalg.eigvalsh(B)
    size, largest = float(np.sum(np.abs(eigenvalues))), float(np.max(np.abs(eigenvalues)))
    if size == 0:
        raise ValueError("Delta must not be zero, got the zero matrix: there is nothing to learn")
    positive, negative = np.any(eigenvalues > 1e-12 * largest), np.any(eigenvalues < -1e-12 * largest)
    a = np.where(np.arange(N) % 2 == 0, 1.0, -1.0) if positive and negative else np.full(N, 1.0 if positive else -1.0)

    curvature = 4 * (size + 2 * largest)
    eta = step_size / (curvature * (1 + (d + 2) / batch))
    W = (rng.standard_normal((N, d)) * math.sqrt(start * size / (N * d))).astype(np.float32)
    c = -float(a @ np.sum(W.astype(float) ** 2, axis=1))
    signs, times, risks = a.astype(np.float32), sorted({round(k * T / checks) for k in range(checks + 1)}), []
    # A step that is too large shows in the weights, which are looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(T + 1):
            if t in times:
                if not (np.all(np.isfinite(W)) and math.isfinite(c)):
                    raise RuntimeError(f"the weights are not finite after {t} steps: step_size {step_size!r} is too large")
                risks.append(risk(W.astype(float), a, c))
            if t < T:
                x, y = draw(rng, batch)
                z, rate = x @ W.T, eta * (1 - t / T)
                error = (z * z) @ signs + np.float32(c) - y
                W -= np.float32(2 * rate / batch) * ((z * error[:, None] * signs).T @ x)
                c -= curvature * rate * float(np.mean(error))
    return TrainedNetwork(W.astype(float), a, c, tuple(times), tuple(risks))


# --- linear algebra


def _symmetric(name, A, zero=False):
    """The array functions of A and its symmetric part; ValueError if A is not a nonempty square, finite, (nonzero) symmetric matrix."""
    xp = array_namespace(finite_array(name, A, ndim=2))
    if A.shape[0] != A.shape[1] or A.shape[0] == 0:
        raise ValueError(f"{name} must be a square matrix of at least one row, got shape {tuple(A.shape)}")
    size, skew = float(xp.max(xp.abs(A))), float(xp.max(xp.abs(A - A.T)))
    if skew > max(SYMMETRIC, 10 * float(xp.finfo(A.dtype).eps)) * size:
        raise ValueError(f"{name} must be symmetric up to {SYMMETRIC:g} of its largest entry {size:g}, got a difference of {skew:g}")
    if size == 0 and not zero:
        raise ValueError(f"{name} must not be zero, got the zero matrix of shape {tuple(A.shape)}")
    return xp, (A + A.T) / 2


def _mixture(Delta):
    """The array functions of Delta, its symmetric part, and its largest absolute eigenvalue δ < 1."""
    xp, Delta = _symmetric("Delta", Delta, zero=True)
    delta = float(xp.max(xp.abs(xp.linalg.eigvalsh(Delta))))
    if delta >= 1:
        raise ValueError(f"Delta must have all eigenvalues in (-1, 1), got one of absolute value {delta!r}")
    return xp, Delta, delta


def _target_and_weights(name, B, W, zero=False):
    """The array functions, the symmetric part of B, and the nonzero rows of W scaled to length 1."""
    _, B = _symmetric(name, B, zero)
    xp = common_namespace(**{name: B, "W": finite_array("W", W, ndim=2)})
    if W.shape[1] != B.shape[0]:
        raise ValueError(f"W must have {B.shape[0]} columns, as {name} has, got shape {tuple(W.shape)}")
    if W.shape[0] == 0 or not xp.any(W != 0):
        raise ValueError(f"W must have at least one nonzero row, got shape {tuple(W.shape)}")
    largest = xp.max(xp.abs(W), axis=1)
    W = W[largest > 0, :] / largest[largest > 0][:, None]
    return xp, B, W / xp.linalg.vector_norm(W, axis=1, keepdims=True)


def _solve(xp, K, b):
    """<b, K⁺ b> for a positive semidefinite K, without the smallest eigenvalues: K is known to N ε, so below them they are noise."""
    values, vectors = xp.linalg.eigh(K)
    kept = values > max(SMALL_EIGENVALUE, 10 * K.shape[0] * float(xp.finfo(K.dtype).eps)) * values[-1]
    shares = (vectors.T @ b)[kept] ** 2 / values[kept]
    return float(xp.sum(shares))


def _row_space(xp, W):
    """An orthonormal basis of R^d (as rows) whose first ``rank`` vectors span the rows of W, and this rank."""
    N, d = W.shape
    _, values, frame = xp.linalg.svd(W, full_matrices=d > N)
    rank = int(xp.sum(xp.astype(values > max(N, d) * xp.finfo(W.dtype).eps * values[0], xp.int64)))
    return frame, rank


def _trace(xp, A):
    return xp.sum(xp.linalg.diagonal(A))


def _inner(xp, A, B):
    return float(xp.sum(A * B))


def _between(lower, value, upper):
    """The value, freed from rounding beyond its bounds."""
    return float(min(max(value, lower), upper))
