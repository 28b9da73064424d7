"""Features from networks at initialisation, on scikit-learn's digits.

Run: .venv/bin/python experiments/prior_kernel.py

Kernel error and accuracy against the number R of initialisations. Every row of NETWORKS is tried on
four random splits into 1000 training and 797 test images; so are fully trained networks, and the
leading principal components of the exact kernels. Averages over the splits go to
src/randomfeatures/data/prior-kernel.json, drawn in the chapters book/beyond/prior-kernel.md and
book/beyond/prior-kernel-readouts.md.
"""

import functools
import math
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import command_line
import kept_results
from randomfeatures.beyond.prior_kernel import convolution_kernel, one_layer_kernel
from randomfeatures.beyond.prior_kernel_networks import (
    convolution,
    multilayer,
    sampled_kernel,
    train_classifier,
)
from randomfeatures.beyond.prior_kernel_rate import expected_kernel_error
from randomfeatures.beyond.prior_kernel_readouts import (
    centred_digits,
    kernel_components,
    kernel_ridge_accuracy,
    readout_accuracy,
)
from randomfeatures.power.kernels import network_prior
from sweeps import sweep

COMMAND = ".venv/bin/python experiments/prior_kernel.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "prior_kernel"
SHAPE, PATCH, OUTPUTS = (8, 8), 3, 10
TRAIN, TEST, SPLITS = 1000, 797, 4
PENALTIES = (1e-3, 1e-2, 1e-1)  # of ridge regression, in units of the mean of the kernel's diagonal
WIDTHS = (2, 8, 32, 128, 512)  # for which the error is also predicted
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # numbers of principal components


Kernel = Callable[[np.ndarray], np.ndarray]
"""A kernel in closed form: the matrix of its values at the rows of x."""


class Network(NamedTuple):
    """A row of the table of networks.

    The kernel to compare with is exact but for depth > 1, where it is the limit of large width,
    and for weights that are not Gaussian, where it is that of Gaussian weights.
    """

    varied: str
    largest_R: int
    draw: Callable
    kernel: Kernel


@functools.cache
def one_layer(activation: str = "relu", scale: float = 1.0, bias: float = 0.0) -> Kernel:
    return lambda x: one_layer_kernel(x, x, activation, OUTPUTS, scale, bias)


@functools.cache
def infinitely_wide(depth: int) -> Kernel:
    return lambda x: network_prior(x, x, OUTPUTS, depth)


@functools.cache
def convolutional(pooling: bool) -> Kernel:
    return lambda x: convolution_kernel(x, x, SHAPE, PATCH, OUTPUTS, pooling)


def networks() -> dict[str, Network]:
    """Every network that is drawn at initialisation, by name; one thing is varied at a time."""
    base, smooth = multilayer((128,)), ("erf", "sine", "gaussian")
    table = {"ReLU, width 128": Network("base", 4096, base, one_layer())}
    for m in (2, 8, 32, 512):
        table[f"ReLU, width {m}"] = Network("width", 1024, multilayer((m,)), one_layer())
    for width in (128, 16):
        for depth in (2, 3, 5):
            draw = multilayer((width,) * depth)
            name = f"ReLU, {depth} layers of {width}"
            table[name] = Network("depth", 512, draw, infinitely_wide(depth))
    for name in smooth:
        draw = multilayer((128,), name)
        table[f"{name}, width 128"] = Network("activation", 512, draw, one_layer(name))
    for law in ("uniform", "sign"):
        draw = multilayer((128,), initialisation=law)
        table[f"ReLU, {law} weights"] = Network("initialisation", 512, draw, one_layer())
    for name in smooth:
        for scale in (0.3, 3.0):
            draw, kernel = multilayer((128,), name, scale=scale), one_layer(name, scale)
            table[f"{name}, weights times {scale:g}"] = Network("scale", 512, draw, kernel)
    for name in ("relu", "erf"):
        draw, kernel = multilayer((128,), name, bias=1.0), one_layer(name, bias=1.0)
        table[f"{name}, biases of size 1"] = Network("bias", 512, draw, kernel)
    for pooling, kind in ((False, "convolution"), (True, "convolution with pooling")):
        for m in (4, 16):
            draw = convolution(SHAPE, PATCH, m, pooling=pooling)
            row = Network("architecture", 512, draw, convolutional(pooling))
            table[f"{kind}, {m} channels"] = row
    return table


NETWORKS = networks()
KERNELS: dict[str, Kernel] = {
    "convolution with pooling": convolutional(True),
    "convolution": convolutional(False),
    "pixels": lambda x: x @ x.T,
    "ReLU": one_layer(),
    "ReLU, 3 layers": infinitely_wide(3),
    "erf": one_layer("erf"),
    "sine": one_layer("sine"),
    "gaussian": one_layer("gaussian"),
}
POOLING = {"architecture": "pooling", "epochs": 300, "step_size": 1e-2}
TRAINED: dict[str, dict[str, Any]] = {
    "multilayer, width 128": {"architecture": "multilayer", "width": 128},
    "multilayer, width 1024": {"architecture": "multilayer", "width": 1024},
    "convolution, 16 channels": {"architecture": "convolution", "width": 16},
    "convolution with pooling, 16 channels": POOLING | {"width": 16},
    "convolution with pooling, 64 channels": POOLING | {"width": 64},
}


def digits(split: int, train: int, test: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels in the random order of this split, the training images first.

    Pixels minus their mean over the training images, at mean square 1.
    """
    x, labels = centred_digits(np.random.default_rng(split), train)
    return x[: train + test], labels[: train + test]


@functools.lru_cache(maxsize=8)
def gram(kernel: Kernel, split: int, train: int, test: int) -> np.ndarray:
    """The matrix of a kernel in closed form.

    The last few are kept, for with pooling it takes a minute.
    """
    return kernel(digits(split, train, test)[0])


def accuracies(kernel: np.ndarray, labels: np.ndarray, train: int) -> np.ndarray:
    """The accuracy of kernel ridge regression at each penalty."""
    scale = np.trace(kernel[:train, :train]) / train
    known = kernel[:train, :train], labels[:train]
    new = kernel[train:, :train], labels[train:]
    found = [kernel_ridge_accuracy(*known, *new, scale * penalty) for penalty in PENALTIES]
    return np.array(found)


def initialised(
    rng: np.random.Generator, network: str, split: int, train: int, test: int, largest_R: int
) -> dict[str, Any]:
    """Accuracy and relative error of the sampled kernel at R = 1, 2, 4, ..., ``largest_R``.

    All from the same growing set of R networks.
    """
    row = NETWORKS[network]
    x, labels = digits(split, train, test)
    closed_form = gram(row.kernel, split, train, test)
    size = np.linalg.norm(closed_form)
    sampled, accuracy, error, before = 0.0, [], [], 0
    for R in [2**k for k in range(largest_R.bit_length())]:
        new = sampled_kernel(rng, row.draw, x, x, R - before)
        sampled, before = (before * sampled + (R - before) * new) / R, R
        accuracy.append(accuracies(sampled, labels, train))
        error.append(np.linalg.norm(sampled - closed_form) / size)
    return {"accuracy": np.array(accuracy), "error": np.array(error)}


def exact(
    rng: np.random.Generator, kernel: str, split: int, train: int, test: int
) -> dict[str, Any]:
    """Accuracy with a kernel in closed form, and of a linear readout of its first q components.

    The readout has the middle one of the penalties.
    """
    x, labels = digits(split, train, test)
    matrix = gram(KERNELS[kernel], split, train, test)
    penalty = PENALTIES[1] * np.trace(matrix[:train, :train]) / train
    sizes = [q for q in SIZES if q <= len(x)]
    coordinates = kernel_components(matrix, sizes[-1])
    known, new = coordinates[:train], coordinates[train:]
    components = [
        readout_accuracy(known[:, :q], labels[:train], new[:, :q], labels[train:], penalty)
        for q in sizes
    ]
    return {"accuracy": accuracies(matrix, labels, train), "components": np.array(components)}


def predicted(
    rng: np.random.Generator, width: int, split: int, train: int, test: int
) -> dict[str, Any]:
    """The proved relative error of the kernel for one ReLU layer, times the square root of R.

    It is the root of the mean square.
    """
    x, _ = digits(split, train, test)
    return {"error": expected_kernel_error(x, width, OUTPUTS, 1) / np.linalg.norm(one_layer()(x))}


def trained(
    rng: np.random.Generator, network: str, split: int, train: int, test: int
) -> dict[str, Any]:
    """Accuracy of a fully trained network on the training and on the test images."""
    x, labels = digits(split, train, test)
    options = TRAINED[network]
    predict = train_classifier(rng, x[:train], labels[:train], shape=SHAPE, patch=PATCH, **options)
    right = predict(x) == labels
    return {"right_train": right[:train].mean(), "right_test": right[train:].mean()}


def averages(records: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    """Mean and standard error over the splits of each of these results.

    Of an error of kernels it is the root mean square, without a standard error.
    """
    found: dict[str, Any] = {}
    for name in names:
        values = np.array([record[name] for record in records])
        if name == "error":
            found[name] = np.sqrt(np.mean(values**2, axis=0))
        else:
            found[name] = values.mean(axis=0)
            spread = values.std(axis=0, ddof=1)
            found[f"{name}_standard_error"] = spread / math.sqrt(len(values))
    return found


def on_every_split(
    experiment: Callable, rows: list[dict[str, Any]], executor: Executor | None
) -> list[list[dict[str, Any]]]:
    """For each row of parameters the records of its splits."""
    splits = [{"split": split, "train": TRAIN, "test": TEST} for split in range(SPLITS)]
    points = [row | split for row in rows for split in splits]
    records = sweep(experiment, points, folder=FOLDER, executor=executor)
    return [records[first : first + SPLITS] for first in range(0, len(records), SPLITS)]


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    rows = []
    drawn = [{"network": name, "largest_R": row.largest_R} for name, row in NETWORKS.items()]
    for name, found in zip(NETWORKS, on_every_split(initialised, drawn, executor), strict=True):
        row = {"kind": "initialised", "network": name, "varied": NETWORKS[name].varied}
        rows.append(row | averages(found, ["accuracy", "error"]))
    widths = [{"width": width} for width in WIDTHS]
    for width, found in zip(WIDTHS, on_every_split(predicted, widths, executor), strict=True):
        error = np.mean([record["error"] for record in found])
        rows.append({"kind": "predicted", "width": width, "error": error})
    kernels = [{"kernel": name} for name in KERNELS]
    for name, found in zip(KERNELS, on_every_split(exact, kernels, executor), strict=True):
        row = {"kind": "exact", "kernel": name}
        rows.append(row | averages(found, ["accuracy", "components"]))
    networks = [{"network": name} for name in TRAINED]
    for name, found in zip(TRAINED, on_every_split(trained, networks, executor), strict=True):
        shares = [{"train": r["right_train"], "test": r["right_test"]} for r in found]
        row = {"kind": "trained", "network": name}
        rows.append(row | averages(shares, ["train", "test"]))
    settings = {
        "train": TRAIN,
        "test": TEST,
        "splits": SPLITS,
        "penalties": PENALTIES,
        "sizes": SIZES,
        "R": "1, 2, 4, ...",
    }
    file = kept_results.write("prior-kernel", command=COMMAND, settings=settings, records=rows)
    print(file)


if __name__ == "__main__":
    command_line.run(main, __doc__)
