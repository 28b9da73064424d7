"""The tangent model and the empirical tangent kernel: against finite differences, backpropagation
by hand, and the infinite width."""

import math
from collections import namedtuple

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.power.kernels import neural_tangent

torch = pytest.importorskip("torch")
from randomfeatures.power.kernels_linearization import (  # noqa: E402
    empirical_tangent_kernel,
    linearize,
)

X = np.random.default_rng(5).standard_normal((5, 3))
Y = np.vstack([np.random.default_rng(6).standard_normal((2, 3)), X[1:2], -X[2:3]])


def tensors(rng, *shapes):
    return [torch.asarray(rng.standard_normal(shape)) for shape in shapes]


def smooth_network(k=None, seed=1):
    """A tanh network of three inputs with biases; ``k`` outputs, or one number a row. Parameters in
    a dict that holds a tuple."""
    w, b, v, a = tensors(
        np.random.default_rng(seed), (3, 7), (7,), (7, 6), (6,) if k is None else (6, k)
    )
    return (
        lambda p, x: torch.tanh(torch.tanh(x @ p["first"][0] + p["first"][1]) @ p["v"]) @ p["a"],
        {"first": (w, b), "v": v, "a": a},
    )


def moved(params, direction, t):
    """params + t direction, in the same structure."""
    if isinstance(params, dict):
        return {key: moved(params[key], direction[key], t) for key in params}
    return (
        tuple(moved(p, q, t) for p, q in zip(params, direction, strict=True))
        if isinstance(params, tuple)
        else params + t * direction
    )


def relu_network(rng, d, *widths):
    """The network whose tangent kernel ``kernels.neural_tangent`` is, with standard Gaussian
    weights."""

    def f(params, x):
        h = math.sqrt(2) * torch.relu(x @ params[0].T)
        for w in params[1:-1]:
            h = math.sqrt(2) * torch.relu(h @ w.T / math.sqrt(w.shape[1]))
        return h @ params[-1] / math.sqrt(widths[-1])

    return f, tensors(rng, *zip(widths, (d, *widths), strict=False), (widths[-1],))


@pytest.mark.parametrize("k", [None, 2])
def test_tangent_model_has_the_finite_difference_as_slope(k):
    f, params = smooth_network(k)
    direction, x, h = smooth_network(k, seed=2)[1], torch.asarray(X), 2e-5
    g = linearize(f, params)
    difference = (f(moved(params, direction, h), x) - f(moved(params, direction, -h), x)) / (2 * h)
    # The central difference misses by h^2 times a sixth of the third derivative, here about 30, and
    # by rounding over h.
    assert_close(g(moved(params, direction, 1.0), x) - f(params, x), difference, 2e-8)
    assert torch.equal(g(params, x), f(params, x))


def test_tangent_model_is_affine_in_the_parameters():
    f, params = smooth_network()
    u, v, x = smooth_network(seed=2)[1], smooth_network(seed=3)[1], torch.asarray(X)
    g = linearize(f, params)
    middle = moved(moved(u, u, -0.7), v, 0.7)  # 0.3 u + 0.7 v
    assert_close(g(middle, x), 0.3 * g(u, x) + 0.7 * g(v, x), 1e-12)
    assert (
        torch.max(torch.abs(f(middle, x) - 0.3 * f(u, x) - 0.7 * f(v, x))) > 0.1
    )  # which f is not


def test_distance_from_the_network_is_of_second_order():
    """Over steps t, t/2, t/4 the distance falls by 4 each time, with an error of relative order
    t."""
    f, params = smooth_network()
    direction, x = smooth_network(seed=2)[1], torch.asarray(X)
    g = linearize(f, params)
    gaps = [
        g(moved(params, direction, t), x) - f(moved(params, direction, t), x)
        for t in (4e-4, 2e-4, 1e-4)
    ]
    assert_close(gaps[0] / gaps[1], np.full(5, 4.0), 0.05)
    assert_close(gaps[1] / gaps[2], np.full(5, 4.0), 0.025)


def test_models_linear_in_the_parameters_are_their_own_tangent():
    weights = torch.asarray(np.random.default_rng(7).standard_normal((20, 3)))

    def model(params, x):
        return torch.relu(x @ weights.T) @ params["u"]

    start, other = ({"u": u} for u in tensors(np.random.default_rng(8), (20,), (20,)))
    x, y = torch.asarray(X), torch.asarray(Y)
    assert_close(linearize(model, start)(other, x), model(other, x), 1e-13)
    kernel = np.maximum(X @ weights.numpy().T, 0) @ np.maximum(Y @ weights.numpy().T, 0).T
    assert_close(empirical_tangent_kernel(model, start, x, y), kernel, 1e-13)


def test_tangent_model_can_be_trained_and_the_start_stays():
    """Gradient descent on g moves the predictions by -step Θ (prediction - target): one step,
    exactly, since g is affine."""
    f, params = smooth_network()
    x, target = torch.asarray(X), torch.linspace(-1, 1, 5, dtype=torch.float64)
    g = linearize(f, params)
    leaf = {"first": tuple(p.clone().requires_grad_() for p in params["first"])}
    leaf |= {name: params[name].clone().requires_grad_() for name in ("v", "a")}
    residual = g(leaf, x) - target
    (0.5 * residual @ residual).backward()
    after = {name: leaf[name] - 0.1 * leaf[name].grad for name in ("v", "a")} | {
        "first": tuple(p - 0.1 * p.grad for p in leaf["first"])
    }
    theta = empirical_tangent_kernel(f, params, x, x)
    assert_close((g(after, x) - g(params, x)).detach(), (-0.1 * theta @ residual).detach(), 1e-12)
    assert torch.equal(g(params, x), f(params, x))


def hand_kernel(params, x, y):
    """Backpropagation written out: each layer gives <its inputs at x, at y> times <derivatives by
    its outputs at x, at y>."""
    weights = [p.numpy() for p in params[:-1]] + [params[-1].numpy()[None, :]]
    inputs, derivatives = [], []
    for h in (x, y):
        layers, slopes = [h], []
        for w in weights[:-1]:
            z = h @ w.T
            h = (
                math.sqrt(2) * np.maximum(z, 0) / math.sqrt(len(w))
            )  # with the factor that the next layer puts before its weights
            layers.append(h)
            slopes.append(math.sqrt(2) * (z > 0) / math.sqrt(len(w)))
        back = [np.ones((len(h), 1))]
        for w, slope in zip(weights[:0:-1], slopes[::-1], strict=True):
            back.append(back[-1] @ w * slope)
        inputs.append(layers)
        derivatives.append(back[::-1])
    return sum(
        (hx @ hy.T) * (gx @ gy.T) for hx, hy, gx, gy in zip(*inputs, *derivatives, strict=True)
    )


@pytest.mark.parametrize(
    ("widths", "chunk"), [((50,), 1), ((50,), 64), ((30, 20), 2), ((9, 8, 7), 3)]
)
def test_kernel_against_backpropagation_by_hand(widths, chunk):
    f, params = relu_network(np.random.default_rng(9), 3, *widths)
    kernel = empirical_tangent_kernel(f, params, torch.asarray(X), torch.asarray(Y), chunk=chunk)
    assert_close(kernel, hand_kernel(params, X, Y), 1e-13)


@pytest.mark.claim("prop-tangent-kernel", kind="Monte Carlo")
def test_mean_kernel_of_random_networks_is_the_infinite_one():
    """With one hidden layer exactly, at every width: within 4 standard errors of 200 networks of
    width 1000, and seen finer than 2 %."""
    rng = np.random.default_rng(10)
    x, y = (
        X[:2] / np.linalg.norm(X[:2], axis=1, keepdims=True),
        np.array([[0.6, 0.8, 0.0], [0.0, -0.6, 0.8]]),
    )
    networks = (relu_network(rng, 3, 1000) for _ in range(200))
    draws = np.array(
        [
            empirical_tangent_kernel(f, params, torch.asarray(x), torch.asarray(y)).numpy()
            for f, params in networks
        ]
    )
    assert_close(
        neural_tangent(x, y, 1), draws.mean(axis=0), 4 * draws.std(axis=0, ddof=1) / math.sqrt(200)
    )


@pytest.mark.claim("prop-tangent-kernel", kind="identity")
def test_kernel_is_the_gram_matrix_of_the_tangent_model():
    """The features of the tangent model are its slopes in each parameter: moving one entry at a
    time gives a column of the Jacobian."""
    f, params = relu_network(np.random.default_rng(14), 3, 4)
    g, x = linearize(f, params), torch.asarray(X)
    columns = []
    for number, p in enumerate(params):
        for entry in range(p.numel()):
            step = [q.clone() for q in params]
            step[number].view(-1)[entry] += 1.0
            columns.append(g(step, x) - f(params, x))
    jacobian = torch.stack(columns, dim=1)
    assert_close(empirical_tangent_kernel(f, params, x, x), jacobian @ jacobian.T, 1e-13)


def test_kernel_of_several_outputs_is_that_of_each_pair_of_outputs():
    f, params = smooth_network(k=3)
    x, y = torch.asarray(X), torch.asarray(Y)
    kernel = empirical_tangent_kernel(f, params, x, y, chunk=2)
    assert (
        torch.max(torch.abs(kernel - kernel.transpose(2, 3))) > 0.1
    )  # the order of the outputs matters
    assert kernel.shape == (5, 4, 3, 3)
    for a in range(3):
        alone = empirical_tangent_kernel(lambda p, x, a=a: f(p, x)[:, a], params, x, y)
        assert_close(kernel[:, :, a, a], alone, 1e-13)
    mixed = empirical_tangent_kernel(lambda p, x: f(p, x)[:, 0] + f(p, x)[:, 1], params, x, y)
    assert_close(kernel[:, :, :2, :2].sum(dim=(2, 3)), mixed, 1e-12)
    # [i, j, a, b]: output a belongs to x_i and b to y_j. The step along the gradient of output 2 at
    # y_3 is the kernel's column b = 2.
    leaves = {"first": tuple(p.clone().requires_grad_() for p in params["first"])}
    leaves |= {name: params[name].clone().requires_grad_() for name in ("v", "a")}
    f(leaves, y)[3, 2].backward()
    gradient = {
        "first": tuple(p.grad for p in leaves["first"]),
        "v": leaves["v"].grad,
        "a": leaves["a"].grad,
    }
    assert_close(
        kernel[:, 3, :, 2],
        linearize(f, params)(moved(params, gradient, 1.0), x) - f(params, x),
        1e-12,
    )


def test_kernel_is_symmetric_positive_and_of_rank_at_most_the_number_of_parameters():
    f, params = relu_network(np.random.default_rng(12), 3, 2)  # 8 parameters
    x = torch.asarray(np.random.default_rng(13).standard_normal((12, 3)))
    kernel = empirical_tangent_kernel(f, params, x, x, chunk=5).numpy()
    values = np.linalg.eigvalsh(kernel)
    assert np.max(np.abs(kernel - kernel.T)) <= 1e-14 * np.max(kernel)
    assert np.min(values) >= -1e-14 * np.sum(values)
    assert np.sum(values > 1e-12 * np.max(values)) <= 8
    assert (
        np.sum(values > 1e-12 * np.max(values)) >= 3
    )  # some rank is there: the check of the signs is not about zeros
    assert_close(np.diag(kernel), np.diag(hand_kernel(params, x.numpy(), x.numpy())), 1e-13)


def test_order_of_the_keys_does_not_matter():
    f, params = smooth_network()
    other, x = smooth_network(seed=2)[1], torch.asarray(X)
    turned = {key: other[key] for key in reversed(other)}
    assert torch.equal(linearize(f, params)(turned, x), linearize(f, params)(other, x))


def test_modules_of_torch_and_scalar_parameters():
    """The recipe of the module's docstring; and a parameter without axes counts like any other."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
    ).double()
    params, x, y = dict(net.named_parameters()), torch.asarray(X), torch.asarray(Y)

    def f(p, x):
        return torch.func.functional_call(net, p, (x,))[:, 0]

    kernel = empirical_tangent_kernel(f, params, x, y)
    assert not kernel.requires_grad
    gradients = []
    for rows in (x, y):
        gradients.append(
            [
                torch.cat(
                    [
                        g.flatten()
                        for g in torch.autograd.grad(net(row[None])[0, 0], net.parameters())
                    ]
                )
                for row in rows
            ]
        )
    assert_close(kernel, torch.stack(gradients[0]) @ torch.stack(gradients[1]).T, 1e-13)
    # s^2 c x_0 with both s and c trained: (4 s^2 c^2 + s^4) x_0 y_0 at s = 3, c = 2
    square = empirical_tangent_kernel(
        lambda p, x: p[0] ** 2 * p[1] * x[:, 0],
        [torch.tensor(3.0).double(), torch.tensor(2.0).double()],
        x,
        y,
    )
    assert_close(square, (4 * 9 * 4 + 81) * np.outer(X[:, 0], Y[:, 0]), 1e-12)


def test_dtype_is_that_of_the_network():
    f, params = relu_network(np.random.default_rng(9), 3, 50)
    low = [p.to(torch.float32) for p in params]
    x, y = (torch.asarray(a, dtype=torch.float32) for a in (X, Y))
    kernel = empirical_tangent_kernel(f, low, x, y)
    assert (kernel.dtype, linearize(f, low)(low, x).dtype) == (torch.float32, torch.float32)
    assert_close(kernel.double(), hand_kernel(params, X, Y), 1e-5)


PARAMS = {"w": torch.ones(3, dtype=torch.float64)}


def line(p, x):
    return x @ p["w"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: linearize(line, {}), r"params must hold at least 1 tensor, got {}"),
        (
            lambda x: linearize(line, {"w": 3.0}),
            r"params\['w'\] must be a tensor of torch, or a dict, list or tuple of them, got 3.0",
        ),
        (
            lambda x: linearize(line, {"w": torch.tensor([1.0, math.nan])}),
            r"params\['w'\] must hold finite numbers, got nan at index \(1,\)",
        ),
        (
            lambda x: linearize(line, {"w": torch.tensor([1, 2])}),
            r"params\['w'\] must hold real floating-point numbers, got dtype torch.int64",
        ),
        (
            lambda x: linearize(line, PARAMS)({"w": torch.ones(4)}, x),
            r"new_params\['w'\] must have shape \(3,\), as in params, got tensor",
        ),
        (
            lambda x: linearize(line, PARAMS)([torch.ones(3)], x),
            r"new_params must be a dict with keys \['w'\], as in params, got list",
        ),
        (
            lambda x: empirical_tangent_kernel(line, PARAMS, x[0], x),
            r"x must have 2 axes, got shape \(3,\)",
        ),
        (
            lambda x: empirical_tangent_kernel(line, PARAMS, x, [["1"]]),
            "y must be an array of numpy, torch or JAX, or numbers that numpy reads, got list",
        ),
        (
            lambda x: empirical_tangent_kernel(line, PARAMS, x[:0], x),
            r"x must have at least 1 row, got shape \(0, 3\)",
        ),
        (
            lambda x: empirical_tangent_kernel(line, PARAMS, x, x[:, :2]),
            "y must have as many columns as x, got x with 3 and y with 2",
        ),
        (
            lambda x: empirical_tangent_kernel(line, PARAMS, x, x / 0),
            "y must hold finite numbers, got",
        ),
        (
            lambda x: empirical_tangent_kernel(line, PARAMS, x, x, chunk=0),
            "chunk must be an integer >= 1, got 0",
        ),
        (
            lambda x: empirical_tangent_kernel(lambda p, x: p["w"].sum(), PARAMS, x, x),
            r"f must return shape \(1,\) or \(1, k\) .* got \(\)",
        ),
        (
            lambda x: empirical_tangent_kernel(
                lambda p, x: x[:, :, None, None] * p["w"][0], PARAMS, x, x
            ),
            r"f must return shape \(1,\) or \(1, k\) for 1 row, got \(1, 3, 1, 1\)",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.asarray(X))


Layers = namedtuple("Layers", ["first", "second"])


def test_named_tuples_are_parameters_too():
    def f(p, x):
        return torch.tanh(x @ p.first) @ p.second

    rng = np.random.default_rng(3)
    params = Layers(torch.tensor(rng.standard_normal((3, 4))), torch.tensor(rng.standard_normal(4)))
    other, x = Layers(params.first + 0.1, params.second - 0.2), torch.asarray(X)
    as_tuples = linearize(lambda p, x: f(Layers(*p), x), tuple(params))(tuple(other), x)
    assert_close(linearize(f, params)(other, x), as_tuples, 0)
    kernel = empirical_tangent_kernel(f, params, x, x)
    assert_close(
        kernel, empirical_tangent_kernel(lambda p, x: f(Layers(*p), x), tuple(params), x, x), 0
    )


def test_rows_of_numpy_and_lists_follow_the_parameters():
    w = {"w": torch.ones(3, dtype=torch.float32)}
    truth = empirical_tangent_kernel(line, w, torch.asarray(X).float(), torch.asarray(Y).float())
    for rows in (X, X.tolist(), X[::-1][::-1], X.astype(">f8")):
        value = empirical_tangent_kernel(line, w, rows, Y)
        assert value.dtype == torch.float32
        assert_close(value, truth, 0)


def network(layer):
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), layer, torch.nn.Linear(4, 1)).double()


@pytest.mark.parametrize(
    ("layer", "calls"),
    [
        (torch.nn.BatchNorm1d(4), ("model", "kernel")),
        (torch.nn.BatchNorm1d(4, track_running_stats=False), ("kernel",)),
        (torch.nn.Dropout(), ("kernel",)),
    ],
)
def test_a_network_in_training_mode_is_refused_and_one_in_evaluation_mode_is_not(layer, calls):
    net, x = network(layer), torch.asarray(X)
    params = {name: p.detach().clone() for name, p in net.named_parameters()}

    def f(p, x):
        return torch.func.functional_call(net, p, (x,))[:, 0]

    compute = {
        "model": lambda: linearize(f, params)(params, x),
        "kernel": lambda: empirical_tangent_kernel(f, params, x, x),
    }
    for call in calls:
        net.train()
        with pytest.raises(ValueError, match=r"treats each row by itself .* in \.eval\(\) mode"):
            compute[call]()
        net.eval()
        if getattr(layer, "track_running_stats", True):
            assert torch.all(torch.isfinite(compute[call]()))


def test_outputs_of_two_axes_a_row_are_refused():
    with pytest.raises(
        ValueError, match=r"f must return shape \(1,\) or \(1, k\) .* got \(1, 3, 1\)"
    ):
        empirical_tangent_kernel(lambda p, x: x[:, :, None] * p["w"][0], PARAMS, X, X)
