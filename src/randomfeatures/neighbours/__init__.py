"""Sixteen papers on the same question, a module for each page that needs one.

- ``chaotic_series``: a random filter on a periodic series.
- ``depth``: the square by random kinks, by the best kinks, and by depth.
- ``dynamical_systems``: stable layers as steps of a flow, and what no stable function can do.
- ``feedback_alignment``: a random feedback path, and the law it obeys.
- ``hadamard_products``: products of neurons as features.
- ``large_bias``: neurons that are active beyond a threshold, and their kernel.
- ``linearised_networks``: what n samples teach a kernel.
- ``power_series``: a network around its first weights, all orders.
- ``pruning``: kernels of randomly pruned neurons.
- ``repeated_lazy_training``: lazy training of one neuron, round after round.
- ``reservoirs``: memory of a fixed recurrent network.
- ``sparse_coding``: a network whose layers know the dictionary of a sparse code.
- ``stationary_points``: a network against its own tangent model, and its learned kernel.
- ``tensors``: lazy and moving components of a symmetric tensor.
- ``thresholds``: threshold neurons and the product of signs.
- ``widths``: Kolmogorov widths of averages of neurons.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "chaotic_series",
        "depth",
        "dynamical_systems",
        "feedback_alignment",
        "hadamard_products",
        "large_bias",
        "linearised_networks",
        "power_series",
        "pruning",
        "repeated_lazy_training",
        "reservoirs",
        "sparse_coding",
        "stationary_points",
        "tensors",
        "thresholds",
        "widths",
    ],
)
