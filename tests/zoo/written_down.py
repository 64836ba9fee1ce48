"""Architectures that keras.applications lacks, written down a second time to compare with."""

import math


def efficientnet_lite(width, depth, dropout):
    """From the table of EfficientNet-B0 and the changes that the Lite variants make to it."""

    def build(weights, include_top, input_shape, classes=None):
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
            wanted = width * int(row[7:])
            filters = 8 * round(wanted / 8)  # it never lies half way
            filters += 8 * (filters < 0.9 * wanted)
            letters = "abcdefgh"[: math.ceil(depth * int(repeats or 1))] if repeats else "a"
            for letter in letters:
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
            x = layers.Dropout(dropout, name="top_dropout")(x)
            x = layers.Dense(classes, activation="softmax", name="predictions")(x)
        return Model(images, x)

    return build


def vgg(*blocks, normalise=False):
    """From columns A, B, D and E of table 1 of Simonyan and Zisserman."""

    def build(weights, include_top, input_shape, classes=None):
        from keras import Model, layers

        x = images = layers.Input(input_shape)
        for block, repeats in enumerate(blocks, start=1):
            filters = min(512, 32 << block)
            for number in range(repeats):
                name = f"block{block}_conv{number + 1}"
                activation = None if normalise else "relu"
                options = {"padding": "same", "activation": activation, "name": name}
                x = layers.Conv2D(filters, 3, **options)(x)
                if normalise:
                    x = layers.BatchNormalization(epsilon=1e-5, name=f"{name}_bn")(x)
                    x = layers.ReLU(name=f"{name}_relu")(x)
            x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
        if include_top:
            x = layers.Flatten(name="flatten")(x)
            for name in ("fc1", "fc2"):
                x = layers.Dense(4096, activation="relu", name=name)(x)
            x = layers.Dense(classes, activation="softmax", name="predictions")(x)
        return Model(images, x)

    return build


def basic_resnet(*stacks):
    """From table 1 of He et al., https://arxiv.org/abs/1512.03385, with projections (B)."""

    def build(weights, include_top, input_shape, classes=None):
        from keras import Model, layers

        def convolve(x, name, filters, size, stride=1):
            if stride > 1 and size > 1:
                x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
            padding = "same" if stride == 1 else "valid"
            options = {"use_bias": False, "padding": padding, "name": f"{name}_conv"}
            x = layers.Conv2D(filters, size, strides=stride, **options)(x)
            return layers.BatchNormalization(epsilon=1e-5, name=f"{name}_bn")(x)

        x = images = layers.Input(input_shape)
        x = layers.ReLU(name="conv1_relu")(convolve(x, "conv1", 64, 7, 2))
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
        for stack, blocks in enumerate(stacks, start=2):
            filters = 32 * 2 ** (stack - 1)
            for block in range(blocks):
                name = f"conv{stack}_block{block + 1}"
                stride = 2 if stack > 2 and block == 0 else 1
                y = layers.ReLU(name=f"{name}_1_relu")(convolve(x, f"{name}_1", filters, 3, stride))
                y = convolve(y, f"{name}_2", filters, 3)
                if x.shape[-1] != filters:
                    x = convolve(x, f"{name}_0", filters, 1, stride)
                x = layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, y]))
        if include_top:
            x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
            x = layers.Dense(classes, activation="softmax", name="predictions")(x)
        return Model(images, x)

    return build


def ceiling_pool(size=3, stride=2, average=False):
    import keras

    class CeilingPool(keras.layers.Layer):
        """Windows of which the last may hang over; what is outside does not count."""

        def call(self, x):
            inside = keras.ops.ones((1, *x.shape[1:3], 1))
            over = [(0, 0), *((0, (size - n) % stride) for n in x.shape[1:3]), (0, 0)]
            x, inside = (keras.ops.pad(y, over) for y in (x, inside))
            if not average:
                return keras.ops.max_pool(x, size, stride)  # zeros are of no effect behind relu
            return keras.ops.average_pool(x, size, stride) / keras.ops.average_pool(
                inside, size, stride
            )

    return CeilingPool


def normalise(k, alpha):
    import keras

    class Normalise(keras.layers.Layer):
        """Across five channels: Krizhevsky et al., section 3.3."""

        def call(self, x):
            squares = keras.ops.pad(x * x, [(0, 0), (0, 0), (0, 0), (2, 2)])
            total = sum(squares[..., i : i + x.shape[-1]] for i in range(5))
            return x / (k + alpha * total) ** 0.75

    return Normalise


def googlenet(weights, include_top, input_shape, classes=None):
    """From table 1 of Szegedy et al., https://arxiv.org/abs/1409.4842."""
    from keras import Model, layers

    Normalise = normalise(1, 1e-4 / 5)

    def convolve(x, name, filters, size, **options):
        options = {"padding": "same", "activation": "relu", "name": name, **options}
        return layers.Conv2D(filters, size, **options)(x)

    pool = ceiling_pool()
    x = images = layers.Input(input_shape)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = convolve(x, "conv1_7x7_s2", 64, 7, strides=2, padding="valid")
    x = Normalise(name="pool1_norm1")(pool(name="pool1_3x3_s2")(x))
    x = convolve(convolve(x, "conv2_3x3_reduce", 64, 1), "conv2_3x3", 192, 3)
    x = pool(name="pool2_3x3_s2")(Normalise(name="conv2_norm2")(x))
    table = """3a 64 96 128 16 32 32, 3b 128 128 192 32 96 64, P3, 4a 192 96 208 16 48 64,
        4b 160 112 224 24 64 64, 4c 128 128 256 24 64 64, 4d 112 144 288 32 64 64,
        4e 256 160 320 32 128 128, P4, 5a 256 160 320 32 128 128, 5b 384 192 384 48 128 128"""
    for row in table.split(","):
        name, *filters = row.split()
        if name.startswith("P"):
            x = pool(name=f"pool{name[1]}_3x3_s2")(x)
            continue
        one, reduce3, three, reduce5, five, pooled = map(int, filters)
        name = f"inception_{name}_"
        x3 = convolve(convolve(x, f"{name}3x3_reduce", reduce3, 1), f"{name}3x3", three, 3)
        x5 = convolve(convolve(x, f"{name}5x5_reduce", reduce5, 1), f"{name}5x5", five, 5)
        xp = layers.MaxPooling2D(3, 1, padding="same", name=f"{name}pool")(x)
        x = layers.Concatenate(name=f"{name}output")(
            [
                convolve(x, f"{name}1x1", one, 1),
                x3,
                x5,
                convolve(xp, f"{name}pool_proj", pooled, 1),
            ]
        )
    if include_top:
        x = layers.GlobalAveragePooling2D(name="pool5_7x7_s1")(x)
        x = layers.Dropout(0.4, name="pool5_drop_7x7_s1")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return Model(images, x)


def squeezenet(fires, stem, window):
    """From table 1 of Iandola et al., https://arxiv.org/abs/1602.07360. 'P' is pooling."""

    def build(weights, include_top, input_shape, classes=None):
        from keras import Model, layers

        CeilingPool = ceiling_pool()

        def convolve(x, name, filters, size, **options):
            return layers.Conv2D(filters, size, activation="relu", name=name, **options)(x)

        x = images = layers.Input(input_shape)
        x = convolve(x, "conv1", stem, window, strides=2)
        number = 2
        pools = 0
        for fire in fires:
            if fire == "P":
                pools += 1
                x = CeilingPool(name=f"pool{pools}")(x)
                continue
            name = f"fire{number}"
            x = convolve(x, f"{name}_squeeze1x1", fire, 1)
            one = convolve(x, f"{name}_expand1x1", 4 * fire, 1)
            three = convolve(x, f"{name}_expand3x3", 4 * fire, 3, padding="same")
            x = layers.Concatenate(name=f"{name}_concat")([one, three])
            number += 1
        if include_top:
            x = layers.Dropout(0.5, name="dropout")(x)
            x = convolve(x, "conv10", classes, 1)
            x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
            x = layers.Softmax(name="predictions")(x)
        return Model(images, x)

    return build


def from_caffe(rows, k=1, alpha=1e-4 / 5, dense=(4096, 4096)):
    """A network without branches, from lines like those of a prototxt.

    'conv NAME filters size stride pad groups', 'pool NAME size stride', 'mean NAME size stride',
    'norm NAME', 'drop NAME'.
    """

    def build(weights, include_top, input_shape, classes=None):
        from keras import Model, layers

        Normalise = normalise(k, alpha)
        x = images = layers.Input(input_shape)
        for row in rows.splitlines():
            kind, name, *numbers = row.split()
            numbers = [int(number) for number in numbers]
            if kind == "conv":
                filters, size, stride, pad, groups = numbers
                assert pad in (0, size // 2)
                x = layers.Conv2D(
                    filters,
                    size,
                    stride,
                    padding="same" if pad else "valid",
                    groups=groups,
                    activation="relu",
                    name=name,
                )(x)
            elif kind == "norm":
                x = Normalise(name=name)(x)
            elif kind == "drop":
                x = layers.Dropout(0.5, name=name)(x)
            else:
                x = ceiling_pool(*numbers, average=kind == "mean")(name=name)(x)
        if include_top and dense:
            x = layers.Flatten(name="flatten")(x)
            for number, units in enumerate(dense, start=6):
                x = layers.Dense(units, activation="relu", name=f"fc{number}")(x)
                x = layers.Dropout(0.5, name=f"drop{number}")(x)
            x = layers.Dense(classes, activation="softmax", name="predictions")(x)
        elif include_top:
            x = layers.Conv2D(classes, 1, activation="relu", name="cccp6")(x)
            x = layers.GlobalAveragePooling2D(name="pool3")(x)
            x = layers.Softmax(name="predictions")(x)
        return Model(images, x)

    return build


# Of Caffe's models/bvlc_reference_caffenet.
CAFFENET = """conv conv1 96 11 4 0 1
pool pool1 3 2
norm norm1
conv conv2 256 5 1 2 2
pool pool2 3 2
norm norm2
conv conv3 384 3 1 1 1
conv conv4 384 3 1 1 2
conv conv5 256 3 1 1 2
pool pool5 3 2"""
# Column CNN-S of table 1 of Chatfield et al., https://arxiv.org/abs/1405.3531.
VGG_CNN_S = """conv conv1 96 7 2 0 1
norm norm1
pool pool1 3 3
conv conv2 256 5 1 0 1
pool pool2 2 2
conv conv3 512 3 1 1 1
conv conv4 512 3 1 1 1
conv conv5 512 3 1 1 1
pool pool5 3 3"""
# Of the authors' model for Caffe.
NIN = """conv conv1 192 5 1 2 1
conv cccp1 160 1 1 0 1
conv cccp2 96 1 1 0 1
pool pool1 3 2
drop drop3
conv conv2 192 5 1 2 1
conv cccp3 192 1 1 0 1
conv cccp4 192 1 1 0 1
mean pool2 3 2
drop drop6
conv conv3 192 3 1 1 1
conv cccp5 192 1 1 0 1"""

WRITTEN_DOWN = {
    "caffenet": from_caffe(CAFFENET),
    "vggcnns": from_caffe(VGG_CNN_S, k=2, alpha=1e-4),
    "nincifar10": from_caffe(NIN, dense=()),
    "googlenet": googlenet,
    "efficientnetlite0": efficientnet_lite(1.0, 1.0, 0.2),
    "efficientnetlite1": efficientnet_lite(1.0, 1.1, 0.2),
    "efficientnetlite2": efficientnet_lite(1.1, 1.2, 0.3),
    "efficientnetlite3": efficientnet_lite(1.2, 1.4, 0.3),
    "efficientnetlite4": efficientnet_lite(1.4, 1.8, 0.3),
    "vgg11": vgg(1, 1, 2, 2, 2),
    "vgg13": vgg(2, 2, 2, 2, 2),
    "vgg11bn": vgg(1, 1, 2, 2, 2, normalise=True),
    "vgg13bn": vgg(2, 2, 2, 2, 2, normalise=True),
    "vgg16bn": vgg(2, 2, 3, 3, 3, normalise=True),
    "vgg19bn": vgg(2, 2, 4, 4, 4, normalise=True),
    "resnet18": basic_resnet(2, 2, 2, 2),
    "resnet34": basic_resnet(3, 4, 6, 3),
    "squeezenet10": squeezenet(["P", 16, 16, 32, "P", 32, 48, 48, 64, "P", 64], 96, 7),
    "squeezenet11": squeezenet(["P", 16, 16, "P", 32, 32, "P", 48, 48, 64, 64], 64, 3),
}
# How many parameters others count that training changes: torchvision's and timm's model tables,
# the latter in millions.
TRAINABLE = {
    "vgg11": 132_863_336,
    "vgg13": 133_047_848,
    "vgg11_bn": 132_868_840,
    "vgg13_bn": 133_053_736,
    "vgg16_bn": 138_365_992,
    "vgg19_bn": 143_678_248,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "squeezenet1_0": 1_248_424,
    "squeezenet1_1": 1_235_496,
}
TRAINABLE_MILLIONS = {
    "efficientnet_lite0": 4.65,
    "efficientnet_lite1": 5.42,
    "efficientnet_lite2": 6.09,
    "efficientnet_lite3": 8.20,
    "efficientnet_lite4": 13.01,
}
