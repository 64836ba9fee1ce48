"""Layers, run once and differentiated, in float64.

Without C compiled for each (the programs in tests/legacy/programs do that), so that many can be
tried.
"""

import warnings

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import SlowPathWarning


@pytest.fixture(params=["C", pytest.param("JAX", marks=pytest.mark.slow)])
def compiled_with(request):
    """How functions are compiled: as the test's module says, else with the rewrites they need.

    When everything is tested, by JAX as well.
    """
    if request.param == "JAX":
        pytest.importorskip("jax")
        return "JAX"
    return getattr(request.module, "MODE", "FAST_COMPILE")


@pytest.fixture(autouse=True)
def in_float64():
    """What is made in a test has parameters of this type: finite differences need it.

    And nothing is compiled, not even to fold constants, which takes longer than what is tried.
    """
    with theano.config.change_flags(floatX="float64", cxx=""), warnings.catch_warnings():
        warnings.simplefilter("ignore", SlowPathWarning)
        yield


def variable_like(value):
    return T.TensorType(value.dtype, (False,) * value.ndim)()


def graph_of(layer, values, **kwargs):
    """Variables for the input layers, in the network's order, and the output they lead to."""
    layers = lasagne.layers.get_all_layers(layer)
    inputs = [each for each in layers if isinstance(each, lasagne.layers.InputLayer)]
    variables = [variable_like(np.asarray(value)) for value in values]
    return variables, lasagne.layers.get_output(layer, dict(zip(inputs, variables)), **kwargs)


@pytest.fixture
def computed(compiled_with):
    """What a layer makes of values for its input layers. Its declared shape has to hold."""

    def run(layer, *values, **kwargs):
        variables, output = graph_of(layer, values, **kwargs)
        result = theano.function(variables, output, mode=compiled_with)(*values)
        declared = layer.output_shape
        assert len(declared) == result.ndim
        assert all(known in (None, n) for known, n in zip(declared, result.shape))
        return result

    return run


@pytest.fixture
def gradients_hold(rng, compiled_with):
    """Hold a layer's gradients to finite differences along a random direction.

    By its floating-point inputs and its trained parameters.
    """

    def check(layer, *values, step=1e-5, tolerance=1e-5, **kwargs):
        variables, output = graph_of(layer, values, **kwargs)
        params = lasagne.layers.get_all_params(layer, trainable=True)
        shape = theano.function(variables, output.shape, mode=compiled_with)(*values)
        cost = (output * rng.normal(size=shape)).sum()
        smooth = [n for n, value in enumerate(values) if np.asarray(value).dtype == "float64"]
        wanted = [*(variables[n] for n in smooth), *params]
        slopes = theano.grad(cost, wanted, disconnected_inputs="ignore")
        run = theano.function(variables, [cost, *slopes], mode=compiled_with)
        gradients = run(*values)[1:]

        def moved(n, by):
            if n < len(smooth):
                changed = [*values]
                changed[smooth[n]] = values[smooth[n]] + by
                return run(*changed)[0]
            param = params[n - len(smooth)]
            before = param.get_value()
            param.set_value(before + by)
            cost = run(*values)[0]
            param.set_value(before)
            return cost

        for n, gradient in enumerate(gradients):
            direction = rng.normal(size=gradient.shape)
            expected = (moved(n, step * direction) - moved(n, -step * direction)) / (2 * step)
            found = (gradient * direction).sum()
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    return check
