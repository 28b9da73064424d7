"""What training gains.

- ``amplification``: clusters whose random features are amplified by one step.
- ``amplification_clusters``: the law of the clusters, its best and its linear classifiers.
- ``amplification_end_to_end``: from samples to test error, with every constant.
- ``amplification_training``: networks and readouts trained on the clusters.
- ``landscape``: where the training of networks on quadratics can end.
- ``lazy_training``: random, tangent and network features on quadratics: the risks of given weights.
- ``lazy_training_descent``: networks trained on quadratics.
- ``lazy_training_limits``: the same risks for random weights: means, bounds, limits.
- ``lazy_training_mixture``: the same for a mixture of two Gaussians.
- ``one_neuron``: one neuron learned by gradient descent.
- ``one_neuron_rates``: how fast it is learned, and what fixed features need instead.
- ``one_neuron_samples``: the same from samples.
- ``prior_kernel``: networks at initialisation: closed forms of their kernels.
- ``prior_kernel_networks``: the networks themselves, sampled and trained.
- ``prior_kernel_rate``: how fast the sampled kernels converge.
- ``prior_kernel_readouts``: what a readout or a kernel makes of their features.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "amplification",
        "amplification_clusters",
        "amplification_end_to_end",
        "amplification_training",
        "landscape",
        "lazy_training",
        "lazy_training_descent",
        "lazy_training_limits",
        "lazy_training_mixture",
        "one_neuron",
        "one_neuron_rates",
        "one_neuron_samples",
        "prior_kernel",
        "prior_kernel_networks",
        "prior_kernel_rate",
        "prior_kernel_readouts",
    ],
)
