"""Files that a weights file must not be, each made by a few lines.

``HOSTILE`` maps a name to ``(maker, part of the refusal)``. A maker writes a complete file in the
theano_transfer layout or in Keras's, with one thing wrong with it.
"""

import os

import h5py
import numpy as np


def fixed(text):
    return np.array(text.encode(), h5py.string_dtype("utf-8", len(text)))


def own_file(path):
    """An open HDF5 file that says it is in our layout."""
    file = h5py.File(path, "w")
    file.attrs["format"] = fixed("theano_transfer weights")
    file.attrs["version"] = 1
    file.create_group("layer")
    return file


def external_link(path):
    other = path.with_suffix(".other")
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(3, "f4")
    with own_file(path) as file:
        file["layer/W"] = h5py.ExternalLink(other.name, "/secret")


def external_link_midway(path):
    """Asked for 'jump/secret' as a whole, h5py calls this a hard link."""
    other = path.with_suffix(".other")
    with h5py.File(other, "w") as file:
        file["group/secret"] = np.ones(3, "f4")
    with own_file(path) as file:
        file["jump"] = h5py.ExternalLink(other.name, "/group")


def soft_link(path):
    with own_file(path) as file:
        file["layer/b"] = np.ones(3, "f4")
        file["layer/W"] = h5py.SoftLink("/layer/b")


def dangling_soft_link(path):
    with own_file(path) as file:
        file["layer/W"] = h5py.SoftLink("/nowhere")


def two_names(path):
    with own_file(path) as file:
        file["layer/W"] = np.ones(3, "f4")
        file["layer/b"] = file["layer/W"]


def cycle(path):
    with own_file(path) as file:
        file["layer/again"] = file["layer"]


def external_data(path):
    secret = path.with_suffix(".secret")
    secret.write_bytes(b"not yours, really not")
    with own_file(path) as file:
        external = [(os.fspath(secret), 0, 16)]
        file["layer"].create_dataset("W", (4,), "f4", external=external)


def virtual_data(path):
    other = path.with_suffix(".other")
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(4, "f4")
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(os.fspath(other), "secret", (4,))
    with own_file(path) as file:
        file["layer"].create_virtual_dataset("W", layout)


def huge_and_empty(path):
    with own_file(path) as file:
        file["layer"].create_dataset("W", (1 << 50,), "f4", chunks=(1 << 20,), compression="gzip")


def never_written(path):
    with own_file(path) as file:
        file["layer"].create_dataset("W", (1 << 28,), "f4")


def compressed_bomb(path):
    with own_file(path) as file:
        file["layer"].create_dataset(
            "W", data=np.zeros(40 << 20, "f4"), chunks=(1 << 20,), compression=9
        )


def huge_chunk(path):
    with own_file(path) as file:
        data = file["layer"].create_dataset(
            "W", (3,), "f4", maxshape=(None,), chunks=(8 << 20,), compression=9
        )
        data[:] = 1


def text_array(path):
    with own_file(path) as file:
        file["layer/W"] = ["text"]


def object_references(path):
    with own_file(path) as file:
        file["layer"].create_dataset("W", data=[file["layer"].ref], dtype=h5py.ref_dtype)


def integer_array(path):
    with own_file(path) as file:
        file["layer/W"] = np.arange(3)


def odd_float(path):
    """A float type of HDF5 that is none of IEEE's: 2 bytes with 8 bits of exponent."""
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    with own_file(path) as file:
        space = h5py.h5s.create_simple((3,))
        h5py.h5d.create(file["layer"].id, b"W", kind, space).write(
            h5py.h5s.ALL, h5py.h5s.ALL, np.ones(3, "f4")
        )


def unusual_filter(path):
    with own_file(path) as file:
        file["layer"].create_dataset("W", data=np.ones(64, "f4"), compression="lzf")


def lossy_filter(path):
    with own_file(path) as file:
        file["layer"].create_dataset("W", data=np.ones(64, "f4"), scaleoffset=2)


def no_shape(path):
    with own_file(path) as file:
        file["layer/W"] = h5py.Empty("f4")


def many_dimensions(path):
    with own_file(path) as file:
        file["layer/W"] = np.ones((1,) * 12, "f4")


def deep(path):
    with own_file(path) as file:
        file["/".join(["layer"] * 60)] = np.ones(3, "f4")


def control_characters(path):
    with own_file(path) as file:
        file["layer\x1b[31m/W"] = np.ones(3, "f4")


def named_type(path):
    with own_file(path) as file:
        file["layer/W"] = np.dtype("f4")


def list_as_attribute(path):
    with own_file(path) as file:
        file.attrs["model"] = ["a"] * 1000


def attribute_not_json(path):
    with own_file(path) as file:
        file.attrs["model"] = fixed("{")


def attribute_nested_deeply(path):
    with own_file(path) as file:
        for index in range(10):
            file.attrs[f"model[{index}]"] = fixed("[" * 15_000)


def text_in_the_heap(path):
    with own_file(path) as file:
        file.attrs["model"] = '"a text of variable length"'


def checksum_in_the_heap(path):
    with own_file(path) as file:
        file["layer/W"] = np.ones(3, "f4")
        file["layer/W"].attrs["sha256"] = "0" * 64


def number_as_format(path):
    with own_file(path) as file:
        file.attrs["format"] = 7


def no_checksum(path):
    with own_file(path) as file:
        file["layer/W"] = np.ones(3, "f4")


def no_layer(path):
    with own_file(path) as file:
        file["W"] = np.ones(3, "f4")
        file["W"].attrs["sha256"] = fixed("0" * 64)


def newer_version(path):
    with own_file(path) as file:
        file.attrs["version"] = 2


def version_text(path):
    with own_file(path) as file:
        del file.attrs["version"]
        file.attrs["version"] = fixed("1")


def empty(path):
    path.write_bytes(b"")


def html(path):
    path.write_text("<!DOCTYPE html><title>403</title>")


def pickle_file(path):
    path.write_bytes(b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01.")


def lfs_pointer(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def zip_file(path):
    path.write_bytes(b"PK\x03\x04" + bytes(64))


def directory(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


def absent(path):
    pass


def signature_only(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))


HOSTILE = {
    "external link": (external_link, "ExternalLink"),
    "external link midway": (external_link_midway, "ExternalLink"),
    "soft link": (soft_link, "SoftLink"),
    "dangling soft link": (dangling_soft_link, "SoftLink"),
    "two names": (two_names, "several names"),
    "cycle": (cycle, "several names"),
    "external data": (external_data, "another file"),
    "virtual data": (virtual_data, "another file"),
    "huge and empty": (huge_and_empty, "declares"),
    "never written": (never_written, "declares"),
    "compressed bomb": (compressed_bomb, "declare"),
    "huge chunk": (huge_chunk, "chunks of"),
    "text array": (text_array, "floating-point"),
    "object references": (object_references, "floating-point"),
    "integer array": (integer_array, "floating-point"),
    "odd float": (odd_float, "floating-point"),
    "unusual filter": (unusual_filter, "filter 32000"),
    "lossy filter": (lossy_filter, "filter 6"),
    "no shape": (no_shape, "no shape"),
    "many dimensions": (many_dimensions, "too many dimensions"),
    "deep": (deep, "levels"),
    "control characters": (control_characters, "not a valid name"),
    "named type": (named_type, "neither a group nor an array"),
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
    "empty": (empty, "it is empty"),
    "html": (html, "HTML"),
    "pickle": (pickle_file, "pickles are never read"),
    "git-lfs pointer": (lfs_pointer, "git lfs pull"),
    "zip": (zip_file, "zip archive"),
    "directory": (directory, "a directory"),
    "pipe": (pipe, "a named pipe"),
    "absent": (absent, "No such file"),
    "signature only": (signature_only, "damaged or cut short"),
}
