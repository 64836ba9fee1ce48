"""A folder with the last states of a training run, each in a file of its own."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from theano_transfer import weights as weight_files
from theano_transfer._suggest import checks_options
from theano_transfer.backends import are_several, of_all

NAME = "epoch-{:05d}-batch-{:07d}.h5"
_NAME = re.compile(r"epoch-(\d{5,})-batch-(\d{7,})\.h5")
BEST = "best.h5"


class Checkpoints:
    """Where ``fit(checkpoints=...)`` saves what it needs to go on exactly as if it never stopped.

    A checkpoint is written after every epoch, when Ctrl-C or SIGTERM ends training, and every
    so many batches. Files appear whole or not at all.

    Parameters
    ----------
    folder : str or path
        Made if it is not there. ``epoch-00003-batch-0000012.h5`` is the state after three epochs
        and twelve batches of the fourth; ``best.h5`` is the best model so far, for ``Model.load``.
    keep : int
        How many of the last states stay; at least 1. Two, so that there is one left if the disk
        spoils the other.
    every : int, optional
        Batches after which one more is written within an epoch.
    """

    @checks_options
    def __init__(self, folder, *, keep: int = 2, every: int | None = None):
        for name, number in (("keep", keep), ("every", 1 if every is None else every)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"{name} is a whole number from 1 on; got {number!r}")
        self.folder = Path(folder)
        self.keep, self.every = keep, every

    @property
    def best(self) -> Path:
        """The file of the best model."""
        return self.folder / BEST

    def files(self) -> list[Path]:
        """The states that are there, the oldest first: by their position, whatever their times."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        found = [(match, name) for name in names if (match := _NAME.fullmatch(name))]
        found.sort(key=lambda pair: tuple(map(int, pair[0].groups())))
        return [self.folder / name for _, name in found]

    def save(
        self, epochs: int, batches: int, arrays: Mapping[str, np.ndarray], attributes: Mapping
    ) -> Path:
        """Write the state after so many epochs, and batches of the next; drop the oldest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / NAME.format(epochs, batches)
        weight_files.write(path, arrays, attributes)
        for old in self.files()[: -self.keep]:
            old.unlink(missing_ok=True)
        return path

    def are_there(self) -> bool:
        """Whether there are states, here or in another process that computes with this one."""
        return bool(of_all(np.array([len(self.files())], np.int32)).any())

    def newest(self) -> tuple[Path, Any] | None:
        """The last state that can be read, as (file, `Weights`); None where there is none.

        Of processes that compute together, which may each have a folder of their own, the last
        that all of them can read.

        Raises
        ------
        WeightsFileError
            All that are there are damaged; it is that of the last.
        ValueError
            The processes have no state in common.
        """
        failures: list[Exception] = []
        readable: dict[tuple[int, ...], tuple[Path, Any]] = {}
        for path in reversed(self.files()):
            try:
                readable[_position(path)] = path, weight_files.read(path)
            except (weight_files.WeightsError, OSError) as error:
                failures.append(error)
                warnings.warn(
                    f"this checkpoint cannot be read, the one before it is tried: {error}",
                    RuntimeWarning,
                    stacklevel=4,
                )
            if readable and not are_several():
                break
        found = in_common(of_all(_as_rows(list(readable)[: self.keep], self.keep)))
        if found is not None:
            return readable[found]
        if failures:
            raise failures[0]
        return None


def _position(path: Path) -> tuple[int, ...]:
    """Epochs and batches of a state."""
    match = _NAME.fullmatch(path.name)
    assert match is not None  # files() found it by that
    return tuple(map(int, match.groups()))


def _as_rows(positions, count: int) -> np.ndarray:
    """Positions as (count, 2) numbers, -1 where there are fewer."""
    rows = np.full((count, 2), -1, np.int32)
    rows[: len(positions)] = np.reshape(positions, (-1, 2))
    return rows


def in_common(rows: np.ndarray) -> tuple[int, ...] | None:
    """The last position that all processes have; None where none has any.

    Parameters
    ----------
    rows : int array (processes, positions, 2)
        Epochs and batches; -1 where there is no position.
    """
    everyone = [{tuple(row) for row in own.tolist() if row[0] >= 0} for own in rows]
    common = set.intersection(*everyone)
    if not common and any(everyone):
        raise ValueError(
            "the processes of this run have no checkpoint in common; copy the last one of "
            f"{sorted(set.union(*everyone))} (epochs, batches) to the folders of all of them"
        )
    return max(common, default=None)


def as_checkpoints(given) -> Checkpoints | None:
    """Checkpoints from None, a folder, or what is that already."""
    if given is None or isinstance(given, Checkpoints):
        return given
    if isinstance(given, (str, os.PathLike)):
        return Checkpoints(given)
    raise TypeError(f"checkpoints is a folder or tt.tuning.Checkpoints(folder); got {given!r}")
