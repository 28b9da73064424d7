r"""What random ReLU features really need: bounds on their error from both sides, and their width.

The target is the neuron x -> [⟨θ, x⟩]_+ with a unit vector θ in R^d, the input x standard Gaussian,
and the features are [⟨w_i, x⟩]_+ with independent weights of uniform direction, r of them, with the
best coefficients. ‖f‖² = E f(x)²; for a neuron of norm ρ multiply every error by ρ². λ_k, with
multiplicity N(d, k), is the spectrum of one neuron (``randomfeatures.sharp.spectrum``), tail_r the
error of the best r features of any kind (``randomfeatures.sharp.optimum``), and τ_K, K even, what
is left beyond degree K (``randomfeatures.sharp.optimum_tail``).
"""

import math
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import expit

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import (
    LARGEST,
    ball,
    certify,
    enclosure,
    flint,
    working_precision,
)
from randomfeatures.foundations.relu_spectrum import energy_share, neuron_eigenvalue
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum_levels import at_most, least, levels_of, tail_below
from randomfeatures.sharp.optimum_tail import tail_after, tail_law
from randomfeatures.sharp.spectrum import even_integer, harmonics

LAST_DEGREE = 20_000
"""Sums over all degrees end here; the energy beyond is bounded by ``tail_law``."""

LARGEST_DIMENSION = 10**300
"""The highest dimension of those sums, which are in floats."""

PER_HARMONIC = Fraction(652, 100)
"""Random features for each harmonic and unit of the logarithm: 2/(1 - ln 2), rounded up."""

WORST_STEP = Fraction(133, 10)
"""3 τ_K/τ_{K+2} is largest for d = K = 2; rounded up."""


# --- the sandwich


def expected_error_bound(d: int, r: int) -> float:
    r"""U_r: r random ReLU features have at most this error, in mean over the draw, for every θ.

    .. math:: \mathbb E_W e_W(\theta)\ \le\
              U_r = \sum_k N(d,k)\,\frac{\lambda_k\nu_k}{\lambda_k+\nu_k}, \qquad
              \nu_k = \frac1r\bigl(\tfrac12-\lambda_k\bigr)

    Degrees above 20 000 are counted with all their energy. The error is at least tail_r.

    Book: ``prop-sandwich``.
    Error: rounded up by a relative 1e-10 (1 + log r), which is more than rounding can take away.
    Raises: ValueError unless 2 ≤ d ≤ 10^300 and r ≥ 1; ImportError without python-flint.

    >>> round(expected_error_bound(20, 800), 4)
    0.0701
    """
    d, r = _dimension(d), integer("r", r, at_least=1)
    return _expected_error_bound(d, math.log(r))


def sampled_optimum_bound(d: int, r: int, m: int) -> float:
    r"""tail_m + m / 2r: r random ReLU features do what the best m features do, up to this noise.

    .. math:: U_r \le \operatorname{tail}_m + \frac m{2r}

    Book: ``prop-sandwich``. Error: rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 2, r ≥ 1 and m ≥ 0; ArithmeticError where no float holds it;
    ImportError without python-flint.

    >>> sampled_optimum_bound(20, 800, 230) > expected_error_bound(20, 800)
    True
    """
    d, r, m = integer("d", d, at_least=2), integer("r", r, at_least=1), integer("m", m, at_least=0)
    tail = certify(lambda: tail_below(levels_of(d, 0.0), m))
    with working_precision(160):
        return _upwards("sampled_optimum_bound", tail + ball(m) / (2 * r))


# --- the theorem: random ReLU features are nearly optimal


def random_relu_width(d: int, degree: int, failure: float) -> int:
    r"""The least r ≥ 6.52 m ln(m/p), m the harmonics up to K = ``degree``, p = ``failure``.

    So many random ReLU features have, with probability ≥ 1 - p over the weights, a mean error over
    all directions of at most :func:`random_relu_error`, three times that of the best m features.

    Book: ``thm-random-relu``. Error: none, an exact integer.
    Raises: ValueError unless d ≥ 2, degree ≥ 2 is even, 0 < failure < 1; ImportError without
    python-flint.

    >>> random_relu_width(5, 2, 0.01)  # m = 20
    992
    """
    m = harmonics(d, degree)
    return _ceiling_of_product(
        m, lambda: (m / ball(real("failure", failure, above=0, below=1))).log()
    )


def random_relu_error(d: int, degree: int) -> float:
    r"""3 tail_m = 3 τ_K: the error that :func:`random_relu_width` features do not exceed.

    Book: ``thm-random-relu``. Error: rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 2 and degree ≥ 2 is even; ImportError without python-flint.

    >>> round(256 * random_relu_error(3, 2), 12)
    3.0
    """
    d, degree = integer("d", d, at_least=2), even_integer("degree", degree, at_least=2)
    tail = certify(lambda: tail_after(d, degree))
    with working_precision(160):
        return _upwards("random_relu_error", 3 * tail)


def random_relu_expected_width(d: int, error: float) -> int:
    r"""The least r ≥ 6.52 m ln(2m/ε), with the least K for which tail_m = τ_K ≤ ε/4, ε = ``error``.

    So many random ReLU features have an expected error of at most ε for every direction.

    Book: ``thm-random-relu``. Error: none, an exact integer of any size.
    Raises: ValueError unless d ≥ 2 and 0 < error < 1/2; ArithmeticError where a comparison is still
    open at 2^18 bits; ImportError without python-flint.

    >>> random_relu_expected_width(5, 0.03)
    939
    """
    d, error = integer("d", d, at_least=2), real("error", error, above=0, below=0.5)
    levels = levels_of(d, 0.0)
    level = least(lambda i: at_most(levels, levels.count(i), Fraction(error) / 4), 2)
    m = levels.count(level)
    return _ceiling_of_product(m, lambda: (2 * m / ball(error)).log())


def random_relu_guarantee(d: int, r: int, failure: float) -> tuple[int, float]:
    r"""r' = ⌊r / (6.52 ln(r/p))⌋ and 13.3 tail_{r'}: what r features do, p = ``failure``.

    With probability ≥ 1 - p over the weights the mean error over all directions is at most
    13.3 times that of the best r' features of any kind.

    Book: ``thm-random-relu``. Error: r' is exact, the error rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 2, 0 < failure < 1 and r ≥ 6.52 m ln(m/p) with m = d (d + 3) / 2;
    ArithmeticError where no float holds the error; ImportError without python-flint.

    >>> fewer, error = random_relu_guarantee(5, 2000, 0.01)
    >>> fewer, round(error, 4)
    (25, 0.0729)
    """
    d, r = integer("d", d, at_least=2), integer("r", r, at_least=0)
    enough = random_relu_width(d, 2, failure)
    if r < enough:
        given = f"d = {d}, failure = {failure!r}"
        raise ValueError(f"r must be an integer >= {enough} for {given}, got {r}")
    with working_precision(160 + 2 * r.bit_length()):
        logarithm = (r / ball(float(failure))).log()
        fewer = int((r / (_rational(PER_HARMONIC) * logarithm)).floor().unique_fmpz())
    tail = certify(lambda: tail_below(levels_of(d, 0.0), fewer))
    with working_precision(160):
        return fewer, _upwards("the error", _rational(WORST_STEP) * tail)


def log_width_enough(d: int, error: float) -> float:
    r"""Logarithm of a number of random ReLU features with an expected error ≤ ε = ``error``.

    The smaller one of two: the least r with U_r ≤ ε, see :func:`expected_error_bound`, and
    :func:`random_relu_expected_width`. It holds for every direction.

    Book: ``prop-sandwich``, ``thm-random-relu``. Error: absolute, 1e-9 (1 + log r), upwards.
    Raises: ValueError unless 2 ≤ d ≤ 10^300 and 0 < error < 1/2; ImportError without python-flint.

    >>> round(math.exp(log_width_enough(10, 0.01)))
    11105
    """
    d = _dimension(d)
    by_theorem = math.log(random_relu_expected_width(d, error))
    # U_r decreases in r, so a root of U_r = ε below the other width is found between 1 and it.
    if _expected_error_bound(d, by_theorem) > error:
        return by_theorem * (1 + 1e-9)
    if _expected_error_bound(d, 0.0) <= error:
        return 0.0
    root = brentq(lambda y: math.log(_expected_error_bound(d, y) / error), 0.0, by_theorem)
    return root + 1e-9 * (1 + root)


# --- other bounds of the picture


def log_most_directions_width(d: int, error: float, delta: float) -> float:
    r"""Logarithm of a number of features that are too few for a share 1 - δ of the directions.

    .. math:: \max_K\ \log\Bigl(\delta\,\frac{\tau_K-\varepsilon}{\lambda_{K+2}}\Bigr), \qquad
              \text{and } \frac{\tau_1-\varepsilon}{\lambda_2} \text{ for degree 1}

    With fewer features of any kind the error is above ε = ``error``, for a share of at least
    1 - δ, δ = ``delta``, of the directions. -inf where the theorem says nothing.

    Book: ``thm-almost-every-direction``. Error: rounded down by 1e-9 (1 + its size).
    Raises: ValueError unless 2 ≤ d ≤ 10^300, error > 0 and 0 < delta ≤ 1; ImportError without
    python-flint.

    >>> log_most_directions_width(10, 0.6, 0.5)
    -inf
    """
    d, error = _dimension(d), real("error", error, above=0)
    delta = real("delta", delta, above=0, at_most=1)
    log_eigenvalues, energies, _ = _degrees(d)
    tails = np.cumsum(energies[:1:-1])[::-1]  # τ_1, τ_2, τ_4, ...
    known = tails * (1 - 1e-10) > error
    sizes = np.log(tails[known] * (1 - 1e-10) - error) - log_eigenvalues[2:][known]
    best = math.log(delta) + float(np.max(sizes, initial=-math.inf))
    return best - 1e-9 * (1 + abs(best)) if math.isfinite(best) else best


def preconditioner_bounds(d: int, r: int) -> tuple[float, float]:
    r"""Two upper bounds on the mean square distance from 1 of the preconditioned eigenvalues.

    .. math:: \mathbb E_W\,\frac1r\sum_i(\mu_i-1)^2\ \le\
              \frac{r-1}{\tau_2^2}\sum_{k\ge4}N(d,k)\,\lambda_k^2\ \le\ \frac r{N(d,4)}

    μ are the eigenvalues of :math:`P^{-1/2}GP^{-1/2}`, where P keeps of the Gram matrix G the
    degrees up to 2, and τ_2 times the identity for the rest.

    Book: ``prop-preconditioner``. Error: rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 2 and r ≥ 1; ArithmeticError where no float holds them;
    ImportError without python-flint.

    >>> [round(bound, 4) for bound in preconditioner_bounds(20, 400)]
    [0.0188, 0.0463]
    """
    d, r = integer("d", d, at_least=2), integer("r", r, at_least=1)
    squares = certify(lambda: _squares_after_two(d) / tail_after(d, 2) ** 2)
    with working_precision(160 + r.bit_length()):
        first = _upwards("preconditioner_bounds", (r - 1) * squares)
        return first, _upwards("preconditioner_bounds", ball(r) / multiplicity(d, 4))


def probe_failure(level: float, probes: int) -> float:
    r"""A bound on the probability that the certificate by probes fails.

    .. math:: \bigl(\ell\,\sqrt{2/\pi}\bigr)^n

    for the level ℓ = ``level`` and n = ``probes`` independent Gaussian vectors, in exact
    arithmetic; 1 where it is larger.

    Book: ``prop-certificate``. Error: rounded up by a relative 1e-15.
    Raises: ValueError unless level > 0 and probes ≥ 1; ImportError without python-flint.

    >>> 4.0e-9 < probe_failure(0.05, 6) < 4.1e-9
    True
    """
    level, probes = real("level", level, above=0), integer("probes", probes, at_least=1)
    with working_precision(160 + probes.bit_length()):
        one = ball(level) * (2 / flint().arb.pi()).sqrt()
        return 1.0 if one >= 1 else enclosure((probes * one.log()).exp())[1]


# --- sums over all degrees, in floats


def _log_eigenvalue(d: int, k: int) -> Any:
    """log λ_k as a ball."""
    return neuron_eigenvalue(d, k).log()


@lru_cache(maxsize=256)
def _degrees(d: int) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], float]:
    """log λ_k and N(d, k) λ_k for the degrees 0, 1, 2, 4, ..., and a bound on the energy beyond.

    From degree to degree by quotients: the n-th is known to n times a few units in the last place.
    """
    logs = [float(certify(partial(_log_eigenvalue, d, k))) for k in (0, 1, 2)]
    shares = [float(certify(partial(energy_share, d, k))) for k in (0, 1, 2)]
    k, D = np.arange(2.0, LAST_DEGREE, 2), float(d)
    steps = 2 * np.log((k - 1) / (k + D + 1))
    quotients = (2 * k + D + 2) / (2 * k + D - 2) * ((k + D - 2) / (k + D + 1))
    quotients *= (k + D - 1) / (k + D + 1) * ((k - 1) / (k + 1)) * ((k - 1) / (k + 2))
    log_eigenvalues = np.concatenate([logs[:2], logs[2] + np.cumsum(np.append(0.0, steps))])
    energies = np.concatenate([shares[:2], shares[2] * np.cumprod(np.append(1.0, quotients))])
    return log_eigenvalues, energies, tail_law(d, LAST_DEGREE)[1]


def _expected_error_bound(d: int, log_r: float) -> float:
    """U_r for r = exp(log_r)."""
    log_eigenvalues, energies, beyond = _degrees(d)
    log_noise = np.log(0.5 - np.exp(log_eigenvalues)) - log_r
    value = math.fsum(energies * expit(log_noise - log_eigenvalues)) + beyond
    return value * (1 + 1e-10 * (1 + log_r))


def _dimension(d: int) -> int:
    return integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)


# --- balls


def _ceiling_of_product(m: int, logarithm: Any) -> int:
    """The least integer ≥ 6.52 m times a logarithm, which is no rational number."""
    bits = 160 + 2 * m.bit_length()
    while True:
        with working_precision(bits):
            ceiling = (_rational(PER_HARMONIC) * m * logarithm()).ceil().unique_fmpz()
        if ceiling is not None:
            return int(ceiling)
        bits *= 2


def _rational(number: Fraction) -> Any:
    """A ball about the number, of the working precision."""
    return ball(number.numerator) / number.denominator


def _upwards(name: str, value: Any) -> float:
    if not value <= LARGEST:
        raise ArithmeticError(f"{name} is above the largest float")
    return enclosure(value)[1]


def _squares_after_two(d: int) -> Any:
    """Σ N(d, k) λ_k² over the even k ≥ 4, until the rest, which is below λ_k τ_{k-2}, is small."""
    k, total = 4, ball(0)
    while True:
        rest = neuron_eigenvalue(d, k) * tail_after(d, k - 2)
        if k > 4 and not rest > total * ball(2) ** -80:
            return total + rest.union(ball(0))
        total += energy_share(d, k) * neuron_eigenvalue(d, k)
        k += 2
