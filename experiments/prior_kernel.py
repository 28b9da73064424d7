"""Features from networks at initialisation, on scikit-learn's digits: kernel error and accuracy against the number of initialisations.

Run: .venv/bin/python experiments/prior_kernel.py

Every row of NETWORKS is tried on four random splits into 1000 training and 797 test images; so are fully trained networks, and the leading
principal components of the exact kernels. Averages over the splits go to src/randomfeatures/data/prior-kernel.json, drawn in the
chapter book/beyond/prior-kernel.md.
"""

import functools
import math
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from randomfeatures import results
from randomfeatures.beyond.prior_kernel import convolution_kernel, expected_kernel_error, one_layer_kernel
from randomfeatures.beyond.prior_kernel_networks import convolution, multilayer, sampled_kernel, train_classifier
from randomfeatures.beyond.prior_kernel_readouts import kernel_components, kernel_ridge_accuracy, readout_accuracy
from randomfeatures.power.kernels import network_prior
from randomfeatures.sweeps import sweep

COMMAND = ".venv/bin/python experiments/prior_kernel.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "prior_kernel"
SHAPE, PATCH, OUTPUTS = (8, 8), 3, 10
TRAIN, TEST, SPLITS = 1000, 797, 4
PENALTIES = (1e-3, 1e-2, 1e-1)  # of ridge regression, in units of the mean of the kernel's diagonal
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # numbers of principal components


def one_layer(activation="relu", scale=1.0, bias=0.0):
    return lambda x: one_layer_kernel(x, x, activation, OUTPUTS, scale, bias)


def infinitely_wide(depth):
    return lambda x: network_prior(x, x, OUTPUTS, depth)


@functools.cache
def convolutional(pooling):
    return lambda x: convolution_kernel(x, x, SHAPE, PATCH, OUTPUTS, pooling)


# name: (what is varied, largest R, network, kernel to compare with). The kernel is exact but for depth > 1, where it is the limit of large
# width, and for weights that are not Gaussian, where it is that of Gaussian weights.
NETWORKS = {"ReLU, width 128": ("base", 4096, multilayer((128,)), one_layer())}
NETWORKS |= {f"ReLU, width {m}": ("width", 1024, multilayer((m,)), one_layer()) for m in (2, 8, 32, 512)}
NETWORKS |= {f"ReLU, {depth} layers of 128": ("depth", 512, multilayer((128,) * depth), infinitely_wide(depth)) for depth in (2, 3, 5)}
NETWORKS |= {f"ReLU, {depth} layers of 16": ("depth", 512, multilayer((16,) * depth), infinitely_wide(depth)) for depth in (2, 3, 5)}
NETWORKS |= {f"{name}, width 128": ("activation", 512, multilayer((128,), name), one_layer(name)) for name in ("erf", "sine", "gaussian")}
NETWORKS |= {
    f"ReLU, {law} weights": ("initialisation", 512, multilayer((128,), initialisation=law), one_layer()) for law in ("uniform", "sign")
}
NETWORKS |= {
    f"{name}, weights times {scale:g}": ("scale", 512, multilayer((128,), name, scale=scale), one_layer(name, scale))
    for name in ("erf", "sine", "gaussian")
    for scale in (0.3, 3.0)
}
NETWORKS |= {
    f"{name}, biases of size 1": ("bias", 512, multilayer((128,), name, bias=1.0), one_layer(name, bias=1.0)) for name in ("relu", "erf")
}
NETWORKS |= {f"convolution, {m} channels": ("architecture", 512, convolution(SHAPE, PATCH, m), convolutional(False)) for m in (4, 16)}
NETWORKS |= {
    f"convolution with pooling, {m} channels": ("architecture", 512, convolution(SHAPE, PATCH, m, pooling=True), convolutional(True))
    for m in (4, 16)
}
KERNELS = {"convolution with pooling": convolutional(True), "convolution": convolutional(False), "pixels": lambda x: x @ x.T}
KERNELS |= {"ReLU": one_layer(), "ReLU, 3 layers": infinitely_wide(3)}
KERNELS |= {name: one_layer(name) for name in ("erf", "sine", "gaussian")}
TRAINED = {
    "multilayer, width 128": dict(architecture="multilayer", width=128),
    "multilayer, width 1024": dict(architecture="multilayer", width=1024),
    "convolution, 16 channels": dict(architecture="convolution", width=16),
    "convolution with pooling, 16 channels": dict(architecture="pooling", width=16, epochs=300, step_size=1e-2),
    "convolution with pooling, 64 channels": dict(architecture="pooling", width=64, epochs=300, step_size=1e-2),
}


def digits(split, train, test):
    """Images and labels in the random order of this split, the training images first. Pixels minus their mean, at mean square 1."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(split).permutation(len(images))[: train + test]
    x = images[order] - images[order[:train]].mean(axis=0)
    return x / math.sqrt(np.mean(x[:train] ** 2)), labels[order]


@functools.lru_cache(maxsize=8)
def gram(kernel, split, train, test):
    """The matrix of a kernel in closed form; the last few are kept, for with pooling it takes a minute."""
    return kernel(digits(split, train, test)[0])


def accuracies(kernel, labels, train):
    """The accuracy of kernel ridge regression at each penalty."""
    scale = np.trace(kernel[:train, :train]) / train
    arguments = kernel[:train, :train], labels[:train], kernel[train:, :train], labels[train:]
    return np.array([kernel_ridge_accuracy(*arguments, scale * penalty) for penalty in PENALTIES])


def initialised(rng, network, split, train, test, largest_R):
    """Accuracy and relative error of the sampled kernel at R = 1, 2, 4, ..., ``largest_R``, from the same growing set of networks."""
    draw, kernel = NETWORKS[network][2:]
    x, labels = digits(split, train, test)
    closed_form = gram(kernel, split, train, test)
    size = np.linalg.norm(closed_form)
    sampled, accuracy, error, before = 0.0, [], [], 0
    for R in 2 ** np.arange(int(math.log2(largest_R)) + 1):
        new = sampled_kernel(rng, draw, x, x, R - before)
        sampled, before = (before * sampled + (R - before) * new) / R, R
        accuracy.append(accuracies(sampled, labels, train))
        error.append(np.linalg.norm(sampled - closed_form) / size)
    return {"accuracy": np.array(accuracy), "error": np.array(error)}


def exact(rng, kernel, split, train, test):
    """Accuracy with a kernel in closed form, and of a linear readout of its first q components (penalty: the middle one)."""
    x, labels = digits(split, train, test)
    matrix = gram(KERNELS[kernel], split, train, test)
    sizes = [q for q in SIZES if q <= len(x)]
    coordinates, scale = kernel_components(matrix, sizes[-1]), np.trace(matrix[:train, :train]) / train
    components = [
        readout_accuracy(coordinates[:train, :q], labels[:train], coordinates[train:, :q], labels[train:], PENALTIES[1] * scale)
        for q in sizes
    ]
    return {"accuracy": accuracies(matrix, labels, train), "components": np.array(components)}


def predicted(rng, width, split, train, test):
    """The proved root mean square of the relative error of the kernel for one ReLU layer, times the square root of R."""
    x, _ = digits(split, train, test)
    return {"error": expected_kernel_error(x, width, OUTPUTS, 1) / np.linalg.norm(one_layer()(x))}


def trained(rng, network, split, train, test):
    """Accuracy of a fully trained network on the training and on the test images."""
    x, labels = digits(split, train, test)
    predict = train_classifier(rng, x[:train], labels[:train], shape=SHAPE, patch=PATCH, **TRAINED[network])
    right = predict(x) == labels
    return {"right_train": right[:train].mean(), "right_test": right[train:].mean()}


def averages(records, names):
    """Mean and standard error over the splits of each of these results; of an error of kernels, the root mean square."""
    found = {}
    for name in names:
        values = np.array([record[name] for record in records])
        found |= {name: values.mean(axis=0), f"{name}_standard_error": values.std(axis=0, ddof=1) / math.sqrt(len(values))}
    if "error" in names:
        found["error"] = np.sqrt(np.mean(np.array([record["error"] for record in records]) ** 2, axis=0))
        del found["error_standard_error"]
    return found


def main():
    common = [{"split": split, "train": TRAIN, "test": TEST} for split in range(SPLITS)]
    rows = []
    for network, (varied, largest_R, *_) in NETWORKS.items():
        found = sweep(initialised, [{"network": network, "largest_R": largest_R} | c for c in common], folder=FOLDER)
        rows.append({"kind": "initialised", "network": network, "varied": varied} | averages(found, ["accuracy", "error"]))
    for width in (2, 8, 32, 128, 512):
        found = sweep(predicted, [{"width": width} | c for c in common], folder=FOLDER)
        rows.append({"kind": "predicted", "width": width, "error": np.mean([record["error"] for record in found])})
    for kernel in KERNELS:
        found = sweep(exact, [{"kernel": kernel} | c for c in common], folder=FOLDER)
        rows.append({"kind": "exact", "kernel": kernel} | averages(found, ["accuracy", "components"]))
    for network in TRAINED:
        found = sweep(trained, [{"network": network} | c for c in common], folder=FOLDER)
        found = [{"train": record["right_train"], "test": record["right_test"]} for record in found]
        rows.append({"kind": "trained", "network": network} | averages(found, ["train", "test"]))
    settings = {"train": TRAIN, "test": TEST, "splits": SPLITS, "penalties": PENALTIES, "sizes": SIZES, "R": "1, 2, 4, ..."}
    print(results.write("prior-kernel", command=COMMAND, settings=settings, records=rows))


if __name__ == "__main__":
    main()
