"""Which kind of weights file a file is, by its content alone, and its reader.

A name's ending is never looked at: Keras has written three layouts under '.h5', and PyTorch two
under '.pth'. ``FORMATS`` is the table; a new format is one more row.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from . import _keras
from ._errors import WeightsFileError
from ._hdf5 import SafeGroup, hdf5_in
from ._lasagne import is_npz, is_pickle, read_lasagne_pickle, read_npz
from ._layout import is_layout, layout_of
from ._onnx import is_onnx, read_onnx
from ._safetensors import is_safetensors, own_attributes, read_safetensors
from ._sources import Source
from ._torch import START, read_torch_legacy, read_torch_zip
from ._untrusted import HDF5_SIGNATURE, ZIP_SIGNATURE, check_hash, describe_start, open_regular
from ._zip import SafeZip


class Content:
    """A file that is being looked at. It is opened once: what was checked is what is read.

    Attributes
    ----------
    path : str
    file : BinaryIO
        The open file, in an unknown position.
    size : int
        Bytes.
    start : bytes
        The first 512 bytes, or fewer.
    known_hash : str or None
        What was asked for; the file has it.
    stack : ExitStack
        What has to be closed after reading.
    """

    def __init__(
        self, path: str | os.PathLike[str], stack: ExitStack, known_hash: str | None = None
    ) -> None:
        self.path = os.fspath(path)
        self.stack = stack
        self.known_hash = known_hash
        self.file = stack.enter_context(open_regular(path))
        self.size = os.fstat(self.file.fileno()).st_size
        if known_hash is not None:
            check_hash(self.file, known_hash, path)
        self.start = self.file.read(512)

    @cached_property
    def hdf5(self) -> SafeGroup | None:
        """The root group of an HDF5 file; None of another file."""
        if not self.start.startswith(HDF5_SIGNATURE):
            return None
        return self.stack.enter_context(hdf5_in(self.file, self.path, self.size))

    @cached_property
    def zip(self) -> SafeZip | None:
        """The zip archive; None of another file."""
        if not self.start.startswith(ZIP_SIGNATURE):
            return None
        return SafeZip(self.file, self.path, self.size)

    def has_members(self, *names: str) -> bool:
        """Whether it is a zip archive with members of all these names (in any folder)."""
        if self.zip is None:
            return False
        found = {name.rpartition("/")[2] for name in self.zip.names()}
        return found.issuperset(names)


@dataclass(frozen=True)
class Format:
    """A kind of file: whether a file is one, and its reader.

    ``recognise`` looks at first bytes, names of groups and attributes, names of members; ``read``
    may then refuse what is damaged, unsafe or of a version that is not read. Of whole models,
    ``model`` gives the configuration and the arrays.
    """

    name: str
    recognise: Callable[[Content], bool]
    read: Callable[[Content], Source]
    model: Callable[[Content], tuple[str, _keras.KerasFile]] | None = None


def _is_own(content: Content) -> bool:
    return content.hdf5 is not None and is_layout(content.hdf5)


def _read_own(content: Content) -> Source:
    assert content.hdf5 is not None
    stored = layout_of(content.hdf5)
    arrays = OrderedDict(
        (".".join(name.rsplit("/", 1)), array) for name, array in stored.arrays.items()
    )
    return Source(
        "theano_transfer weights",
        content.path,
        arrays,
        attributes=stored.attributes,
        epsilon=_own_epsilon(stored.attributes, arrays, content.path),
    )


def _own_epsilon(
    attributes: Mapping[str, Any], arrays: Iterable[str], path: str
) -> dict[str, float]:
    """One number for all layers of batch normalisation, or one for each; older files say none."""
    stored = attributes.get("epsilon", {})
    if type(stored) in (int, float):
        stored = {name.rpartition(".")[0]: stored for name in arrays if name.endswith(".var")}
    sound = isinstance(stored, dict) and all(type(e) in (int, float) for e in stored.values())
    if not sound:
        raise WeightsFileError(f"{path!r}: its attribute 'epsilon' makes no sense: {stored!r:.80}")
    return {layer: float(epsilon) for layer, epsilon in stored.items()}


def _is_keras(content: Content) -> bool:
    return content.hdf5 is not None and _keras.is_keras(content.hdf5)


def _read_keras(content: Content) -> Source:
    assert content.hdf5 is not None
    return _keras.read_keras(content.hdf5)


def _model_in_keras(content: Content) -> tuple[str, _keras.KerasFile]:
    assert content.hdf5 is not None
    config = content.hdf5.text("model_config")
    if config is None:
        raise content.hdf5.refusal(
            "it holds weights and no configuration to rebuild a model from; build the network "
            "and load it with tt.weights.load, or save it in Keras with model.save('x.keras')"
        )
    return config, _keras.open_keras(content.hdf5)


def _is_archive(content: Content) -> bool:
    return content.has_members("config.json", "model.weights.h5")


def _read_archive(content: Content) -> Source:
    root, config = _open_archive(content)
    return _keras.read_keras(root, config)


def _model_in_archive(content: Content) -> tuple[str, _keras.KerasFile]:
    root, config = _open_archive(content)
    return config, _keras.open_keras(root, config)


def _open_archive(content: Content) -> tuple[SafeGroup, str]:
    """The weights and the configuration in a ``.keras`` archive."""
    assert content.zip is not None
    file, size = content.stack.enter_context(content.zip.open("model.weights.h5"))
    root = content.stack.enter_context(hdf5_in(file, content.path, size))
    try:
        return root, content.zip.read("config.json").decode()
    except UnicodeDecodeError as error:
        raise content.zip.refusal("its config.json is not text in UTF-8") from error


def _is_old_torch(content: Content) -> bool:
    return content.start.startswith(START)


def _read_old_torch(content: Content) -> Source:
    arrays = read_torch_legacy(content.file, content.path)
    return Source("PyTorch weights", content.path, arrays, axes="torch")


def _is_torch(content: Content) -> bool:
    return content.has_members("data.pkl")


def _read_torch(content: Content) -> Source:
    assert content.zip is not None
    return Source("PyTorch weights", content.path, read_torch_zip(content.zip), axes="torch")


def _is_safetensors(content: Content) -> bool:
    return is_safetensors(content.start)


def _read_safetensors(content: Content) -> Source:
    arrays, metadata = read_safetensors(content.file, content.path, content.size)
    attributes = own_attributes(metadata, content.path)
    if attributes is None:
        return Source("safetensors", content.path, arrays, axes="torch")
    epsilon = _own_epsilon(attributes, arrays, content.path)
    kind = "theano_transfer parameters, safetensors"
    return Source(kind, content.path, arrays, attributes=attributes, epsilon=epsilon)


def _is_onnx(content: Content) -> bool:
    return is_onnx(content.start)


def _read_onnx(content: Content) -> Source:
    return read_onnx(content.file, content.path, content.size)


def _is_npz(content: Content) -> bool:
    return content.zip is not None and is_npz(content.zip.names())


def _read_npz(content: Content) -> Source:
    assert content.zip is not None
    return read_npz(content.zip)


def _is_pickle(content: Content) -> bool:
    return is_pickle(content.start)


def _read_pickle(content: Content) -> Source:
    return read_lasagne_pickle(content.file, content.path)


# The first row that recognises a file reads it.
FORMATS = (
    Format("theano_transfer", _is_own, _read_own),
    Format("Keras HDF5", _is_keras, _read_keras, _model_in_keras),
    Format("Keras archive", _is_archive, _read_archive, _model_in_archive),
    Format("PyTorch before 1.6", _is_old_torch, _read_old_torch),
    Format("PyTorch", _is_torch, _read_torch),
    Format("safetensors", _is_safetensors, _read_safetensors),
    Format("ONNX", _is_onnx, _read_onnx),
    Format("Lasagne .npz", _is_npz, _read_npz),
    Format("Lasagne pickle", _is_pickle, _read_pickle),
)


@contextmanager
def open_content(
    path: str | os.PathLike[str], *, known_hash: str | None = None
) -> Iterator[tuple[Content, Format]]:
    """Open a weights file of any kind that is read, and say which kind it is.

    Raises
    ------
    WeightsFileError
        No such file, or a file that is not read; the message says what it is.
    """
    with ExitStack() as stack:
        content = Content(path, stack, known_hash)
        yield content, _recognised(content)


@contextmanager
def open_source(path: str | os.PathLike[str], *, known_hash: str | None = None) -> Iterator[Source]:
    """Open a weights file of any kind that is read, and say what it holds.

    Raises
    ------
    WeightsFileError
        No such file, or a file that is not read; the message says what it is.
    """
    with open_content(path, known_hash=known_hash) as (content, kind):
        yield kind.read(content)


def _recognised(content: Content) -> Format:
    for kind in FORMATS:
        if kind.recognise(content):
            return kind
    if content.hdf5 is not None:
        raise content.hdf5.refusal(
            "neither a Keras weights file nor one of theano_transfer; "
            f"its root holds {', '.join(content.hdf5.names()[:8]) or 'nothing'}"
        )
    if content.zip is not None:
        names = ", ".join(content.zip.names()[:8]) or "nothing"
        raise content.zip.refusal(
            f"a zip archive of no kind that is read; it holds {names}; archives in archives are "
            "not looked into: if there are weights in it, unpack it first"
        )
    said = describe_start(content.start)
    msg = f"{content.path!r} is not a weights file that can be read: {said}"
    raise WeightsFileError(msg)
