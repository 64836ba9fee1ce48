"""The same networks as Keras has them, with random weights: what ours are held against."""

import numpy as np
import pytest

from theano_transfer import zoo

CLASSES = 10


def keras_model(case, size, include_top):
    """The Keras model that `case` is the port of, for images of `size`."""
    keras = pytest.importorskip("keras")
    builders = {title.lower(): build for title, build in vars(keras.applications).items()}
    builders = {title: build for title, build in builders.items() if callable(build)}
    builders["efficientnetlite0"] = efficientnet_lite0
    build = builders[case.name.replace("_", "")]
    keras.utils.clear_session()  # names of unnamed layers start from the beginning
    arguments = {"classes": CLASSES} if include_top else {}
    arguments.update(case.arguments)
    return build(weights=None, include_top=include_top, input_shape=(*size, 3), **arguments)


def filled_model(case, size, include_top):
    """The same, randomly filled."""
    model = keras_model(case, size, include_top)
    rng = np.random.default_rng(0)
    fill(model, rng)
    calibrate(model, rng, pictures((75, 97), preprocessing_of(case), count=8))
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
            else:  # bias, beta, moving_mean
                values.append(rng.normal(0, 0.1, shape))
        if not hasattr(layer, "seed_generator"):
            layer.set_weights(values)


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
    patches = rng.normal(size=(count, 3, 7, 7)).repeat(32, axis=2).repeat(32, axis=3)
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


def efficientnet_lite0(weights, include_top, input_shape, classes=CLASSES):
    """EfficientNet-Lite0, which keras.applications lacks, written down a second time.

    From the table of EfficientNet-B0 and the changes that the Lite variants make to it.
    """
    from keras import Model, layers

    x = images = layers.Input(input_shape)

    def convolve(x, kind, name, *arguments, **keywords):
        return kind(*arguments, padding="same", use_bias=False, name=name, **keywords)(x)

    def normalise(x, name):
        x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_activation")(x)

    x = normalise(convolve(x, layers.Conv2D, "stem_conv", 32, 3, strides=2), "stem")
    rows = "k3s1e1o16 k3s2e6o24*2 k5s2e6o40*2 k3s2e6o80*3 k5s1e6o112*3 k5s2e6o192*4 k3s1e6o320"
    for number, row in enumerate(rows.split(), start=1):
        row, _, repeats = row.partition("*")
        kernel, stride, expand = (int(row[i]) for i in (1, 3, 5))
        filters = int(row[7:])
        for letter in "abcd"[: int(repeats or 1)]:
            block, inputs = f"block{number}{letter}", x
            if letter != "a":
                stride = 1
            if expand > 1:
                wide = expand * inputs.shape[-1]
                x = convolve(x, layers.Conv2D, f"{block}_expand_conv", wide, 1)
                x = normalise(x, f"{block}_expand")
            name = f"{block}_dwconv"
            x = convolve(x, layers.DepthwiseConv2D, name, kernel, strides=stride)
            x = normalise(x, block)
            x = convolve(x, layers.Conv2D, f"{block}_project_conv", filters, 1)
            x = layers.BatchNormalization(epsilon=1e-3, name=f"{block}_project_bn")(x)
            if letter != "a":
                x = layers.Add(name=f"{block}_add")([x, inputs])
    x = normalise(convolve(x, layers.Conv2D, "top_conv", 1280, 1), "top")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(0.2, name="top_dropout")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return Model(images, x)
