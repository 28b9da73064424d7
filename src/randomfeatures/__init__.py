"""The theorems of *Random Features: Power and Limits* as functions.

A module imports only from rows below its own; ``tests/test_layers.py`` reads this table.

====  ================================  =====================================================================
row   modules                           holds
====  ================================  =====================================================================
4     limits                            the theorems as functions: bounds and exact values, each saying its side
4     single_neuron                     one neuron learned by gradient descent: loss, gradient, trajectories
3     random_features, linearization    feature maps, exact population error and fits; the tangent model
2     kernels                           arc-cosine, network-prior and tangent kernels
1     dual_activations, triangle_wave   E[σ(u)σ(v)] in closed form; the periodic target
0     activations, hermite, sphere      coefficients, Gegenbauer numbers, samplers
any   arguments                         checks of arguments; imports no module of the package, any module imports it
top   plotting, sweeps                  for the chapters only; no module imports them
====  ================================  =====================================================================
"""
