"""Paths at which there are no weights: other kinds of files, and things that are no files.

``OTHER`` maps a name to ``(maker, part of the refusal)``; a maker puts something at a path.
"""

import bz2
import gzip
import lzma
import os
import pickle
import socket
import tarfile

import numpy as np


class Attack:
    """Unpickled, this would make a directory."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def attack_at(path):
    """What would make the directory that :func:`sentinel` names."""
    return Attack(os.fspath(sentinel(path)))


def sentinel(path):
    return path.with_suffix(".sentinel")


def pickled(path):
    path.write_bytes(pickle.dumps(attack_at(path)))


def pickled_as_text(path):
    path.write_bytes(pickle.dumps(attack_at(path), protocol=0))


def array_of_objects(path):
    with open(path, "wb") as file:
        np.save(file, np.array([attack_at(path)], object), allow_pickle=True)


def empty(path):
    path.write_bytes(b"")


def html(path):
    path.write_text("<!DOCTYPE html><title>403</title>")


def lfs_pointer(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def compressed(path):
    path.write_bytes(gzip.compress(bytes(1 << 20)))


def compressed_otherwise(path):
    path.write_bytes(bz2.compress(bytes(1 << 20)))


def compressed_well(path):
    path.write_bytes(lzma.compress(bytes(1 << 20)))


def beginning_with(start):
    """Of what Python cannot make: what such files begin with, by their specifications."""

    def maker(path):
        path.write_bytes(bytes.fromhex(start) + bytes(1 << 10))

    return maker


def tape(path):
    inside = path.with_name("model.h5")
    inside.write_bytes(b"\x89HDF")
    with tarfile.open(path, "w") as archive:
        archive.add(inside, "model.h5")


def text(path):
    path.write_text("ir_version: 8\nproducer_name: größer")


def cut_text(path):
    path.write_bytes(("a" * 511 + "ß" * 500).encode())


def zeros(path):
    """A file of nothing, as an interrupted download that had reserved its place."""
    with open(path, "wb") as file:
        file.truncate(8 << 30)


def directory(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


def device(path):
    """Endless, and one would wait for the other."""
    path.symlink_to("/dev/zero")


def terminal(path):
    path.symlink_to("/dev/tty")


def unix_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def absent(path):
    pass


def link_to_nothing(path):
    path.symlink_to("nowhere")


def link_to_itself(path):
    path.symlink_to(path.name)


OTHER = {
    "pickle": (pickled, "pickle"),
    "pickle as text": (pickled_as_text, "it begins with"),
    "array of objects": (array_of_objects, "npy"),
    "empty": (empty, "it is empty"),
    "html": (html, "HTML"),
    "git-lfs pointer": (lfs_pointer, "git lfs pull"),
    "compressed": (compressed, "a gzip file; unpack it first"),
    "compressed otherwise": (compressed_otherwise, "a bzip2 file; unpack it first"),
    "compressed well": (compressed_well, "an xz file; unpack it first"),
    "Zstandard": (beginning_with("28b52ffd"), "a Zstandard file; unpack it first"),
    "LZ4": (beginning_with("04224d18"), "an LZ4 file; unpack it first"),
    "7z": (beginning_with("377abcaf271c"), "a 7z archive; unpack it first"),
    "RAR 4": (beginning_with("526172211a0700"), "a RAR archive; unpack it first"),
    "RAR 5": (beginning_with("526172211a070100"), "a RAR archive; unpack it first"),
    "tape archive": (tape, "a tar archive; unpack it first"),
    "text": (text, r"it is text; it begins with 'ir_version: 8\nproducer_name: größer'"),
    "cut text": (cut_text, "it is text"),
    "zeros": (zeros, "it begins with"),
    "directory": (directory, "a directory"),
    "pipe": (pipe, "a named pipe"),
    "device": (device, "a device"),
    "terminal": (terminal, "file.h5"),
    "socket": (unix_socket, "file.h5"),
    "absent": (absent, "No such file"),
    "link to nothing": (link_to_nothing, "No such file"),
    "link to itself": (link_to_itself, "symbolic links"),
}
