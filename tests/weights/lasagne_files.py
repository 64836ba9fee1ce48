"""Pickles as Python 2 wrote them, with their texts of bytes: Lasagne's model zoo is of such."""

import struct

import numpy as np


def short(text):
    content = text if isinstance(text, bytes) else text.encode()
    if len(content) < 256:
        return b"U" + bytes([len(content)]) + content
    return b"T" + struct.pack("<i", len(content)) + content


def number(value):
    return b"J" + struct.pack("<i", value)


def array(values):
    """``_reconstruct(ndarray, (0,), 'b')`` and its state, by protocol 2."""
    order = b"\x89" if values.flags.c_contiguous else b"\x88"
    content = values.tobytes(order="A")
    shape = b"(" + b"".join(map(number, values.shape)) + b"t"
    dtype = (
        b"cnumpy\ndtype\n(" + short(values.dtype.str[1:]) + number(0) + number(1) + b"tR"
        b"(" + number(3) + short("<") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    )
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + number(0) + b"t"
        + short("b") + b"tR(" + number(1) + shape + dtype + order + short(content) + b"tb"
    )  # fmt: skip


def items(values):
    return b"](" + b"".join(values) + b"e"


def dictionary(entries):
    return b"}(" + b"".join(short(key) + value for key, value in entries.items()) + b"u"


def zoo_pickle(values, **others):
    """A dictionary as the model zoo has it."""
    entries = {"param values": items(map(array, values)), **others}
    return b"\x80\x02" + dictionary(entries) + b"."


def mean_image():
    return np.arange(12, dtype="<f4").reshape(3, 2, 2)
