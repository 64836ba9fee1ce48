"""The one reader of HDF5 files of unknown origin.

HDF5 lets a file refer to other files (external and virtual data, external links), load plug-ins
(filters), claim sizes it does not hold, and form cycles. None of that has a place in a weights
file, so it is refused here, from the metadata, before any array is read. Every other module of
this project reads HDF5 through :func:`open_hdf5`.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ._errors import WeightsFileError
from ._heap import damaged_heap
from ._stored import StoredArray
from ._untrusted import HDF5_SIGNATURE, check_hash, describe_start, open_regular

if TYPE_CHECKING:
    import h5py

FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32"}
MAX_OBJECTS = 100_000
MAX_DEPTH = 32
MAX_NAME = 1024  # characters of one path component
MAX_DIMENSIONS = 8
MAX_TEXT = 64 << 20  # bytes of one attribute
# A file may declare this much more array data than it holds. Trained weights hardly compress;
# the slack admits arrays of zeros.
SLACK_BYTES = 64 << 20
SLACK_RATIO = 100


@contextmanager
def open_hdf5(
    path: str | os.PathLike[str],
    *,
    known_hash: str | None = None,
    integers: bool = False,
    whole_numbers: bool = False,
) -> Iterator[SafeGroup]:
    """Open an HDF5 file for reading and give its root group.

    Parameters
    ----------
    path
        File of unknown origin.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'``, checked on the opened file before HDF5 parses it.
    integers
        Whether arrays of bytes are allowed too.
    whole_numbers
        Whether arrays of integers of any width are allowed too: labels, say.

    Raises
    ------
    WeightsFileError
        The file cannot be opened, is of another kind, truncated, or contains what is refused.
    """
    with open_regular(path) as file:
        if known_hash is not None:
            check_hash(file, known_hash, path)
        start = file.read(512)
        if not start.startswith(HDF5_SIGNATURE):
            msg = f"{os.fspath(path)!r} is not an HDF5 file: {describe_start(start)}"
            raise WeightsFileError(msg)
        # The open descriptor is handed over: what was checked is what is parsed.
        size = os.fstat(file.fileno()).st_size
        with hdf5_in(
            file, os.fspath(path), size, integers=integers, whole_numbers=whole_numbers
        ) as root:
            yield root


@contextmanager
def hdf5_in(
    file: BinaryIO, path: str, size: int, *, integers: bool = False, whole_numbers: bool = False
) -> Iterator[SafeGroup]:
    """The root group of HDF5 in an open file of `size` bytes, which messages call `path`."""
    import h5py

    context = _Context(file, path, size, integers, whole_numbers)
    file.seek(0)
    context.check_end(file.read(512))
    file.seek(0)
    with context.guard("its structure"):
        handle = h5py.File(file, "r")
    try:
        with context.guard("/"):
            root = handle["/"]
        yield SafeGroup(root, "", context)
    finally:
        handle.close()


def _end_of_file(start: bytes) -> int:
    """Where an HDF5 file says that it ends, by the superblock that it begins with.

    A version that is not known, or a superblock cut short, is left to HDF5 to refuse.
    (Fact: HDF5 File Format Specification 3.0, section II.A.)
    """
    version = start[8] if len(start) > 8 else 255
    # Per version: where the size of addresses is, and what lies before the four addresses.
    place, addresses = {0: (13, 24), 1: (13, 28), 2: (9, 12), 3: (9, 12)}.get(version, (None, 0))
    size = start[place] if place is not None and len(start) > 64 else 0
    if size not in (2, 4, 8, 16):
        return sys.maxsize
    return int.from_bytes(start[addresses + 2 * size : addresses + 3 * size], "little")


class _Context:
    """What all objects of one file share: its path, its size, what it has declared so far."""

    def __init__(
        self, file: BinaryIO, path: str, size: int, integers: bool, whole_numbers: bool
    ) -> None:
        self._file = file
        self._heaps_are_sound = False
        self.path = path
        self.size = size
        self.integers = integers
        self.whole_numbers = whole_numbers
        self._declared: set[str] = set()
        self._total = 0

    def refusal(self, location: str, reason: str) -> WeightsFileError:
        where = f" at {location!r}" if location else ""
        return WeightsFileError(f"{self.path!r} is refused{where}: {reason}")

    @contextmanager
    def guard(self, location: str) -> Iterator[None]:
        """Turn the many exceptions of h5py into one; damaged files raise nearly any of them."""
        try:
            yield
        except WeightsFileError:
            raise
        except (OSError, RuntimeError, LookupError, TypeError, ValueError, MemoryError) as error:
            msg = f"{self.path!r} is damaged or cut short: cannot read {location!r} ({error})"
            raise WeightsFileError(msg) from error

    def check_end(self, start: bytes) -> None:
        """Refuse a file that goes on behind its end.

        What reads from the end, as programs for archives do, would see another file.
        """
        behind = self.size - _end_of_file(start)
        if behind > 0:
            raise self.refusal("", f"it has {behind:,} bytes behind its end")

    def check_heaps(self) -> None:
        """Refuse a file whose texts of variable length HDF5 might search for ever."""
        if not self._heaps_are_sound:
            place = damaged_heap(self._file, self.size)
            if place is not None:
                raise self.refusal("", f"the heap of texts at byte {place:,} is damaged")
            self._heaps_are_sound = True

    def declare(self, location: str, size: int) -> None:
        """Count an array's declared bytes once; many small lies are refused like a big one."""
        if location in self._declared:
            return
        self._declared.add(location)
        self._total += size
        if self._total > SLACK_BYTES + SLACK_RATIO * self.size:
            reason = (
                f"the arrays up to here declare {self._total:,} bytes, "
                f"but the whole file has {self.size:,}"
            )
            raise self.refusal(location, reason)


class SafeGroup:
    """A group of an untrusted file; its children are checked one link at a time."""

    def __init__(self, group: h5py.Group, location: str, context: _Context) -> None:
        self._group = group
        self._context = context
        self.location = location

    @property
    def path(self) -> str:
        """Path of the file."""
        return self._context.path

    def refusal(self, reason: str) -> WeightsFileError:
        """An error about this group, for callers that find its content wrong."""
        return self._context.refusal(self.location, reason)

    def names(self) -> list[str]:
        """Names of the children, in creation order where the file recorded it."""
        from h5py import h5, h5p

        with self._context.guard(self.location or "/"):
            if len(self._group) > MAX_OBJECTS:
                raise self.refusal(f"{len(self._group):,} members, allowed are {MAX_OBJECTS:,}")
            # h5py's own iteration ignores the recorded order in some releases.
            order = self._group.id.get_create_plist().get_link_creation_order()
            ordered = bool(order & h5p.CRT_ORDER_TRACKED)
            names: list[bytes] = []
            index = h5.INDEX_CRT_ORDER if ordered else h5.INDEX_NAME
            self._group.id.links.iterate(names.append, idx_type=index)
            return [name.decode(errors="surrogateescape") for name in names]

    def has(self, name: str) -> bool:
        """Whether a child of this name exists (it may yet be refused)."""
        with self._context.guard(self.location or "/"):
            return self._group.get(name, getlink=True) is not None

    def group(self, path: str) -> SafeGroup:
        """The group at a relative path."""
        found, location = self._descend(path)
        if not isinstance(found, SafeGroup):
            raise self._context.refusal(location, "a group was expected, this is an array")
        return found

    def array(self, path: str) -> StoredArray:
        """The array at a relative path; its metadata are checked, its data not yet read."""
        found, location = self._descend(path)
        if isinstance(found, SafeGroup):
            raise self._context.refusal(location, "an array was expected, this is a group")
        return found

    def walk(self, skip: Collection[str] = ()) -> Iterator[tuple[str, StoredArray]]:
        """All arrays below this group as ``(relative path, array)``, at bounded cost.

        Groups and arrays whose own name is in `skip` are left out, whatever they hold.
        """
        seen = 0
        pending = [("", iter(self.names()))]
        while pending:
            prefix, names = pending[-1]
            name = next(names, None)
            if name is None:
                pending.pop()
                continue
            if name in skip:
                continue
            seen += 1
            if seen > MAX_OBJECTS or len(pending) > MAX_DEPTH:
                reason = f"more than {MAX_OBJECTS:,} objects or {MAX_DEPTH} levels"
                raise self._context.refusal(prefix + name, reason)
            found, _ = self._descend(prefix + name)
            if isinstance(found, SafeGroup):
                pending.append((f"{prefix}{name}/", iter(found.names())))
            else:
                yield prefix + name, found

    def attribute_names(self) -> list[str]:
        """Names of the attributes."""
        with self._context.guard(f"{self.location}@"):
            if len(self._group.attrs) > MAX_OBJECTS:
                raise self.refusal(f"more than {MAX_OBJECTS:,} attributes")
            return list(self._group.attrs)

    def has_attribute(self, name: str) -> bool:
        """Whether an attribute of this name exists."""
        with self._context.guard(f"{self.location}@{name}"):
            return name in self._group.attrs

    def integer(self, name: str) -> int | None:
        """A scalar integer attribute, or None where there is none."""
        import h5py

        with self._context.guard(f"{self.location}@{name}"):
            if name not in self._group.attrs:
                return None
            attribute = h5py.h5a.open(self._group.id, name.encode())
            integral = isinstance(attribute.get_type(), h5py.h5t.TypeIntegerID)
            if not integral or attribute.shape != ():
                raise self.refusal(f"attribute {name!r} should be one integer")
            return int(self._group.attrs[name])

    def text(self, name: str, *, fixed: bool = False) -> str | None:
        """A scalar text attribute, or None where there is none.

        Texts of variable length lie in HDF5's global heap, which is checked as a whole before the
        first of them is read; ``fixed`` refuses them.
        """
        import h5py

        location = f"{self.location}@{name}"
        with self._context.guard(location):
            if name not in self._group.attrs:
                return None
            attribute = h5py.h5a.open(self._group.id, name.encode())
            kind = attribute.get_type()
            # Lists are not read: a long text listed a thousand times would cost a thousand times
            # its size, and nothing in the metadata tells.
            if not isinstance(kind, h5py.h5t.TypeStringID) or attribute.shape != ():
                raise self._context.refusal(location, "one text was expected")
            if fixed and kind.is_variable_str():
                raise self._context.refusal(location, "a text of fixed length was expected")
            if not kind.is_variable_str() and kind.get_size() > MAX_TEXT:
                raise self._context.refusal(location, f"a text of {kind.get_size():,} bytes")
            if kind.is_variable_str():
                self._context.check_heaps()
            value = self._group.attrs[name]
            return value.decode() if isinstance(value, bytes) else str(value)

    def listed(self, name: str) -> list[str]:
        """A list of texts in an attribute, or in several that end in 0, 1, ... as Keras splits
        long ones; empty where there is none.

        Only texts of fixed length are read: see :meth:`text`. One byte each in the file, they would
        be fifty in memory, so their number is limited.
        """
        import h5py

        pieces = [name] if self.has_attribute(name) else []
        while self.has_attribute(f"{name}{len(pieces)}"):
            pieces.append(f"{name}{len(pieces)}")
        texts: list[str] = []
        count = size = 0
        for piece in pieces:
            location = f"{self.location}@{piece}"
            with self._context.guard(location):
                attribute = h5py.h5a.open(self._group.id, piece.encode())
                kind, shape = attribute.get_type(), attribute.shape
                if shape == (0,) or shape is None:  # Keras's empty list is one of numbers
                    continue
                fixed = isinstance(kind, h5py.h5t.TypeStringID) and not kind.is_variable_str()
                if not fixed or len(shape) != 1:
                    return []
                count, size = count + shape[0], size + shape[0] * kind.get_size()
                if count > MAX_OBJECTS or size > MAX_TEXT:
                    reason = f"a list of {count:,} texts in {size:,} bytes"
                    raise self._context.refusal(location, reason)
                texts += [value.decode() for value in self._group.attrs[piece]]
        return texts

    def _descend(self, path: str) -> tuple[SafeGroup | StoredArray, str]:
        import h5py

        # Each component by itself: asked for 'a/b', h5py reports only the kind of the last link.
        node = self._group
        location = self.location
        components = path.split("/")
        if len(components) > MAX_DEPTH:
            raise self.refusal(f"a path of {len(components)} levels, allowed are {MAX_DEPTH}")
        for component in components:
            # Printable: names end up in messages on terminals.
            named = component not in ("", ".", "..") and component.isprintable()
            if not named or len(component) > MAX_NAME:
                raise self._context.refusal(f"{location}/{component[:80]}", "not a valid name")
            location = f"{location}/{component}" if location else component
            with self._context.guard(location):
                if not isinstance(node, h5py.Group):
                    raise self._context.refusal(location, "what precedes it is not a group")
                link = node.get(component, getlink=True)
                if link is None:
                    raise self._context.refusal(location, "there is no such group or array")
                if type(link) is not h5py.HardLink:
                    reason = f"a {type(link).__name__}; weights files have no use for links"
                    raise self._context.refusal(location, reason)
                node = node[component]
                if h5py.h5o.get_info(node.id).rc > 1:
                    raise self._context.refusal(location, "it has several names")
        if isinstance(node, h5py.Group):
            return SafeGroup(node, location, self._context), location
        if isinstance(node, h5py.Dataset):
            return _checked_array(node, location, self._context), location
        raise self._context.refusal(location, "neither a group nor an array")


def _checked_array(dataset: h5py.Dataset, location: str, context: _Context) -> StoredArray:
    """Check everything about a dataset that can be known without reading its data."""
    with context.guard(location):
        plist = dataset.id.get_create_plist()
        kind = dataset.id.get_type()
        if dataset.is_virtual or plist.get_external_count() > 0:
            raise context.refusal(location, "its data would come from another file")
        known = _allowed_types(context.integers, context.whole_numbers, dataset.shape == ())
        if not any(kind.equal(allowed) for allowed in known):
            raise context.refusal(location, "only floating-point arrays of 2, 4 or 8 bytes")
        if dataset.shape is None or len(dataset.shape) > MAX_DIMENSIONS:
            raise context.refusal(location, "no shape, or too many dimensions")
        filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
        unknown = [number for number in filters if number not in FILTERS]
        if unknown:
            allowed = ", ".join(FILTERS.values())
            raise context.refusal(location, f"filter {unknown[0]}; allowed are {allowed}")
        size = math.prod(dataset.shape) * kind.get_size()
        stored = dataset.id.get_storage_size()
        if size and (stored == 0 or (1 not in filters and stored < size)):
            reason = f"it declares {size:,} bytes but holds {stored:,}"
            raise context.refusal(location, reason)
        chunk = math.prod(dataset.chunks) * kind.get_size() if dataset.chunks else 0
        if chunk > max(2 * size, 1 << 20):
            raise context.refusal(location, f"chunks of {chunk:,} bytes for {size:,} of data")
        context.declare(location, size)
        dtype = np.dtype(dataset.dtype)
        attributes = SafeGroup(dataset, location, context)

    def read() -> np.ndarray:
        with context.guard(location):
            if dataset.chunks is not None or not size:
                return np.asarray(dataset[()], dtype=dtype.newbyteorder("="))
            # All of it is stored, as was seen above; zeros to read it into would cost as much time
            # as reading. (Chunks may be missing, and a file may say that they stay as they were.)
            values = np.empty(dataset.shape, dtype.newbyteorder("="))
            dataset.read_direct(values)
            return values

    def rows(start: int, stop: int) -> np.ndarray:
        with context.guard(location):
            return np.asarray(dataset[start:stop], dtype=dtype.newbyteorder("="))

    return StoredArray(
        location=location,
        shape=tuple(dataset.shape),
        dtype=dtype.newbyteorder("="),
        read=read,
        text=partial(attributes.text, fixed=True),
        offset=dataset.id.get_offset(),
        rows=rows,
    )


def _allowed_types(integers: bool, whole_numbers: bool, scalar: bool) -> tuple[Any, ...]:
    from h5py import h5t

    if whole_numbers:
        widths = (
            h5t.STD_I8LE, h5t.STD_I16LE, h5t.STD_I32LE, h5t.STD_I64LE,
            h5t.STD_U8LE, h5t.STD_U16LE, h5t.STD_U32LE, h5t.STD_U64LE,
        )  # fmt: skip
        return (*_allowed_types(False, False, scalar), *widths)

    floats = (
        h5t.IEEE_F16LE, h5t.IEEE_F32LE, h5t.IEEE_F64LE,
        h5t.IEEE_F16BE, h5t.IEEE_F32BE, h5t.IEEE_F64BE,
    )  # fmt: skip
    bytes_ = (h5t.STD_U8LE,) if integers else ()
    # Keras keeps a counter with its Normalization layer.
    counters = (h5t.STD_I32LE, h5t.STD_I64LE, h5t.STD_I32BE, h5t.STD_I64BE) if scalar else ()
    return (*floats, *bytes_, *counters)
