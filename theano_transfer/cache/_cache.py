"""The feature cache as users have it: in memory or in a file, with a bound."""

from __future__ import annotations

import os
from pathlib import Path

from theano_transfer._suggest import checks_options
from theano_transfer.cache._disk import DiskStore
from theano_transfer.cache._errors import FeatureCacheError
from theano_transfer.cache._memory import MemoryStore
from theano_transfer.cache._want import mebibytes

MEMORY_BYTES = 1 << 30
DISK_BYTES = 4 << 30
SUFFIXES = (".h5", ".hdf5")


class FeatureCache:
    """What frozen networks made of pictures, kept to be found again.

    For ``fit``, ``evaluate`` and ``predict`` of a Model, and for a FeatureExtractor; one cache
    may serve them all. A feature is found by the frozen part's graph and the values of its
    parameters, the preprocessing, the content of the picture, and the augmentation. It is never
    that of another picture, or of weights that have changed since.

    Parameters
    ----------
    path : path, optional
        An HDF5 file that keeps the features between programs; memory if None. It is made when it
        is needed, with a hidden lock file beside it, and may be deleted at any time.
    max_bytes : int, optional
        What features may take: 1 GiB in memory, 4 GiB in a file if None. What was not used for
        longest gives way; what does not fit in spite of that is not kept. To make room, a file is
        written anew, so that for a moment there are two.

    Raises
    ------
    FeatureCacheError
        (a ValueError) The file is damaged or something else, or its folder does not exist.

    Notes
    -----
    A file of features is as trustworthy as whoever may write to it: a program that wanted to could
    put wrong numbers under a right key.

    Examples
    --------
    >>> import theano_transfer as tt
    >>> cache = tt.FeatureCache('features.h5')           # doctest: +SKIP
    >>> model.fit(train, epochs=20, cache=cache)         # doctest: +SKIP
    >>> model.evaluate(valid, cache=cache)               # doctest: +SKIP
    """

    @checks_options
    def __init__(self, path: str | os.PathLike | None = None, *, max_bytes: int | None = None):
        usual = MEMORY_BYTES if path is None else DISK_BYTES
        self.path = None if path is None else Path(path)
        self.max_bytes = usual if max_bytes is None else int(max_bytes)
        if self.max_bytes < 0:
            raise ValueError(f"max_bytes is a number of bytes, from 0 on; got {max_bytes!r}")
        self.store: MemoryStore | DiskStore
        if self.path is None:
            self.store = MemoryStore(self.max_bytes)
            return
        if not self.path.parent.is_dir():
            raise FeatureCacheError(
                f"the folder of the feature cache {os.fspath(self.path)!r} does not exist; create "
                "it first"
            )
        self.store = DiskStore(self.path, self.max_bytes)

    @property
    def nbytes(self) -> int:
        """What it takes now, in memory or on disk."""
        return self.store.nbytes

    def __len__(self) -> int:
        """How many pictures' features it holds; a picture may count once for each network."""
        return len(self.store)

    def __repr__(self) -> str:
        where = "in memory" if self.path is None else f"in {os.fspath(self.path)!r}"
        return (
            f"<FeatureCache {where}: {len(self)} entries, {mebibytes(self.nbytes)} of at most "
            f"{mebibytes(self.max_bytes)}>"
        )

    def close(self) -> None:
        """Let go of the file, or of the memory."""
        self.store.close()

    def __enter__(self) -> FeatureCache:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __deepcopy__(self, memo) -> FeatureCache:
        return self  # scikit-learn copies parameters; the copies shall share what is kept

    def __reduce__(self):
        # Another process has a memory of its own, and opens the file for itself.
        return _again, (None if self.path is None else os.fspath(self.path), self.max_bytes)


def as_cache(cache, max_bytes: int | None = None) -> FeatureCache:
    """A cache from what users write.

    Parameters
    ----------
    cache : FeatureCache, 'memory', 'disk' or path
        'disk' is a file in the cache folder of theano_transfer; a path given as text ends in
        ``.h5`` or ``.hdf5``.
    max_bytes : int, optional
        Of a cache that is not a FeatureCache yet.
    """
    if isinstance(cache, FeatureCache):
        if max_bytes is not None:
            raise ValueError("a FeatureCache has its own max_bytes; leave cache_bytes out")
        return cache
    if cache in ("memory", True):
        return FeatureCache(max_bytes=max_bytes)
    if isinstance(cache, str) and cache == "disk":
        from theano_transfer.weights._fetch import cache_dir

        folder = cache_dir()
        folder.mkdir(parents=True, exist_ok=True)
        return FeatureCache(folder / "features.h5", max_bytes=max_bytes)
    if isinstance(cache, os.PathLike) or (isinstance(cache, str) and cache.endswith(SUFFIXES)):
        return FeatureCache(cache, max_bytes=max_bytes)
    raise ValueError(
        f"a cache is 'memory', 'disk', the path of a file (.h5), or a FeatureCache; got {cache!r}"
    )


def _again(path, max_bytes):
    return FeatureCache(path, max_bytes=max_bytes)
