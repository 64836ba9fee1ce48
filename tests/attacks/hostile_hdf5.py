"""HDF5 files that a weights file must not be, each made by a few lines.

``HOSTILE`` maps a name to ``(maker, part of the refusal)``. A maker writes a complete file at a
path, with one thing wrong with it. What is wrong inside a layer is tried in every layout that is
read, because a guard at one place is of no use at the next.
"""

import os
from contextlib import contextmanager
from functools import partial

import h5py
import numpy as np


def fixed(text):
    return np.array(text.encode(), h5py.string_dtype("utf-8", len(text)))


@contextmanager
def ours(path):
    """A file that says it is in our layout, and its one layer."""
    with h5py.File(path, "w") as file:
        file.attrs["format"] = fixed("theano_transfer weights")
        file.attrs["version"] = 1
        yield file.create_group("layer")


@contextmanager
def keras_2(path):
    with h5py.File(path, "w") as file:
        yield legacy_layer(file)


@contextmanager
def keras_model(path):
    with h5py.File(path, "w") as file:
        yield legacy_layer(file.create_group("model_weights"))


@contextmanager
def keras_3(path):
    with h5py.File(path, "w") as file:
        layer = file.create_group("layers/dense/vars")
        layer.attrs["name"] = "layer"
        yield layer


def legacy_layer(group):
    """A layer whose list of names leads where an attacker wants it to."""
    group.attrs["layer_names"] = [b"layer"]
    group.attrs["backend"] = b"tensorflow"
    layer = group.create_group("layer")
    layer.attrs["weight_names"] = [b"W", b"jump/secret", b"../layer/W", b"/layer/W"]
    return layer


LAYOUTS = {
    "ours": ours,
    "Keras 2": keras_2,
    "Keras model": keras_model,
    "Keras 3": keras_3,
}


def external_link(layer, path):
    other = path.with_suffix(".other")
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(3, "f4")
    layer["W"] = h5py.ExternalLink(other.name, "/secret")


def external_link_midway(layer, path):
    """Asked for 'jump/secret' as a whole, h5py calls this a hard link."""
    other = path.with_suffix(".other")
    with h5py.File(other, "w") as file:
        file["group/secret"] = np.ones(3, "f4")
    layer["jump"] = h5py.ExternalLink(other.name, "/group")


def external_link_to_a_pipe(layer, path):
    """Whoever opens the target waits for ever."""
    pipe = path.with_suffix(".pipe")
    os.mkfifo(pipe)
    layer["W"] = h5py.ExternalLink(pipe.name, "/secret")


def soft_link(layer, path):
    layer["b"] = np.ones(3, "f4")
    layer["W"] = h5py.SoftLink(f"{layer.name}/b")
    del layer["b"]


def dangling_soft_link(layer, path):
    layer["W"] = h5py.SoftLink("/nowhere")


def soft_link_to_itself(layer, path):
    layer["W"] = h5py.SoftLink(f"{layer.name}/W")


def two_names(layer, path):
    layer["W"] = np.ones(3, "f4")
    layer["b"] = layer["W"]


def cycle(layer, path):
    layer["again"] = layer


def external_data(layer, path):
    secret = path.with_suffix(".secret")
    secret.write_bytes(b"not yours, really not")
    layer.create_dataset("W", (4,), "f4", external=[(os.fspath(secret), 0, 16)])


def virtual_data(layer, path):
    other = path.with_suffix(".other")
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(4, "f4")
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(os.fspath(other), "secret", (4,))
    layer.create_virtual_dataset("W", layout)


def huge_and_empty(layer, path):
    layer.create_dataset("W", (1 << 50,), "f4", chunks=(1 << 20,), compression="gzip")


def more_elements_than_can_be_counted(layer, path):
    layer.create_dataset("W", (1 << 31, 1 << 31, 1 << 31), "f4", chunks=(1, 1, 1 << 10))


def never_written(layer, path):
    layer.create_dataset("W", (1 << 28,), "f4")


def mostly_not_written(layer, path):
    """3.9 GiB, of which a few hundred bytes exist: below the limit at which others look."""
    data = layer.create_dataset("W", (1_046_898_278,), "f4", chunks=(1 << 18,), compression=9)
    data[:10] = 1


def compressed_bomb(layer, path):
    layer.create_dataset("W", data=np.zeros(40 << 20, "f4"), chunks=(1 << 20,), compression=9)


def many_small_bombs(layer, path):
    """Each is within bounds, all together are not."""
    for index in range(64):
        data = layer.create_dataset(
            f"W{index}", (16 << 20,), "f4", chunks=(1 << 18,), compression=9
        )
        data[:1] = 1
        data.attrs["sha256"] = fixed("0" * 64)


def huge_chunk(layer, path):
    data = layer.create_dataset("W", (3,), "f4", maxshape=(None,), chunks=(8 << 20,), compression=9)
    data[:] = 1


def text_array(layer, path):
    layer["W"] = ["text"]


def long_texts(layer, path):
    layer.create_dataset("W", (), f"S{2_000_000_000}")


def records(layer, path):
    layer["W"] = np.zeros(3, [("a", "f4"), ("b", "i4")])


def lists(layer, path):
    layer.create_dataset("W", (3,), h5py.vlen_dtype("f4"))[0] = [1, 2]


def complex_numbers(layer, path):
    layer["W"] = np.zeros(3, "c8")


def opaque(layer, path):
    layer["W"] = np.zeros(3, "V8")


def object_references(layer, path):
    layer.create_dataset("W", data=[layer.ref], dtype=h5py.ref_dtype)


def integer_array(layer, path):
    layer["W"] = np.arange(3)


def odd_float(layer, path):
    """A float type of HDF5 that is none of IEEE's: 2 bytes with 8 bits of exponent."""
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    space = h5py.h5s.create_simple((3,))
    h5py.h5d.create(layer.id, b"W", kind, space).write(h5py.h5s.ALL, h5py.h5s.ALL, np.ones(3, "f4"))


def filtered(layer, number):
    """An array behind the filter of this number, which need not exist here."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((64,))
    creation.set_filter(number, h5py.h5z.FLAG_OPTIONAL)
    space = h5py.h5s.create_simple((64,))
    array = h5py.h5d.create(layer.id, b"W", h5py.h5t.IEEE_F32LE, space, creation)
    array.write_direct_chunk((0,), np.ones(64, "f4").tobytes())


def unusual_filter(layer, path):
    layer.create_dataset("W", data=np.ones(64, "f4"), compression="lzf")


def lossy_filter(layer, path):
    layer.create_dataset("W", data=np.ones(64, "f4"), scaleoffset=2)


def filter_of_bits(layer, path):
    filtered(layer, h5py.h5z.FILTER_NBIT)


def filter_to_be_loaded(layer, path):
    filtered(layer, 32001)


def no_shape(layer, path):
    layer["W"] = h5py.Empty("f4")


def many_dimensions(layer, path):
    layer["W"] = np.ones((1,) * 32, "f4")


def deep(layer, path):
    layer["/".join(["layer"] * 60)] = np.ones(3, "f4")


def very_deep(layer, path):
    for _ in range(2000):
        layer = layer.create_group("a")


def control_characters(layer, path):
    layer["layer\x1b[31m/W"] = np.ones(3, "f4")


def newline_in_a_name(layer, path):
    layer["W\nTraceback"] = np.ones(3, "f4")


def long_name(layer, path):
    layer["W" * 60_000] = np.ones(3, "f4")


def two_dots(layer, path):
    h5py.h5g.create(layer.id, b"..")


def name_that_is_no_text(layer, path):
    h5py.h5g.create(layer.id, b"\xff\xfe\x80")


def named_type(layer, path):
    layer["W"] = np.dtype("f4")


IN_A_LAYER = {
    "external link": (external_link, "ExternalLink"),
    "external link midway": (external_link_midway, "ExternalLink"),
    "external link to a pipe": (external_link_to_a_pipe, "ExternalLink"),
    "soft link": (soft_link, "SoftLink"),
    "dangling soft link": (dangling_soft_link, "SoftLink"),
    "soft link to itself": (soft_link_to_itself, "SoftLink"),
    "two names": (two_names, "several names"),
    "cycle": (cycle, "several names"),
    "external data": (external_data, "another file"),
    "virtual data": (virtual_data, "another file"),
    "huge and empty": (huge_and_empty, "declares"),
    "more elements than can be counted": (more_elements_than_can_be_counted, "declares"),
    "never written": (never_written, "declares"),
    "mostly not written": (mostly_not_written, "declare"),
    "compressed bomb": (compressed_bomb, "declare"),
    "many small bombs": (many_small_bombs, "declare"),
    "huge chunk": (huge_chunk, "chunks of"),
    "text array": (text_array, "floating-point"),
    "long texts": (long_texts, "floating-point"),
    "records": (records, "floating-point"),
    "lists": (lists, "floating-point"),
    "complex numbers": (complex_numbers, "floating-point"),
    "opaque": (opaque, "floating-point"),
    "object references": (object_references, "floating-point"),
    "integer array": (integer_array, "floating-point"),
    "odd float": (odd_float, "floating-point"),
    "unusual filter": (unusual_filter, "filter 32000"),
    "lossy filter": (lossy_filter, "filter 6"),
    "filter of bits": (filter_of_bits, "filter 5"),
    "filter to be loaded": (filter_to_be_loaded, "filter 32001"),
    "no shape": (no_shape, "no shape"),
    "many dimensions": (many_dimensions, "too many dimensions"),
    "deep": (deep, "levels"),
    "very deep": (very_deep, "levels"),
    "control characters": (control_characters, "not a valid name"),
    "newline in a name": (newline_in_a_name, "not a valid name"),
    "long name": (long_name, "not a valid name"),
    "two dots": (two_dots, "not a valid name"),
    "name that is no text": (name_that_is_no_text, "not a valid name"),
    "named type": (named_type, "neither a group nor an array"),
}


def list_as_attribute(layer, path):
    layer.file.attrs["model"] = ["a"] * 1000


def attribute_not_json(layer, path):
    layer.file.attrs["model"] = fixed("{")


def attribute_nested_deeply(layer, path):
    for index in range(10):
        layer.file.attrs[f"model[{index}]"] = fixed("[" * 15_000)


def text_in_the_heap(layer, path):
    layer.file.attrs["model"] = '"a text of variable length"'


def checksum_in_the_heap(layer, path):
    layer["W"] = np.ones(3, "f4")
    layer["W"].attrs["sha256"] = "0" * 64


def number_as_format(layer, path):
    layer.file.attrs["format"] = 7


def no_checksum(layer, path):
    layer["W"] = np.ones(3, "f4")


def no_layer(layer, path):
    layer.file["W"] = np.ones(3, "f4")
    layer.file["W"].attrs["sha256"] = fixed("0" * 64)


def newer_version(layer, path):
    layer.file.attrs["version"] = 2


def version_text(layer, path):
    del layer.file.attrs["version"]
    layer.file.attrs["version"] = fixed("1")


IN_OURS = {
    "list as attribute": (list_as_attribute, "one text was expected"),
    "attribute not json": (attribute_not_json, "not JSON"),
    "attribute nested deeply": (attribute_nested_deeply, "not JSON"),
    "text in the heap": (text_in_the_heap, "fixed length"),
    "checksum in the heap": (checksum_in_the_heap, "fixed length"),
    "number as format": (number_as_format, "one text was expected"),
    "no checksum": (no_checksum, "no sha256"),
    "no layer": (no_layer, "belongs to no layer"),
    "newer version": (newer_version, "newer theano_transfer"),
    "version text": (version_text, "one integer"),
}


def behind_a_user_block(path):
    """Read by others as whatever the first bytes are."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file["layer/W"] = np.ones(3, "f4")
    with open(path, "r+b") as file:
        file.write(b"PK\x03\x04")


def endless_heap(path):
    """The first text of variable length is followed by one without length, and so for ever."""
    with keras_2(path) as layer:
        layer.parent.attrs["keras_version"] = "2.4.0"
    content = bytearray(path.read_bytes())
    text = content.index(b"2.4.0")
    content[text - 8 : text] = (8 * 26).to_bytes(8, "little")
    path.write_bytes(content)


def endless_list_of_names(path):
    """In pieces, as Keras splits long lists; each letter becomes an object in memory."""
    with h5py.File(path, "w") as file:
        legacy_layer(file)
        del file.attrs["layer_names"]
        for piece in range(4):
            file.attrs[f"layer_names{piece}"] = np.full(50_000, b"a")


def with_more_behind_it(path):
    """Read by others as a zip archive, which begins at its end."""
    with ours(path):
        pass
    with open(path, "ab") as file:
        file.write(b"PK\x05\x06" + bytes(18))


def signature_only(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))


WHOLE = {
    "behind a user block": (behind_a_user_block, "zip archive"),
    "endless heap": (endless_heap, "heap of texts"),
    "endless list of names": (endless_list_of_names, "a list of 150,000 texts"),
    "with more behind it": (with_more_behind_it, "22 bytes behind its end"),
    "signature only": (signature_only, "damaged or cut short"),
}


def _in_layout(layout, spoil, path):
    with layout(path) as layer:
        spoil(layer, path)


HOSTILE = {
    **{
        f"{name}, {called}": (partial(_in_layout, layout, spoil), words)
        for name, (spoil, words) in IN_A_LAYER.items()
        for called, layout in LAYOUTS.items()
    },
    **{name: (partial(_in_layout, ours, spoil), words) for name, (spoil, words) in IN_OURS.items()},
    **WHOLE,
}
