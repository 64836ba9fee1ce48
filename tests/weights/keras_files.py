"""Keras weight files of several ages, written with h5py alone."""

import io
import zipfile

import h5py
import numpy as np


def names(values):
    return np.array([value.encode() for value in values], "S")


def write_legacy(group, layers, *, version="2.4.0", backend="tensorflow", split=None):
    """What Keras 1 and 2 write: ``layers`` maps a layer to ``{dataset name: array}``."""
    if split is None:
        group.attrs["layer_names"] = names(layers)
    else:  # long lists are spread over numbered attributes
        for index, start in enumerate(range(0, len(layers), split)):
            group.attrs[f"layer_names{index}"] = names(list(layers)[start : start + split])
    if version is not None:
        group.attrs["keras_version"] = version.encode()
        group.attrs["backend"] = backend.encode()
    for layer, arrays in layers.items():
        subgroup = group.create_group(layer)
        # Of a layer without weights, Keras writes an empty array of float64.
        subgroup.attrs["weight_names"] = names(arrays) if arrays else np.array([])
        for name, array in arrays.items():
            subgroup[name] = array


def keras2_layers(rng):
    """A small network: convolution, batch normalisation, depthwise, flatten, dense."""
    return {
        "input": {},
        "conv": {
            "conv/kernel:0": rng.standard_normal((3, 2, 3, 4), dtype="f4"),
            "conv/bias:0": rng.standard_normal(4, dtype="f4"),
        },
        "bn": {
            "bn/gamma:0": rng.standard_normal(4, dtype="f4"),
            "bn/beta:0": rng.standard_normal(4, dtype="f4"),
            "bn/moving_mean:0": rng.standard_normal(4, dtype="f4"),
            "bn/moving_variance:0": rng.random(4, dtype="f4"),
        },
        "dw": {"dw/depthwise_kernel:0": rng.standard_normal((3, 3, 4, 2), dtype="f4")},
        "flatten": {},
        "fc": {
            "fc/kernel:0": rng.standard_normal((5 * 6 * 8, 7), dtype="f4"),
            "fc/bias:0": rng.standard_normal(7, dtype="f4"),
        },
    }


KERAS2_TO_KERAS1 = {
    "conv/kernel:0": "conv_W_1:0",
    "conv/bias:0": "conv_b_1:0",
    "bn/gamma:0": "bn_gamma:0",
    "bn/beta:0": "bn_beta:0",
    "bn/moving_mean:0": "bn_running_mean:0",
    "bn/moving_variance:0": "bn_running_std:0",
    "dw/depthwise_kernel:0": "dw_depthwise_kernel:0",
    "fc/kernel:0": "fc_W:0",
    "fc/bias:0": "fc_b:0",
}


def keras1_layers(layers):
    """The same arrays under the names that Keras 1 gave, as in the hosted ImageNet files."""
    return {
        layer: {KERAS2_TO_KERAS1[name]: array for name, array in arrays.items()}
        for layer, arrays in layers.items()
    }


CLASSES = {"conv": "conv2d", "bn": "batch_normalization", "dw": "depthwise_conv2d", "fc": "dense"}


def write_numbered(group, layers, *, named=True, scope="layers"):
    """What Keras 3 writes as ``.weights.h5``: arrays numbered, layers filed under their class."""
    for layer, arrays in layers.items():
        variables = group.create_group(f"{scope}/{CLASSES.get(layer, layer)}/vars")
        if named:
            variables.attrs["name"] = layer
        for number, array in enumerate(arrays.values()):
            variables[str(number)] = array


def remove_names(path):
    """What Keras 3.0 to 3.5 would have written: the layers of an open or named file unnamed."""
    with h5py.File(path, "r+") as file:
        named = []
        file.visititems(lambda name, group: named.append(name) if "name" in group.attrs else None)
        for name in named:
            del file[name].attrs["name"]


def without_names(archive, path):
    """A ``.keras`` archive as Keras 3.0 to 3.5 would have written it, and compressed."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        weights = io.BytesIO(old.read("model.weights.h5"))
        remove_names(weights)
        new.writestr("config.json", old.read("config.json"))
        new.writestr("model.weights.h5", weights.getvalue(), zipfile.ZIP_DEFLATED)
    return path


def legacy_file(path, layers, **options):
    with h5py.File(path, "w") as file:
        write_legacy(file, layers, **options)


def in_theano_order(layers):
    """What the network should get, by the definition of each order, one element at a time."""
    conv = layers["conv"]["conv/kernel:0"]
    W = np.empty((4, 3, 3, 2), "f4")
    for r, c, i, o in np.ndindex(conv.shape):
        W[o, i, r, c] = conv[r, c, i, o]
    depthwise = layers["dw"]["dw/depthwise_kernel:0"]
    D = np.empty((8, 1, 3, 3), "f4")
    for r, c, i, m in np.ndindex(depthwise.shape):
        D[2 * i + m, 0, r, c] = depthwise[r, c, i, m]
    # Keras flattened pictures of 5 rows, 6 columns and 8 channels in this order, we in another.
    F = np.empty((240, 7), "f4")
    for r, c, i in np.ndindex(5, 6, 8):
        F[(i * 5 + r) * 6 + c] = layers["fc"]["fc/kernel:0"][(r * 6 + c) * 8 + i]
    return {
        "conv.W": W,
        "conv.b": layers["conv"]["conv/bias:0"],
        "bn.gamma": layers["bn"]["bn/gamma:0"],
        "bn.beta": layers["bn"]["bn/beta:0"],
        "bn.mean": layers["bn"]["bn/moving_mean:0"],
        "bn.var": layers["bn"]["bn/moving_variance:0"],
        "dw.W": D,
        "fc.W": F,
        "fc.b": layers["fc"]["fc/bias:0"],
    }
