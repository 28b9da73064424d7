r"""Networks c + Σ a_i <w_i, x>² trained by stochastic gradient descent, on a quadratic target and on the mixture."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from randomfeatures.beyond.lazy_training import _symmetric, network_risk
from randomfeatures.beyond.lazy_training_mixture import _mixture, mixture_risk
from randomfeatures.foundations.arguments import generator, integer, real

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

    The loss is half the mean squared error. The signs a_i are fixed: that of B if it is
    semidefinite, else half of each sign. W starts as Gaussian with E Σ |w_i|² = ``start`` Tr |B|,
    so small that the large eigenvalues are found first, and c at :math:`-\sum_i a_i|w_i|^2`. The
    step t = 0, 1, ..., T - 1 of T = ``steps`` has the size

    .. math:: \eta_t = \eta\,(1 - t/T), \qquad
        \eta = \frac{\texttt{step\_size}}{4\,(\operatorname{Tr}|B|+2\|B\|)\,(1+(d+2)/\texttt{batch})}

    for near the goal the loss has curvature at most about L = 4 (Tr |B| + 2 ‖B‖) in W, with the
    largest absolute eigenvalue ‖B‖, and the noise of a batch counts as (d + 2)/batch times that;
    the decrease to 0 removes what the noise leaves. In c the curvature is 1, so its step is L times
    larger: with one step for both, c follows the trace of the network so slowly that it holds back
    all of W. Arithmetic is in single precision; the risks are those of the weights found, as
    :func:`~randomfeatures.beyond.lazy_training.network_risk` has them, at ``checks`` + 1 times.

    See: ``lem-risk-of-matrix``.
    Raises: ValueError for an argument out of its bounds; RuntimeError if the weights do not stay
    finite: take a smaller step.

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

    In place of B in the signs, the start and the step stands :math:`-S_*`, the matrix of the best
    quadratic predictor, which has the eigenvectors of Δ and the eigenvalues
    :math:`\frac{1}{2(1+m)}\frac{\lambda_i}{1+\lambda_i^2}`, with
    :math:`m=\frac12\sum_i\lambda_i^2/(1+\lambda_i^2)`. The risks are exact: with
    :math:`M=\sum_ia_iw_iw_i^\top` that of
    :func:`~randomfeatures.beyond.lazy_training_mixture.mixture_risk` at S = -M plus
    :math:`(c+\operatorname{Tr}M)^2`.

    See: ``lem-mixture-risk``.
    Raises: ValueError for an argument out of its bounds; RuntimeError if the weights do not stay
    finite: take a smaller step.

    >>> import numpy as np
    >>> from randomfeatures.beyond.lazy_training_mixture import mixture_neural_network_risk
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
