"""Whole Keras models to rebuild, and their answers."""

import numpy as np

SIZE = 24


def every_layer(keras):
    """A fine-tuned model as tutorials build it, of every kind of layer that is rebuilt."""
    layers = keras.layers
    inputs = keras.Input((SIZE, SIZE, 3), name="pictures")
    augmentation = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), layers.RandomFlip(), layers.RandomRotation(0.1)]
    )
    x = augmentation(inputs)
    x = (x / 127.5 - 1) * 0.5 + 0.25
    x = layers.Rescaling([1.0, 2.0, 0.5], offset=0.1)(x)
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.5, 0.6, 0.7])(x)
    maps = base(keras)(x)
    y = layers.Flatten()(layers.MaxPooling2D(3)(maps))
    y = layers.BatchNormalization()(y)
    y = layers.Dense(5, activation="elu", name="conv")(y)  # a name that the base has too
    z = layers.GlobalMaxPooling2D()(maps)
    z = layers.GaussianNoise(0.1)(z)
    both = layers.Concatenate()([y, z, layers.GlobalAveragePooling2D()(maps)])
    both = layers.Dropout(0.5)(both)
    outputs = layers.Dense(4, activation="softmax")(both)
    return keras.Model(inputs, outputs, name="everything")


def base(keras):
    layers = keras.layers
    inputs = keras.Input((SIZE, SIZE, 3))
    x = layers.Normalization(name="adapted")(inputs)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = layers.BatchNormalization(epsilon=0.01)(x)
    x = layers.ReLU(6.0)(x)
    shortcut = x
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.Activation("hard_silu")(x)
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Conv2D(16, 1, activation="hard_sigmoid")(s)
    x = layers.Multiply()([x, s])
    s = layers.Reshape((1, 1, 16))(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply()([s, x])
    x = layers.SeparableConv2D(8, 3, padding="same", activation="swish")(x)
    x = layers.Dropout(0.2, noise_shape=(None, 1, 1, 1))(x)
    x = layers.Add()([shortcut, x])
    x = layers.Average()([x, layers.Subtract()([shortcut, x]), layers.Maximum()([shortcut, x])])
    x = layers.ZeroPadding2D(((0, 1), (2, 1)))(x)
    x = layers.Conv2D(8, 3, dilation_rate=2, groups=2, activation="tanh")(x)
    x = layers.LeakyReLU(0.1)(layers.Cropping2D(((1, 0), (0, 1)))(x))
    y = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    z = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = layers.Concatenate()([y, layers.Softmax()(z)])
    x = layers.ReLU(negative_slope=0.1, threshold=0.05, max_value=2.0)(x)
    x = layers.ELU(0.5)(layers.Activation("gelu")(x))
    return keras.Model(inputs, x, name="base")


def fill(model, rng):
    """Random parameters, so that every array matters."""
    for layer in [model, *model.layers, *model.get_layer("base").layers]:
        for variable in layer.weights if not hasattr(layer, "layers") else ():
            kind = variable.name.rpartition("/")[2]
            if kind == "count":
                continue
            shape = tuple(variable.shape)
            if kind.endswith("kernel"):
                values = rng.normal(0, 1.5 / np.sqrt(np.prod(shape[:-1])), shape)
            else:
                values = rng.uniform(
                    0.5 if kind.endswith(("variance", "gamma")) else -0.2, 1, shape
                )
            variable.assign(values.astype("f4"))
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def pictures(rng, count=3):
    """(batch, row, column, channel), 0 to 255."""
    return rng.uniform(0, 255, (count, SIZE, SIZE, 3)).astype("f4")
