"""Pictures in files, checked when the data set is made and decoded when they are needed.

Every file is decoded once at the start. A JPEG that is cut short still opens, and passes
Pillow's `verify`; only decoding tells. Finding out in the middle of an epoch would change the
number of pictures, and with it the split, after training has begun. What the file looked like
then, and a digest of its content, make a file that changes later an error and not a different
picture.
"""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from theano_transfer._suggest import checks_options
from theano_transfer.images._cache import DEFAULT_CACHE_BYTES
from theano_transfer.images._dataset import Dataset, Form, digest_of
from theano_transfer.images._decode import decode
from theano_transfer.images._errors import DatasetError, ImageError, ImageWarning, shown
from theano_transfer.images._labels import checked_classes, checked_labels
from theano_transfer.images._reader import Reader

_AS_IT_IS = Form(size=None, resample="bilinear", crop=None)


class ImageFiles(Dataset):
    """Pictures at given paths.

    Parameters
    ----------
    paths : sequence of paths
        png, jpeg, bmp, gif or webp; see `load` for how they are read. Others with `read`.
    labels : array-like, optional
        One per path: class numbers, one-hot or multi-hot rows, or numbers. None for prediction.
    classes : sequence of str, optional
    on_error : 'skip' or 'raise'
        What to do about a file that is not a readable picture. 'skip' leaves it out, with its
        label, notes it in `skipped` and warns once (`ImageWarning`) with the count.
    max_skipped : float
        The largest fraction of files that may be skipped; above it, DatasetError.
    verify : bool
        False spares decoding every file at the start; a damaged one then raises in the middle
        of an epoch, whatever `on_error` says.
    cache_bytes : int
        Decoded pictures (uint8, at the size asked for) are kept up to this many bytes, so that
        later epochs decode nothing. Split parts share it. 0 switches it off.
    workers : int
        Threads for the check.
    read : function, optional
        From a path to an array (rows, columns, channels), bytes or floats of 0..255, for files
        of other kinds: ``numpy.load``, ``tifffile.imread``. All of them have to have as many
        channels; one is used for all three colours. One thread at a time calls it.

    Attributes
    ----------
    paths : list of str
    skipped : list of (path, reason)
        Of the whole data set, also in its subsets.
    """

    _follow_links = True  # these paths were chosen one by one

    @checks_options
    def __init__(
        self,
        paths: Sequence[str | os.PathLike],
        labels: Any = None,
        *,
        classes: Sequence[str] | None = None,
        on_error: str = "raise",
        max_skipped: float = 0.5,
        verify: bool = True,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        workers: int = 2,
        read: Callable[[str], Any] | None = None,
    ):
        if isinstance(paths, (str, bytes, os.PathLike)):
            raise TypeError(
                f"paths must be several paths, got {paths!r}; ImageFolder takes a folder"
            )
        if on_error not in ("skip", "raise"):
            raise ValueError(f"on_error must be 'skip' or 'raise', got {on_error!r}")
        given = [os.fspath(path) for path in paths]
        if not given:
            raise DatasetError("there are no pictures: the list of paths is empty")
        classes = checked_classes(classes)
        labels = checked_labels(labels, len(given), classes)

        self._reader = None if read is None else Reader(read, given)
        seen, broken = _examine(
            given,
            skip=on_error == "skip",
            verify=verify,
            links=self._follow_links,
            workers=workers,
            reader=self._reader,
        )
        self._marks = {path: mark for path, (mark, _) in seen.items()}
        self._digests = {path: digest for path, (_, digest) in seen.items() if digest}
        keep = [index for index, path in enumerate(given) if path not in broken]
        self.paths = [given[index] for index in keep]
        self.skipped = [(path, broken[path]) for path in given if path in broken]
        super().__init__(None if labels is None else labels[keep], classes, cache_bytes)
        if self._reader is not None and self._reader.channels is not None:
            self.channels = self._reader.channels
        if len(keep) < len(given):
            summary = _summary(self.skipped, len(given), max_skipped)
            self._check_losses()
            warnings.warn(f"{summary}; left out, see .skipped", ImageWarning, stacklevel=3)

    def _check_losses(self):
        """Refuse what is left when some pictures were left out."""

    def __len__(self) -> int:
        return len(self.paths)

    def _select(self, indices):
        self.paths = [self.paths[index] for index in indices]

    def _cache_key(self, index, form):
        return self.paths[index]

    def _pixels(self, index, form):
        path = self.paths[index]
        pixels, mark, digest = _read(path, form, self._reader)
        self._refuse_changed(path, mark, digest)
        return pixels

    def _content(self, index, form):
        path = self.paths[index]
        if self._reader is not None:  # what another function makes of the file is another picture
            return digest_of(self._pixels(index, _AS_IT_IS))
        if path not in self._digests:
            with _opened(path) as file:
                digest = _digest(file)
                self._refuse_changed(path, _mark(os.fstat(file.fileno())), digest)
        return self._digests[path]

    def check_unchanged(self):
        for path in set(self.paths):
            try:
                mark = _mark(os.stat(path))
            except FileNotFoundError:
                continue  # it has not become another picture
            self._refuse_changed(path, mark)

    def _refuse_changed(self, path, mark, digest=None):
        known = digest if digest is None else self._digests.setdefault(path, digest)
        if mark != self._marks[path] or digest != known:
            raise ImageError(path, "the file has changed since the data set was made")


def _read(path, form, reader=None):
    """Pixels, what the file looked like when they had been read, and a digest of its content.

    Looking afterwards also catches a file that was rewritten during the reading.
    """
    with _opened(path) as file:
        digest = _digest(file)
        if reader is None:
            pixels = decode(file, name=path, **form._asdict())
        else:
            pixels = reader.pixels(path, form)
        return pixels, _mark(os.fstat(file.fileno())), digest


def _digest(file):
    """32 bytes that stand for the content; the file is at its beginning again."""
    state = hashlib.blake2b(digest_size=32)
    for block in iter(lambda: file.read(1 << 20), b""):
        state.update(block)
    file.seek(0)
    return state.digest()


def _opened(path):
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise ImageError(path, "no such file; has it been deleted or moved?") from error
    except OSError as error:
        raise ImageError(path, f"cannot be opened ({error.strerror})") from error


def _mark(status):
    return status.st_size, status.st_mtime_ns, status.st_ino


def _examine(paths, *, skip, verify, links, workers, reader):
    """({path: (mark, digest)} of readable files, {path: reason} of others), in order.

    The digest is None where the content was not looked at.

    Unless `skip`, the first of the others is raised.
    """

    def examine(path):
        try:
            return _examined(path, verify, links, reader)
        except ImageError as error:
            return error

    seen, broken = {}, {}
    if not verify:  # a look at each takes a microsecond, handing it to a thread twenty
        for path in paths:
            found = examine(path)
            if not isinstance(found, ImageError):
                seen[path] = found
            elif skip:
                broken[path] = found.reason
            else:
                raise found
        return seen, broken
    with ThreadPoolExecutor(max(1, workers)) as pool:
        # in portions: `map` starts all its tasks at once, and an error would wait for them
        for start in range(0, len(paths), 256):
            portion = paths[start : start + 256]
            for path, found in zip(portion, pool.map(examine, portion)):
                if not isinstance(found, ImageError):
                    seen[path] = found
                elif skip:
                    broken[path] = found.reason
                else:
                    raise found
    return seen, broken


def _examined(path, verify, links, reader):
    try:
        status = os.stat(path, follow_symlinks=links)
    except OSError as error:
        raise ImageError(path, f"cannot be found ({error.strerror})") from error
    if stat.S_ISLNK(status.st_mode):
        raise ImageError(path, "a symbolic link, not followed")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise ImageError(path, "not a regular file")
    return _read(path, _AS_IT_IS, reader)[1:] if verify else (_mark(status), None)


def _summary(skipped, total, max_skipped):
    """What was skipped of `total` files, in words; raises if that is too much."""
    examples = "; ".join(f"{shown(path)}: {reason}" for path, reason in skipped[:3])
    more = "; ..." if len(skipped) > 3 else ""
    summary = f"{len(skipped)} of {total} files are not readable pictures ({examples}{more})"
    if len(skipped) == total or len(skipped) > max_skipped * total:
        raise DatasetError(
            f"{summary}. No more than max_skipped={max_skipped} of them can be left out: mend or "
            "remove the files, or raise max_skipped"
        )
    return summary
