"""``theano.misc.pkl_utils``: pickles in a zip file whose arrays lie beside them as ``.npy``.

Reading a pickle runs what it says: read those of people you trust.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import Counter
from io import BytesIO

import numpy as np
from aesara.compile.sharedvalue import SharedVariable
from aesara.misc.pkl_utils import StripPickler


class PersistentNdarrayID:
    """Writes arrays into `zip_file` and says by which name a pickle finds them."""

    def __init__(self, zip_file):
        self.zip_file, self.count, self.seen = zip_file, 0, {}

    def name_of(self, array):
        """A name that no array in the file has yet."""
        self.count += 1
        return f"array_{self.count - 1}"

    def __call__(self, obj):
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            return None
        if id(obj) not in self.seen:
            name = self.name_of(obj)
            zipadd(lambda file: np.lib.format.write_array(file, obj), self.zip_file, name)
            # the array itself is kept: another could be given its id
            self.seen[id(obj)] = (f"ndarray.{name}", obj)
        return self.seen[id(obj)][0]


PersistentGpuArrayID = PersistentNdarrayID


class PersistentSharedVariableID(PersistentNdarrayID):
    """Arrays of shared variables are called like these; of equal names the second is ``W_2``.

    `allow_unnamed`, `allow_duplicates`: ValueError for a variable without a name, for a name that
    comes twice, if False.
    """

    def __init__(self, zip_file, allow_unnamed=True, allow_duplicates=True):
        super().__init__(zip_file)
        self.allow_unnamed, self.allow_duplicates = allow_unnamed, allow_duplicates
        self.names: dict[int, str] = {}
        self.uses: Counter[str] = Counter()

    def name_of(self, array):
        name = self.names.get(id(array))
        if name is None:
            return super().name_of(array)
        self.uses[name] += 1
        if self.uses[name] == 1:
            return name
        if not self.allow_duplicates:
            raise ValueError(f"two shared variables are called {name!r}")
        return f"{name}_{self.uses[name]}"

    def __call__(self, obj):
        if isinstance(obj, SharedVariable):
            if obj.name == "pkl":
                raise ValueError("no shared variable may be called 'pkl': the pickle itself is")
            if obj.name:
                self.names[id(obj.container.storage[0])] = obj.name
            elif not self.allow_unnamed:
                raise ValueError(f"a shared variable has no name: {obj}")
        return super().__call__(obj)


class PersistentNdarrayLoad:
    """Finds the arrays of a pickle in `zip_file`."""

    def __init__(self, zip_file):
        self.zip_file, self.cache = zip_file, {}

    def __call__(self, persistent_id):
        kind, _, name = persistent_id.partition(".")
        if name not in self.cache:
            with self.zip_file.open(name) as file:
                if kind == "gpuarray":
                    pickle.load(file)  # the GPU's name comes first
                self.cache[name] = np.lib.format.read_array(BytesIO(file.read()))
        return self.cache[name]


class CompatUnpickler(pickle.Unpickler):
    """Reads pickles of Python 2 with arrays: `encoding` is ``'latin1'`` unless given."""

    def __init__(self, file, *, encoding="latin1", **kwargs):
        super().__init__(file, encoding=encoding, **kwargs)


def dump(obj, file_handler, protocol=3, persistent_id=PersistentSharedVariableID):
    """Write `obj` to the open binary file `file_handler`, a zip file that ``numpy.load`` reads.

    `persistent_id`: makes of the zip file what names the objects that lie beside the pickle.
    """
    with zipfile.ZipFile(file_handler, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as zip_file:
        text = BytesIO()
        pickler = pickle.Pickler(text, protocol)
        pickler.persistent_id = persistent_id(zip_file)  # type: ignore[method-assign]
        pickler.dump(obj)
        zip_file.writestr("pkl", text.getvalue())


def load(f, persistent_load=PersistentNdarrayLoad):
    """Read what :func:`dump` wrote to the open binary file `f`, here or in Theano."""
    with zipfile.ZipFile(f, "r") as zip_file:
        unpickler = CompatUnpickler(BytesIO(zip_file.read("pkl")))
        unpickler.persistent_load = persistent_load(zip_file)  # type: ignore[method-assign]
        return unpickler.load()


def zipadd(func, zip_file, name):
    """Have ``func(file)`` write the entry `name` of `zip_file`."""
    content = BytesIO()
    func(content)
    zip_file.writestr(name, content.getvalue())


__all__ = [
    "CompatUnpickler",
    "PersistentGpuArrayID",
    "PersistentNdarrayID",
    "PersistentNdarrayLoad",
    "PersistentSharedVariableID",
    "StripPickler",
    "dump",
    "load",
    "zipadd",
]
