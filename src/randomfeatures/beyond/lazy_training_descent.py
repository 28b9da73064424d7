r"""Networks c + Σ a_i <w_i, x>² trained by stochastic gradient descent.

On a quadratic target and on the mixture of two Gaussians; numpy's arrays only.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from randomfeatures.beyond.lazy_training import network_risk, symmetric_part, target_matrix
from randomfeatures.beyond.lazy_training_mixture import mixture_matrix, mixture_risk
from randomfeatures.foundations.arguments import Array, generator, integer, real


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a network is trained: ``steps`` steps of decreasing size, each on ``batch`` samples.

    - ``step_size``: the first step, in units of what the curvature allows.
    - ``start``: the size of the first weights, E Σ |w_i|² over that of the goal.
    - ``checks``: the risk is looked at ``checks`` + 1 times.

    Raises: ValueError unless all are positive, and ``steps``, ``batch``, ``checks`` integers.

    >>> Schedule(steps=10, checks=2).times
    (0, 5, 10)
    """

    steps: int
    step_size: float = 1.0
    batch: int = 100
    start: float = 0.1
    checks: int = 20

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "checks"):
            integer(name, getattr(self, name), at_least=1)
        for name in ("step_size", "start"):
            real(name, getattr(self, name), above=0)

    @property
    def times(self) -> tuple[int, ...]:
        """The numbers of steps after which the risk is looked at."""
        return tuple(sorted({round(k * self.steps / self.checks) for k in range(self.checks + 1)}))


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network c + Σ a_i <w_i, x>², and its exact risk after the numbers ``steps``."""

    W: Float[np.ndarray, "N d"]
    a: Float[np.ndarray, " N"]
    c: float
    steps: tuple[int, ...]
    risk: tuple[float, ...]


@dataclass(frozen=True)
class Problem:
    """What a network learns: ``goal``, the matrix of the best one; fresh samples; its risk.

    ``sample(rng, batch)`` gives inputs and labels in single precision, ``risk(W, a, c)`` the exact
    risk of a network.
    """

    goal: Float[np.ndarray, "d d"]
    sample: Callable[[np.random.Generator, int], tuple[Array, Array]]
    risk: Callable[[Array, Array, float], float]


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
    r"""Train W and c of c + Σ a_i <w_i, x>² by stochastic gradient descent on the quadratic target.

    Each step has ``batch`` fresh samples x ~ N(0, I_d). The loss is half the mean squared error.
    The signs a_i are fixed: that of B if it is semidefinite, else half of each sign. W starts as
    Gaussian with E Σ |w_i|² = ``start`` Tr |B|, so small that the large eigenvalues are found
    first, and c at :math:`-\sum_i a_i|w_i|^2`. The step t = 0, 1, ..., T - 1 of T = ``steps`` has
    the size

    .. math:: \eta_t = \eta\,(1 - t/T), \qquad \eta = \frac{\texttt{step\_size}}
        {4\,(\operatorname{Tr}|B|+2\|B\|)\,(1+(d+2)/\texttt{batch})}

    for near the goal the loss has curvature at most about L = 4 (Tr |B| + 2 ‖B‖) in W, with the
    largest absolute eigenvalue ‖B‖, and the noise of a batch counts as (d + 2)/batch times that;
    the decrease to 0 removes what the noise leaves. In c the curvature is 1, so its step is L times
    larger: with one step for both, c follows the trace of the network so slowly that it holds back
    all of W. Arithmetic is in single precision; the risks are those of the weights found, as
    :func:`~randomfeatures.beyond.lazy_training.network_risk` has them, at ``checks`` + 1 times.

    See: ``lem-risk-of-matrix``.
    Raises: ValueError for an argument out of its bounds; RuntimeError if the weights do not stay
    finite: take a smaller step.

    >>> train_network(np.random.default_rng(0), np.eye(2), 3, 500).risk[-1] < 1e-2
    True
    """
    schedule = Schedule(steps=steps, step_size=step_size, batch=batch, start=start, checks=checks)
    scaled, scale = target_matrix(np.asarray(B, dtype=float))
    # A power of four: its root, by which the weights are scaled, is exact.
    root = 2.0 ** (math.frexp(scale)[1] // 2)
    goal = scaled * (scale / root / root)
    matrix, trace = goal.astype(np.float32), np.float32(np.trace(goal))

    def sample(rng: np.random.Generator, batch: int) -> tuple[Array, Array]:
        x = rng.standard_normal((batch, len(goal)), dtype=np.float32)
        return x, np.sum((x @ matrix) * x, axis=1) - trace

    def risk(W: Array, a: Array, c: float) -> float:
        return network_risk(goal, W, a, c)

    found = _descend(rng, Problem(goal, sample, risk), N, schedule)
    return TrainedNetwork(
        found.W * root, found.a, real("c", found.c * root * root), found.steps, found.risk
    )


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
    r"""Train a network as :func:`train_network` does, to predict the label of the mixture.

    Each batch has fresh pairs (x, y). In place of B in the signs, the start and the step stands
    :math:`-S_*`, the matrix of the best quadratic predictor, which has the eigenvectors of Δ and
    the eigenvalues :math:`\frac{1}{2(1+m)}\frac{\lambda_i}{1+\lambda_i^2}`, with
    :math:`m=\frac12\sum_i\lambda_i^2/(1+\lambda_i^2)`. The risks are exact: with
    :math:`M=\sum_ia_iw_iw_i^\top` that of
    :func:`~randomfeatures.beyond.lazy_training_mixture.mixture_risk` at S = -M plus
    :math:`(c+\operatorname{Tr}M)^2`.

    See: ``lem-mixture-risk``.
    Raises: ValueError for an argument out of its bounds; RuntimeError if the weights do not stay
    finite: take a smaller step.

    >>> from randomfeatures.beyond.lazy_training_mixture import mixture_neural_network_risk
    >>> found = train_mixture_network(np.random.default_rng(0), np.diag([0.9, 0.0]), 2, 1000)
    >>> abs(found.risk[-1] - mixture_neural_network_risk(np.diag([0.9, 0.0]), 2)) < 1e-2
    True
    """
    schedule = Schedule(steps=steps, step_size=step_size, batch=batch, start=start, checks=checks)
    Delta, delta = mixture_matrix(np.asarray(Delta, dtype=float))
    if delta == 0:
        raise ValueError("Delta must not be zero, got the zero matrix: there is nothing to learn")
    values, vectors = np.linalg.eigh(Delta)
    shrunk = values / (1 + values**2)
    best = (vectors * (shrunk / (2 + values @ shrunk))) @ vectors.T
    roots = {
        label: ((vectors * np.sqrt(1 - label * values)) @ vectors.T).astype(np.float32)
        for label in (1, -1)
    }

    def sample(rng: np.random.Generator, batch: int) -> tuple[Array, Array]:
        y = rng.choice(np.asarray([-1, 1]), batch)
        z = rng.standard_normal((batch, len(values)), dtype=np.float32)
        x = np.where((y == 1)[:, None], z @ roots[1], z @ roots[-1])
        return x, y.astype(np.float32)

    def risk(W: Array, a: Array, c: float) -> float:
        M = (W.T * a) @ W
        return mixture_risk(Delta, -M) + float(np.trace(M) + c) ** 2

    return _descend(rng, Problem(symmetric_part("Delta", -best), sample, risk), N, schedule)


def _descend(
    rng: np.random.Generator, problem: Problem, N: int, schedule: Schedule
) -> TrainedNetwork:
    """Stochastic gradient descent on the samples of the problem; the steps of a schedule."""
    rng, N, d = generator("rng", rng), integer("N", N, at_least=1), len(problem.goal)
    eigenvalues = np.linalg.eigvalsh(problem.goal)
    size, largest = float(np.sum(np.abs(eigenvalues))), float(np.max(np.abs(eigenvalues)))
    curvature = 4 * (size + 2 * largest)
    step = schedule.step_size / (curvature * (1 + (d + 2) / schedule.batch))
    a = _signs(eigenvalues, N)
    first = rng.standard_normal((N, d)) * math.sqrt(schedule.start * size / (N * d))
    W = first.astype(np.float32)
    c = -float(a @ np.sum(W.astype(float) ** 2, axis=1))
    risks = []
    # A step that is too large shows in the weights, which are looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(schedule.steps + 1):
            if t in schedule.times:
                if not (np.all(np.isfinite(W)) and math.isfinite(c)):
                    step_size = f"step_size {schedule.step_size!r} is too large"
                    raise RuntimeError(f"the weights are not finite after {t} steps: {step_size}")
                risks.append(problem.risk(W.astype(float), a, c))
            if t < schedule.steps:
                rate = step * (1 - t / schedule.steps)
                gradient, slope = _gradient(W, a, c, *problem.sample(rng, schedule.batch))
                W = W - np.float32(rate) * gradient
                c = c - curvature * rate * slope
    return TrainedNetwork(W.astype(float), a, c, schedule.times, tuple(risks))


def _signs(eigenvalues: Array, N: int) -> Array:
    """The signs of N output weights: the one that all eigenvalues have, or both in turn."""
    noise = 1e-12 * np.max(np.abs(eigenvalues))
    positive, negative = np.any(eigenvalues > noise), np.any(eigenvalues < -noise)
    if positive and negative:
        return np.where(np.arange(N) % 2 == 0, 1.0, -1.0)
    return np.full(N, 1.0 if positive else -1.0)


def _gradient(W: Array, a: Array, c: float, x: Array, y: Array) -> tuple[Array, float]:
    """The gradient of half the mean squared error on a batch, in W and in c."""
    signs = a.astype(np.float32)
    z = x @ W.T
    error = (z * z) @ signs + np.float32(c) - y
    return np.float32(2 / len(y)) * ((z * error[:, None] * signs).T @ x), float(np.mean(error))
