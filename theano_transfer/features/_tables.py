"""Features or predictions of very many pictures, as a folder of Parquet files."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from theano_transfer._optional import optional
from theano_transfer.backends import backend, current, use
from theano_transfer.features._extractor import FeatureExtractor
from theano_transfer.features._parts import Table
from theano_transfer.features._rows import Recipe
from theano_transfer.images import ImageFiles
from theano_transfer.images._found import pictures_below
from theano_transfer.tuning._progress import Bar

ROWS = 1000


@dataclass(frozen=True)
class Extracted:
    """What is in the folder.

    Attributes
    ----------
    folder : Path
    pictures : int
        Rows in all files together.
    failed : list of (path, reason)
        Pictures that cannot be read: their rows say why in the column ``error``, and their numbers
        are null.
    """

    folder: Path
    pictures: int
    failed: list


def to_parquet(
    pictures, folder, model=None, *, batch_size=32, rows=ROWS, verbose=True
) -> Extracted:
    """Write features or predictions of pictures to a folder, one row for each.

    The columns are ``number`` (place in `pictures`), ``path``, ``features`` or ``prediction``
    (float32 lists of one length) and ``error``. pandas, Polars, DuckDB, Spark and others read the
    folder as one table. What is there already is not computed again: a run that was interrupted,
    or killed, goes on when the same is asked for again.

    Parameters
    ----------
    pictures : folder, list of paths, or ImageFiles
        Of a folder all pictures in it and its folders, in the order of their paths.
    folder : str or path
        Made if it is not there.
    model : FeatureExtractor, Model or path of a saved model, optional
        Features of the first (``FeatureExtractor()`` if None), predictions of the others.
    batch_size : int
        For predictions; a FeatureExtractor has its own.
    rows : int
        Pictures in each file, which is what is lost at most when a run is killed.
    verbose : bool
        Show a progress bar on standard error.

    Returns
    -------
    Extracted

    Raises
    ------
    ValueError
        If the folder holds features of other pictures or by another network.
    ImportError
        If pyarrow is not installed.
    """
    optional("pyarrow")
    paths, recipe, table, missing = _plan(pictures, folder, model, batch_size, rows)
    with _bar(recipe, table, missing, verbose) as bar:
        for part in missing:
            inside = [paths[number] for number in table.pictures_of(part)]
            table.write(part, inside, recipe.rows(inside))
            bar.update(len(inside))
    return Extracted(table.folder, len(paths), table.failures())


def on_ray(
    pictures,
    folder,
    model=None,
    *,
    address=None,
    workers=None,
    gpus=0,
    batch_size=32,
    rows=ROWS,
    verbose=True,
) -> Extracted:
    """The same as :func:`to_parquet`, by processes on all machines of a Ray cluster.

    Each worker compiles the network for itself, with the backend that :func:`~theano_transfer.use`
    chose here, and writes its own files: pictures and features do not pass through this process.
    Where a worker or its machine is lost, Ray gives its files to another.

    Parameters
    ----------
    pictures, folder, model, batch_size, rows, verbose
        As for :func:`to_parquet`; the pictures and the folder have to be found under the same
        paths on all machines, and theano_transfer has to be installed on them.
    address : str, optional
        Of the cluster: 'auto' is the one that this machine belongs to, 'local' a new one on this
        machine alone. What Ray is connected to already, or its own choice, if None.
    workers : int, optional
        Processes; one for each GPU if `gpus`, else for each processor core, if None.
    gpus : float
        GPUs of each worker.

    Returns
    -------
    Extracted

    Raises
    ------
    ValueError
        As :func:`to_parquet`; or if the cluster has not as much as the workers need.
    ImportError
        If Ray or pyarrow is not installed.
    """
    ray, data = optional("ray"), optional("ray.data")
    paths, recipe, table, missing = _plan(pictures, folder, model, batch_size, rows)
    started = not ray.is_initialized()
    if started:
        ray.init(address=address)
    try:
        with _bar(recipe, table, missing, verbose) as bar:
            if missing:
                count = _workers(ray.cluster_resources(), workers, gpus)
                settings: dict[str, Any] = {"backend": backend()}
                if backend() == "jax":
                    settings.update(asdict(current()))
                items = [
                    {"part": part, "paths": _joined(paths[n] for n in table.pictures_of(part))}
                    for part in missing
                ]
                done = data.from_items(items, override_num_blocks=len(items)).map_batches(
                    _Worker,
                    fn_constructor_args=[table, ray.put(recipe), settings],
                    batch_size=1,
                    num_cpus=1,
                    num_gpus=gpus,
                    concurrency=min(count, len(items)),
                )
                for row in done.iter_rows():
                    bar.update(row["pictures"])
        return Extracted(table.folder, len(paths), table.failures())
    finally:
        if started:
            ray.shutdown()


class _Worker:
    """Writes parts, in a process of its own somewhere in the cluster."""

    def __init__(self, table: Table, recipe, settings):
        import ray

        use(**settings)
        self._table, self._recipe = table, ray.get(recipe)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        counts = []
        for part, joined in zip(batch["part"], batch["paths"]):
            paths = [os.fsdecode(path) for path in joined.split(b"\0")]
            self._table.write(int(part), paths, self._recipe.rows(paths))
            counts.append(len(paths))
        return {"pictures": counts}


def _plan(pictures, folder, model, batch_size, rows):
    """Paths, recipe, table and the parts that are missing in it."""
    paths = _paths(pictures)
    recipe = Recipe(FeatureExtractor() if model is None else model, batch_size)
    table = Table(folder, paths, rows, recipe.about)
    return paths, recipe, table, table.begin()


def _paths(pictures) -> list[str]:
    """Absolute, because workers run elsewhere."""
    if isinstance(pictures, ImageFiles):
        pictures = pictures.paths
    elif isinstance(pictures, (str, os.PathLike)):
        pictures = pictures_below(pictures)
    paths = [os.path.abspath(os.fspath(path)) for path in pictures]
    if not paths:
        raise ValueError("there are no pictures: the list of paths is empty")
    return paths


def _bar(recipe, table, missing, verbose) -> Bar:
    total = sum(len(table.pictures_of(part)) for part in missing)
    return Bar(recipe.about["column"], total, shown=verbose)


def _workers(resources, asked, gpus) -> int:
    """How many there are to be, of what the cluster has."""
    cores, devices = resources.get("CPU", 0), resources.get("GPU", 0)
    most = int(min(cores, devices / gpus) if gpus else cores)
    if most < 1 or (asked is not None and not 1 <= asked <= most):
        raise ValueError(
            f"{'some' if asked is None else asked} workers of 1 core and {gpus} GPUs each were "
            f"asked for; the cluster has {cores:.0f} cores and {devices:.0f} GPUs, enough for "
            f"{most}"
        )
    return most if asked is None else asked


def _joined(paths) -> bytes:
    """Paths as one value: not all are text that Arrow takes, and none holds a zero."""
    return b"\0".join(os.fsencode(path) for path in paths)
