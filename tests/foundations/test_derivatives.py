"""Derivatives given as formulas: those that torch and JAX use, of every kind and order."""

import pytest
from array_api_compat import array_namespace

from randomfeatures.foundations.derivatives import with_derivatives

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")
X = torch.linspace(0.1, 1, 4, dtype=torch.float64)
Y = torch.linspace(2, 1, 4, dtype=torch.float64)


def product(x, y):
    return array_namespace(x).sin(x) * y**2


def slopes(x, y):
    xp = array_namespace(x)
    return xp.cos(x) * y**2, 2 * y * xp.sin(x)


def half_slopes(x, y):
    return tuple(slope / 2 for slope in slopes(x, y))


def told(x, y):
    return with_derivatives(product, slopes, x, y)


def told_half(x, y):
    return with_derivatives(product, half_slopes, x, y)


def test_torch_uses_the_formulas_in_both_directions_and_orders():
    x, y = X.clone().requires_grad_(), Y.clone().requires_grad_()
    assert torch.autograd.gradcheck(told, (x, y), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(told, (x, y))
    told_half(x, y).sum().backward()
    assert torch.allclose(2 * x.grad, torch.cos(X) * Y**2, rtol=1e-14)
    assert torch.allclose(2 * y.grad, 2 * Y * torch.sin(X), rtol=1e-14)


@pytest.mark.parametrize("kind", ["grad", "jacfwd", "hessian"])
def test_torch_transformations(kind):
    derivative = getattr(torch.func, kind)
    for first, second in ((lambda x: told(x, x), lambda x: product(x, x)),):
        value = torch.func.vmap(derivative(first))(X)
        assert torch.allclose(value, torch.func.vmap(derivative(second))(X), rtol=1e-14)
    value = torch.func.vmap(derivative(lambda x: told_half(x, 1 + 0 * x)))(X)
    assert torch.allclose(2 * value, torch.func.vmap(derivative(torch.sin))(X), rtol=1e-13)


def test_an_argument_that_does_not_change_has_no_part():
    _, change = torch.func.jvp(lambda x: told(x, Y), (X,), (torch.ones_like(X),))
    assert torch.allclose(change, torch.cos(X) * Y**2, rtol=1e-14)


def test_jax_uses_the_formulas():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        x, y = jax.numpy.asarray(X.numpy()), jax.numpy.asarray(Y.numpy())
        for derivative in (jax.grad, jax.jacfwd, jax.hessian):
            value = jax.vmap(derivative(lambda x: told(x, x)))(x)
            truth = jax.vmap(derivative(lambda x: product(x, x)))(x)
            assert jax.numpy.allclose(value, truth, rtol=1e-14)
        assert jax.numpy.allclose(jax.jit(told)(x, y), product(x, y), rtol=1e-14)
        half = jax.vmap(jax.grad(told_half))(x, y)
        assert jax.numpy.allclose(2 * half, slopes(x, y)[0], rtol=1e-14)


def test_numpy_has_the_value():
    assert (told(X.numpy(), Y.numpy()) == product(X.numpy(), Y.numpy())).all()
