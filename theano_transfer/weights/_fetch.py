"""Published weights: from the network into a cache, checked, converted once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from ._bundled import bundled_file
from ._classes import imagenet_classes
from ._convert import convert
from ._download import DownloadError, download
from ._errors import WeightsFileError, WeightsUnavailableError
from ._registry import WeightsFile, registered
from ._untrusted import check_hash, digest, open_regular


def cache_dir() -> Path:
    """Where fetched weights are kept: ``$THEANO_TRANSFER_HOME``, or the platform's cache folder
    (on Linux ``~/.cache/theano_transfer``).

    Raises
    ------
    WeightsUnavailableError
        This user has no home directory, and the variable names no other place.
    """
    import platformdirs

    given = os.environ.get("THEANO_TRANSFER_HOME")
    try:
        if not given:
            given = platformdirs.user_cache_dir("theano_transfer", appauthor=False)
        return Path(given).expanduser()
    except RuntimeError as error:
        msg = (
            f"weights are kept in a home directory, and there is none ({error}); set "
            "THEANO_TRANSFER_HOME to a folder that can be written to"
        )
        raise WeightsUnavailableError(msg) from error


def fetch(
    model: str,
    include_top: bool = True,
    *,
    arguments: Mapping[str, Any] | None = None,
    image_size: int | None = None,
    base_url: str | os.PathLike[str] | None = None,
    progressbar: bool = True,
) -> Path:
    """ImageNet weights of a network of the zoo, as a file in our own layout.

    What ships with the project is given at once. Other weights are downloaded from where Keras
    has them, or PyTorch where Keras has none (https only), verified by hash before anything parses
    them, and converted; later calls take the converted file from the cache. (Of the MobileNets of
    versions 1 and 2 nobody publishes hashes: there https alone vouches for the file. PyTorch
    publishes eight digits, which tell damage, and no more than https who made the file. What came
    is in the converted file's attributes, `source_sha256`.) A download that was cut is continued;
    several programs that fetch the same file wait for the first. A file that was put into the
    cache's folder ``downloads`` by hand is used if its hash is right.

    Parameters
    ----------
    model, include_top, arguments
        Which network; `arguments` are its own, such as its width.
    image_size
        Rows and columns of pictures, for networks that have files for several.
    base_url
        Where to take the file from: the address of a folder (a mirror), or a folder of this
        machine; the hash stays. By default the folders in the environment variable
        ``THEANO_TRANSFER_MIRRORS``, separated by blanks, then the publisher's, then mirrors of it.
    progressbar
        Show the progress of a download on standard error.

    Raises
    ------
    WeightsUnavailableError
        Nothing is published for the network, or the file is not here and cannot be downloaded;
        the message says which file to put where.
    """
    row = registered(model, include_top, arguments=arguments, image_size=image_size)
    if not row.base_url:
        return bundled_file(row.file)
    converted = cached_file(row)
    if not converted.is_file():
        with _alone(row.file):
            if not converted.is_file():  # another program may have been here meanwhile
                _convert(row, _obtain(row, base_url, progressbar), converted)
    return converted


@contextmanager
def _alone(file: str) -> Iterator[None]:
    """One program at a time; the system lets go of what a killed one held."""
    folder = cache_dir() / "downloads"
    try:
        for each in (folder, cache_dir() / "weights"):
            each.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{file}.lock")
        lock.acquire()
    except OSError as error:
        msg = (
            f"weights are kept in {cache_dir()}, which cannot be written to ({error}); set "
            "THEANO_TRANSFER_HOME to a folder that can"
        )
        raise WeightsUnavailableError(msg) from error
    try:
        yield
    finally:
        lock.release()


def _convert(row: WeightsFile, source: Path, converted: Path) -> None:
    attributes: dict[str, Any] = {
        "source": row.source,
        "source_url": row.url,
        "licence": row.licence,
    }
    if row.include_top:
        attributes["classes"] = imagenet_classes()
    convert(source, converted, _template(row), attributes=attributes, known_hash=row.hash)


def _template(row: WeightsFile) -> Any:
    from .. import zoo
    from ..zoo._options import undrawn

    with undrawn():
        return zoo.build(row.model, include_top=row.include_top, **dict(row.arguments))


def cached_file(row: WeightsFile) -> Path:
    """Where :func:`fetch` keeps the converted weights of `row`, whether or not they are there."""
    # The hash is part of the name: other weights under the old name are another file.
    top = "" if row.include_top else "_notop"
    identity = row.hash.partition(":")[2][:12] if row.hash else row.file.rpartition(".")[0]
    return cache_dir() / "weights" / f"{row.model}{top}_imagenet-{identity}.h5"


def _obtain(row: WeightsFile, base_url: str | os.PathLike[str] | None, progressbar: bool) -> Path:
    """The publisher's file, from the first place that has it."""
    path = cache_dir() / "downloads" / row.file
    failures = []
    if path.exists():
        failure = _unfit(path, row)
        if failure is None:
            return path
        failures.append(f"a file is there, but {failure}")
    for place in _places(row, base_url):
        if "://" not in place:
            local = Path(place).expanduser() / row.file
            failure = _unfit(local, row)
            if failure is None:
                return local
            failures.append(failure)
            continue
        try:
            url = f"{place.rstrip('/')}/{row.file}"
            download(url, path, row.hash, size=row.size, progressbar=progressbar)
        except DownloadError as error:
            failures.append(str(error))
        else:
            return path
    size = f"{row.size / 1e6:.0f} MB, " if row.size else ""
    msg = (
        f"the ImageNet weights of {row.model} are not on this machine, and could not be "
        f"had: {'; '.join(failures)}.\n"
        f"Download {row.url} ({size}{row.shown_hash}) where there is a network, put it "
        f"at {path} and run this again."
    )
    raise WeightsUnavailableError(msg)


def _places(row: WeightsFile, base_url: str | os.PathLike[str] | None) -> list[str]:
    if base_url is not None:
        return [os.fspath(base_url)]
    return [*os.environ.get("THEANO_TRANSFER_MIRRORS", "").split(), row.base_url, *row.mirrors]


def _unfit(path: Path, row: WeightsFile) -> str | None:
    """Why a file is not the one that is published; None if it is, as far as can be known."""
    try:
        with open_regular(path) as file:
            for known, what in row.older:
                algorithm, _, expected = known.partition(":")
                if digest(file, algorithm) == expected:
                    return f"{os.fspath(path)!r} is {what}"
            if row.hash:
                check_hash(file, row.hash, path)
    except WeightsFileError as error:
        return str(error)
    return None
