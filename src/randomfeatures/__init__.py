"""The theorems of *Random Features: Power and Limits* as functions.

A module imports only from rows below its own; ``tests/test_layers.py`` reads this table.

====  ================================  =====================================================================
row   modules                           holds
====  ================================  =====================================================================
5     limits                            the theorems as functions: bounds and exact values, each saying its side
4     neuron_limits                     one neuron: its spectrum and best features
4     random_features, estimators       exact population error of ReLU features; fits in scikit-learn's conventions
4     both_layers                       training both layers: drift, excess, width
3     regression, linearization         feature maps and their fits; the tangent model
3     polynomials                       functions as averages of neurons: coefficients, constants, widths
2     kernels                           arc-cosine, network-prior and tangent kernels
1     dual_activations, triangle_wave   E[σ(u)σ(v)] in closed form; the periodic target
0     activations, hermite, sphere      coefficients, Gegenbauer numbers, samplers
any   arguments                         checks of arguments; imports no module of the package, any module imports it
top   plotting, results, sweeps         for the chapters only; no module imports them
====  ================================  =====================================================================
"""
