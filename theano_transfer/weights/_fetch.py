"""Published weights: from the network into a cache, checked, converted once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._bundled import bundled_file
from ._classes import imagenet_classes
from ._convert import convert
from ._download import DownloadError, download
from ._errors import WeightsFileError, WeightsUnavailableError
from ._registry import WeightsFile, registered
from ._untrusted import check_hash, open_regular


def cache_dir() -> Path:
    """Where fetched weights are kept: ``$THEANO_TRANSFER_HOME``, or the platform's cache folder
    (on Linux ``~/.cache/theano_transfer``).
    """
    home = os.environ.get("THEANO_TRANSFER_HOME")
    if home:
        return Path(home).expanduser()
    import pooch

    return Path(pooch.os_cache("theano_transfer"))


def fetch(
    model: str,
    include_top: bool = True,
    *,
    arguments: Mapping[str, Any] | None = None,
    image_size: int | None = None,
    base_url: str | None = None,
    progressbar: bool = True,
) -> Path:
    """ImageNet weights of a network of the zoo, as a file in our own layout.

    What ships with the project is given at once. Other weights are downloaded from where Keras
    has them (https only), verified by hash before anything parses them, and converted; later
    calls take the converted file from the cache. (Of the MobileNets of versions 1 and 2 nobody
    publishes hashes: there https alone vouches for the file. What came is in the converted file's
    attributes, `source_sha256`.) A file that was put into the cache's folder
    ``downloads`` by hand is used if its hash is right.

    Parameters
    ----------
    model, include_top, arguments
        Which network; `arguments` are its own, such as its width.
    image_size
        Rows and columns of pictures, for networks that have files for several.
    base_url
        Folder to download from instead of the registered one (a mirror); the hash stays.
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
        source = _obtain(row, base_url, progressbar)
        converted.parent.mkdir(parents=True, exist_ok=True)
        attributes: dict[str, Any] = {
            "source": row.source,
            "source_url": row.url,
            "licence": row.licence,
        }
        if row.include_top:
            attributes["classes"] = imagenet_classes()
        convert(source, converted, _template(row), attributes=attributes, known_hash=row.hash)
    return converted


def _template(row: WeightsFile) -> Any:
    from .. import zoo

    return zoo.build(row.model, include_top=row.include_top, **dict(row.arguments))


def cached_file(row: WeightsFile) -> Path:
    """Where :func:`fetch` keeps the converted weights of `row`, whether or not they are there."""
    # The hash is part of the name: other weights under the old name are another file.
    top = "" if row.include_top else "_notop"
    identity = row.hash.partition(":")[2][:12] if row.hash else row.file.rpartition(".")[0]
    return cache_dir() / "weights" / f"{row.model}{top}_imagenet-{identity}.h5"


def _obtain(row: WeightsFile, base_url: str | None, progressbar: bool) -> Path:
    path = cache_dir() / "downloads" / row.file
    found = ""
    if path.exists():
        try:
            with open_regular(path) as file:
                if row.hash:
                    check_hash(file, row.hash, path)
        except WeightsFileError as error:
            found = f"\nA file is there, but {error}."
        else:
            return path
    url = (base_url.rstrip("/") + "/" if base_url else row.base_url) + row.file
    try:
        download(url, path, row.hash, size=row.size, progressbar=progressbar)
    except DownloadError as error:
        size = f"{row.size / 1e6:.0f} MB, " if row.size else ""
        algorithm, _, digest = (row.hash or "no hash:is published").partition(":")
        msg = (
            f"the ImageNet weights of {row.model} are not on this machine, and could not be "
            f"downloaded: {error}.{found}\n"
            f"Download {row.url} ({size}{algorithm} {digest}) where there is a network, put it "
            f"at {path} and run this again."
        )
        raise WeightsUnavailableError(msg) from error
    return path
