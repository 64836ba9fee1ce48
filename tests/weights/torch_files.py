"""PyTorch files, put together one pickle operation at a time."""

import struct
import zipfile

import numpy as np

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
PROTOCOL = b"\x80\x02M\xe9\x03."
KINDS = {"<f4": "FloatStorage", "<f8": "DoubleStorage", "<f2": "HalfStorage", "<i8": "LongStorage"}


class BFloat16(np.ndarray):
    """The bits of bfloat16 numbers, as uint16."""

    def __new__(cls, bits):
        return np.asarray(bits).view(cls)


def text(value):
    content = value.encode()
    return b"X" + struct.pack("<I", len(content)) + content


def number(value):
    return b"J" + struct.pack("<i", value)


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def numbers(values):
    return b"(" + b"".join(number(value) for value in values) + b"t"


def machine(little=True):
    flag = b"\x88" if little else b"\x89"
    return (
        b"\x80\x02}("
        + text("protocol_version")
        + b"M\xe9\x03"
        + text("little_endian")
        + flag
        + b"u."
    )


def tensor(key, array, *, offset=0, shape=None, strides=None, elements=None, view=b"N"):
    """What rebuilds a tensor: ``_rebuild_tensor_v2(storage, offset, size, stride, False, {})``."""
    shape = array.shape if shape is None else shape
    if strides is None:
        strides = [stride // array.itemsize for stride in array.strides]
    kind = "BFloat16Storage" if isinstance(array, BFloat16) else KINDS[array.dtype.str]
    storage = (
        b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu")
        + number(array.size if elements is None else elements) + view + b"t" + b"Q"
    )  # fmt: skip
    hooks = name("collections", "OrderedDict") + b")R"
    return (
        name("torch._utils", "_rebuild_tensor_v2")
        + b"(" + storage + number(offset) + numbers(shape) + numbers(strides) + b"\x89" + hooks
        + b"tR"
    )  # fmt: skip


def state(entries):
    """An OrderedDict of names and whatever the given operations make, with its _metadata."""
    items = b"".join(text(key) + value for key, value in entries.items())
    metadata = b"}" + text("_metadata") + name("collections", "OrderedDict") + b")Rs"
    return (
        b"\x80\x02" + name("collections", "OrderedDict") + b")R(" + items + b"u" + metadata + b"b."
    )


def key_list(keys):
    return b"\x80\x02](" + b"".join(text(key) for key in keys) + b"e."


def storage_bytes(array):
    return struct.pack("<q", array.size) + array.tobytes(order="A")


def write_torch(path, arrays):
    """A whole file, as ``torch.save(state_dict, path)`` wrote before PyTorch 1.6."""
    entries = {key: tensor(str(i), array) for i, (key, array) in enumerate(arrays.items())}
    path.write_bytes(
        MAGIC + PROTOCOL + machine() + state(entries) + key_list(map(str, range(len(arrays))))
        + b"".join(storage_bytes(array) for array in arrays.values())
    )  # fmt: skip


def write_torch_zip(path, arrays, *, changed=None):
    """A whole archive, as ``torch.save(state_dict, path)`` writes it since PyTorch 1.6.

    ``changed`` are other contents of members, or None for members that are to be missing.
    """
    keys = {key: str(number) for number, key in enumerate(arrays)}
    entries = {key: tensor(keys[key], array, view=b"") for key, array in arrays.items()}
    members = {
        "a/data.pkl": state(entries),
        "a/byteorder": b"little",
        **{f"a/data/{keys[key]}": array.tobytes(order="A") for key, array in arrays.items()},
        "a/version": b"3\n",
        **(changed or {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            if content is not None:
                archive.writestr(member, content)


def write_pickles(path, object_pickle, *, storages=(), little=True):
    """A file around a given pickle; ``storages`` are ``(key, array)``."""
    path.write_bytes(
        MAGIC + PROTOCOL + machine(little) + object_pickle + key_list(key for key, _ in storages)
        + b"".join(storage_bytes(array) for _, array in storages)
    )  # fmt: skip


def lite0_state(rng):
    """Arrays under the names, and of the shapes, of the PyTorch EfficientNet-Lite0."""
    arrays = {}

    def convolution(module, *shape):
        arrays[f"{module}.weight"] = rng.standard_normal(shape, dtype="f4")

    def normalisation(module, channels):
        for role in ("weight", "bias", "running_mean", "running_var"):
            arrays[f"{module}.{role}"] = rng.random(channels, dtype="f4")
        arrays[f"{module}.num_batches_tracked"] = np.array(7, "<i8")

    convolution("_conv_stem", 32, 3, 3, 3)
    normalisation("_bn0", 32)
    before, block = 32, 0
    for repeats, kernel, expand, channels in (
        (1, 3, 1, 16), (2, 3, 6, 24), (2, 5, 6, 40), (3, 3, 6, 80),
        (3, 5, 6, 112), (4, 5, 6, 192), (1, 3, 6, 320),
    ):  # fmt: skip
        for _ in range(repeats):
            prefix = f"_blocks.{block}."
            wide = before * expand
            if expand != 1:
                convolution(f"{prefix}_expand_conv", wide, before, 1, 1)
                normalisation(f"{prefix}_bn0", wide)
            convolution(f"{prefix}_depthwise_conv", wide, 1, kernel, kernel)
            normalisation(f"{prefix}_bn1", wide)
            convolution(f"{prefix}_project_conv", channels, wide, 1, 1)
            normalisation(f"{prefix}_bn2", channels)
            before, block = channels, block + 1
    convolution("_conv_head", 1280, 320, 1, 1)
    normalisation("_bn1", 1280)
    arrays["_fc.weight"] = rng.standard_normal((1000, 1280), dtype="f4")
    arrays["_fc.bias"] = rng.standard_normal(1000, dtype="f4")
    return arrays
