"""Models of every layer of Keras that is rebuilt: an output for each."""

import numpy as np

IMAGES, STEPS, VECTOR = (8, 6, 4), (9, 4), (6,)

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "sigmoid", "hard_sigmoid",
    "sparse_sigmoid", "log_sigmoid", "tanh", "hard_tanh", "tanh_shrink", "softplus", "softsign",
    "soft_shrink", "hard_shrink", "squareplus", "sparse_plus", "exponential", "silu", "hard_silu",
    "mish", "softmax", "log_softmax", "linear",
)  # fmt: skip
RANDOM = (
    "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomShear",
    "RandomTranslation", "RandomZoom",
)  # fmt: skip


def of_images(L):
    """Layers of images: (row, column, channel)."""
    sizes = {"RandomRotation": 0.1, "RandomBrightness": 0.1, "RandomContrast": 0.1}
    augmenting = {"RandomTranslation": (0.1, 0.1), "RandomZoom": (0.1,), "RandomShear": (0.1,)}
    for kind in RANDOM:
        yield getattr(L, kind)(*augmenting.get(kind, [sizes[kind]] if kind in sizes else []))
    yield L.Conv2D(5, (3, 2), strides=2, padding="same", activation="softmax")
    yield L.Conv2D(6, 3, dilation_rate=(1, 2), groups=2, activation=L.LeakyReLU(0.3))
    yield L.DepthwiseConv2D(3, depth_multiplier=2, strides=2)
    yield L.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", activation="mish")
    for padding, strides, size, more in (
        ("valid", 2, 3, None), ("same", (2, 3), (3, 2), None), ("same", 2, 5, 1),
        ("valid", 3, 2, 2), ("same", 3, 2, None), ("same", 1, 4, None), ("valid", 4, 2, None),
    ):  # fmt: skip
        yield L.Conv2DTranspose(3, size, strides=strides, padding=padding, output_padding=more)
    yield L.Conv2DTranspose(3, (2, 3), padding="same", dilation_rate=2, activation="relu")
    yield L.Dense(5, activation="softmax")
    for mode in ("Max", "Average"):
        yield getattr(L, f"{mode}Pooling2D")((2, 3), strides=(2, 1), padding="same")
        yield getattr(L, f"Global{mode}Pooling2D")(keepdims=True)
        yield getattr(L, f"Global{mode}Pooling2D")()
        if hasattr(L, f"Adaptive{mode}Pooling2D"):
            yield getattr(L, f"Adaptive{mode}Pooling2D")((4, 2))
    yield L.BatchNormalization(center=False)
    yield L.LayerNormalization()
    yield L.LayerNormalization(axis=[1, 2, 3], epsilon=0.1)
    yield L.LayerNormalization(axis=1, center=False)
    if hasattr(L, "RMSNormalization"):
        yield L.RMSNormalization()
    yield L.GroupNormalization(2)
    yield L.GroupNormalization(-1, scale=False)
    yield L.UnitNormalization()
    yield L.UnitNormalization(axis=(1, 3))
    yield L.Normalization()
    yield L.Rescaling(2.0, offset=[1.0, 2.0, 3.0, 4.0])
    yield L.PReLU()
    yield L.PReLU(shared_axes=[1, 2])
    yield L.PReLU(shared_axes=[2])
    yield L.ELU(0.3)
    yield L.ReLU(2.0, negative_slope=0.2, threshold=0.1)
    yield L.LeakyReLU()
    yield L.Softmax()
    yield L.Softmax(axis=1)
    for activation in ACTIVATIONS:
        yield L.Activation(activation)
    yield L.Flatten()
    yield L.Reshape((4, 12, -1))
    yield L.Reshape((-1, 8))
    yield L.Reshape((192,))
    yield L.Permute((3, 1, 2))
    yield L.ZeroPadding2D(((1, 2), (0, 3)))
    yield L.Cropping2D(((1, 2), (0, 3)))
    yield L.UpSampling2D((2, 3))
    yield L.UpSampling2D((3, 2), interpolation="bilinear")
    yield L.Resizing(5, 11)
    yield L.Resizing(11, 4, interpolation="nearest")
    yield L.CenterCrop(5, 3)
    yield L.Dropout(0.3)
    yield L.SpatialDropout2D(0.3)
    yield L.GaussianNoise(0.3)
    yield L.GaussianDropout(0.3)
    yield L.AlphaDropout(0.3)
    yield L.ActivityRegularization(0.1)
    yield L.Identity()


def of_sequences(L):
    """Layers of sequences: (step, channel)."""
    yield L.Conv1D(5, 3, strides=2, padding="same", activation="softmax")
    yield L.Conv1D(4, 3, dilation_rate=2, padding="causal", groups=2)
    yield L.DepthwiseConv1D(3, depth_multiplier=2)
    yield L.SeparableConv1D(5, 3, padding="same", activation="relu")
    yield L.Conv1DTranspose(3, 4, strides=2, padding="same")
    yield L.Conv1DTranspose(3, 4, strides=3, output_padding=1)
    yield L.Dense(5, use_bias=False)
    for mode in ("Max", "Average"):
        yield getattr(L, f"{mode}Pooling1D")(3, strides=2, padding="same")
        yield getattr(L, f"Global{mode}Pooling1D")()
        yield getattr(L, f"Global{mode}Pooling1D")(keepdims=True)
    yield L.BatchNormalization()
    yield L.LayerNormalization(axis=(1, 2))
    yield L.PReLU()
    yield L.Flatten()
    yield L.Reshape((3, 3, 4))
    yield L.Permute((2, 1))
    yield L.ZeroPadding1D((1, 2))
    yield L.Cropping1D(2)
    yield L.UpSampling1D(3)
    yield L.SpatialDropout1D(0.2)
    yield L.Softmax(axis=1)


def of_vectors(L):
    yield L.Dense(5, activation="log_softmax")
    yield L.BatchNormalization(scale=False)
    yield L.LayerNormalization()
    yield L.PReLU()
    yield L.RepeatVector(3)
    yield L.Reshape((1, 1, 6))
    yield L.Reshape((3, 2))
    yield L.Flatten()


def merges(L, images, steps, vector):
    """Layers of several inputs; some have length 1 where others have more, or fewer axes."""
    row = L.AveragePooling2D((8, 1))(images)  # (1, 6, 4)
    other = L.Activation("tanh")(images)
    four = L.Dense(4)(vector)
    yield L.Minimum()([images, other])
    yield L.Maximum()([images, other, row])
    yield L.Add()([images, row, four])
    yield L.Subtract()([images, four])
    yield L.Average()([row, images])
    yield L.Multiply()([images, four])
    yield L.Multiply()([steps, four])
    yield L.Concatenate(axis=1)([images, row])
    yield L.Concatenate()([steps, L.Reshape((9, 4))(L.Dense(36)(vector))])
    yield images / (other * other + 1.5)
    yield L.Dot(axes=1)([four, L.Dense(4)(four)])
    yield L.Dot(axes=-1, normalize=True)([four, L.Dense(4)(four)])
    yield L.Dot(axes=(2, 2))([steps, L.Reshape((3, 4))(L.Dense(12)(vector))])
    yield L.Dot(axes=(1, 2))([steps, L.Permute((2, 1))(steps)])
    yield L.Dot(axes=(3, 1))([images, four])


def of_everything(keras):
    """A model with an output for each layer, three inputs."""
    L = keras.layers
    images, steps, vector = (
        keras.Input(shape, name=name)
        for shape, name in ((IMAGES, "images"), (STEPS, "steps"), (VECTOR, "vector"))
    )
    outputs = [layer(images) for layer in of_images(L)]
    outputs += [layer(steps) for layer in of_sequences(L)]
    outputs += [layer(vector) for layer in of_vectors(L)]
    outputs += list(merges(L, images, steps, vector))
    return keras.Model([images, steps, vector], outputs)


def with_channels_in_front(keras):
    """A model whose images are (channel, row, column)."""
    L, first = keras.layers, {"data_format": "channels_first"}
    images = keras.Input((4, 8, 6), name="images")
    x = L.Conv2D(6, 3, padding="same", activation="softmax", **first)(images)
    x = L.BatchNormalization(axis=1)(x)
    x = L.PReLU(shared_axes=[2, 3])(x)
    x = L.MaxPooling2D(2, **first)(x)
    x = L.PReLU()(x)
    x = L.LayerNormalization(axis=(1, 2, 3))(x)
    y = L.Conv2DTranspose(6, 2, **first)(x)
    y = L.Cropping2D(((1, 0), (0, 1)), **first)(y)
    y = L.Permute((1, 3, 2))(L.Permute((1, 3, 2))(y))
    x = L.Concatenate(axis=1)([x, y])
    x = L.Reshape((6, 8, -1))(x)
    z = L.Dense(3)(x)
    return keras.Model(images, [x, L.Dense(4)(L.Flatten(**first)(x)), z])


def shared(keras):
    """A model, a layer and a normalisation used on two inputs of other sizes, and one again."""
    L = keras.layers
    inside = keras.Input((None, None, 3))
    normalised = L.BatchNormalization()(L.Conv2D(4, 3, padding="same", strides=2)(inside))
    base = keras.Model(inside, [normalised, L.GlobalMaxPooling2D()(normalised)], name="base")
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((5, 7, 3), name="right")
    narrow = L.SeparableConv2D(4, 2, strides=2, padding="same", name="narrow")
    dense = L.Dense(4, activation="relu", name="dense")
    (maps, first), (others, second) = base(left), base(right)
    maps, others = narrow(maps), narrow(narrow(others))
    first, second = dense(first), dense(dense(second))
    first = L.Concatenate()([first, L.GlobalAveragePooling2D()(maps)])
    second = L.Concatenate()([second, L.GlobalAveragePooling2D()(others)])
    return keras.Model([left, right], {"near": L.Dot(1)([first, second]), "far": first})


def fill(model, rng):
    """Random parameters, so that every array matters."""
    for variable in model.weights:
        kind = variable.path.rpartition("/")[2]
        if kind != "count" and "seed" not in variable.path:
            low = 0.5 if kind.endswith(("variance", "gamma", "scale")) else -0.5
            variable.assign(rng.uniform(low, 1, tuple(variable.shape)).astype("f4"))
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def numbers(model, rng, count=2):
    """Something to put into each input."""
    return [
        rng.uniform(-1, 1, (count, *(n or 8 for n in tensor.shape[1:]))).astype("f4")
        for tensor in model.inputs
    ]


def channels_second(x):
    """(batch, ..., channel) as (batch, channel, ...)."""
    return np.moveaxis(x, -1, 1) if x.ndim > 2 else x
