"""The same networks as Keras has them, with random weights: what ours are held against."""

from unittest import mock

import numpy as np
import pytest
from zoo.written_down import WRITTEN_DOWN

from theano_transfer import zoo

CLASSES = 10


def ported():
    """Network of the zoo -> the function of keras.applications that builds it."""
    applications = pytest.importorskip("keras").applications
    builders = {
        title.lower(): build for title, build in vars(applications).items() if callable(build)
    }
    titles = {name: name.replace("_", "") for name in zoo.models()}
    return {name: builders[title] for name, title in titles.items() if title in builders}


def keras_model(case, size, include_top):
    """The Keras model that `case` is the port of, for images of `size`."""
    keras = pytest.importorskip("keras")
    build = ported().get(case.name) or WRITTEN_DOWN[case.name.replace("_", "")]
    keras.utils.clear_session()  # names of unnamed layers start from the beginning
    arguments = {"classes": CLASSES} if include_top else {}
    arguments.update(case.arguments)
    # Each shape of random numbers would be compiled for; `fill` has its own.
    undrawn = mock.patch.object(
        keras.initializers.VarianceScaling,
        "__call__",
        lambda self, shape, dtype="float32": np.zeros(shape, dtype),
    )
    with undrawn:
        return build(weights=None, include_top=include_top, input_shape=(*size, 3), **arguments)


def filled_model(case, size, include_top):
    """The same, randomly filled."""
    model = keras_model(case, size, include_top)
    rng = np.random.default_rng(0)
    fill(model, rng)
    # Padding may depend on the size, so it is the model's; few large pictures are as much as
    # many small ones.
    count = 8 if max(size) < 128 else 3
    calibrate(model, rng, pictures(size, preprocessing_of(case), count))
    return model


def preprocessing_of(case):
    return zoo.record(case.name).preprocessing


def fill(model, rng):
    """Random weights that keep the scale of what passes through."""
    last = [layer for layer in model.layers if hasattr(layer, "kernel")][-1]
    for layer in model.layers:
        values = []
        for variable in layer.weights:
            shape = tuple(variable.shape)
            if variable.name.endswith("kernel"):
                depthwise = type(layer).__name__ == "DepthwiseConv2D"
                depthwise |= variable.name == "depthwise_kernel"
                fan_in = np.prod(shape[:2] if depthwise else shape[:-1])
                certain = layer is last and model.layers[-1].name == "predictions"
                gain = 0.5 if certain else 2  # no class is a certainty
                values.append(rng.normal(0, np.sqrt(gain / fan_in), shape))
            elif variable.name == "gamma":
                values.append(rng.uniform(0.5, 1.5, shape))
            elif variable.name == "moving_variance":
                values.append(np.ones(shape))
            elif variable.name in ("mean", "variance", "count"):  # of the colours of pictures
                known = {"mean": [0.4, 0.5, 0.45], "variance": [0.06, 0.05, 0.04], "count": 0}
                values.append(np.array(known[variable.name]))
            else:  # bias, beta, moving_mean
                values.append(rng.normal(0, 0.1, shape))
        if not hasattr(layer, "seed_generator"):
            layer.set_weights(values)
        if hasattr(layer, "finalize_state"):  # Keras goes on with what it was before
            layer.finalize_state()


def copy_weights(model, other):
    """From one Keras model into another of the same layers."""
    for layer, target in zip(model.layers, other.layers):
        if not hasattr(layer, "seed_generator"):
            target.set_weights(layer.get_weights())
        if hasattr(layer, "finalize_state"):  # Keras goes on with what it was before
            target.finalize_state()


def calibrate(model, rng, images):
    """Give batch normalisation averages like those of the pictures that pass through.

    With others, a deep network of random weights makes nearly the same of every picture. Exactly
    those would magnify small differences, rounding errors too, in every layer: so the squared
    mean is part of the variance.
    """
    norms = [layer for layer in model.layers if hasattr(layer, "moving_mean")]
    if not norms:
        return
    import jax

    for layer in norms:
        layer.momentum = 0.0
    values = [variable.value for variable in model.trainable_variables]
    state = [variable.value for variable in model.non_trainable_variables]
    x = images.transpose(0, 2, 3, 1)
    step = jax.jit(lambda x: model.stateless_call(values, state, x, training=True)[1])
    found = dict(zip([variable.path for variable in model.non_trainable_variables], step(x)))
    for layer in norms:
        mean, var = (
            np.asarray(found[variable.path])
            for variable in (layer.moving_mean, layer.moving_variance)
        )
        layer.moving_mean.assign(mean + rng.normal(0, 0.1, mean.shape))
        layer.moving_variance.assign(var * rng.uniform(0.7, 1.4, var.shape) + mean**2)


def pictures(size, preprocessing, count=2):
    """Coloured patches with noise on them: (batch, channel, row, column).

    Around 128 where the network takes pixels as they are, else around 0.
    """
    rng = np.random.default_rng(1)
    across = max(7, -(-max(size) // 32))
    patches = rng.normal(size=(count, 3, across, across)).repeat(32, axis=2).repeat(32, axis=3)
    values = patches[:, :, : size[0], : size[1]] + 0.5 * rng.normal(size=(count, 3, *size))
    if preprocessing == "identity":
        values = 128 + 40 * values
    return values.astype("float32")


def outputs(model, images, *layers):
    """What Keras's layers of these names make of `images` (batch, channel, row, column)."""
    import keras

    part = keras.Model(model.inputs, [model.get_layer(layer).output for layer in layers])
    found = part.predict_on_batch(images.transpose(0, 2, 3, 1))
    found = found if isinstance(found, list) else [found]
    return [y.transpose(0, 3, 1, 2) if y.ndim == 4 else y for y in map(np.asarray, found)]
