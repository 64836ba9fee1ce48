"""Pictures listed in a table: CSV files of paths with labels, several labels, or numbers."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence

import numpy as np

from theano_transfer._suggest import nearest
from theano_transfer.images._errors import DatasetError, shown
from theano_transfer.images._image_files import ImageFiles


def read_table(
    table: str | os.PathLike,
    *,
    path: str = "path",
    label: str | None = None,
    targets: str | Sequence[str] | None = None,
    group: str | None = None,
    separator: str | None = None,
    folder: str | os.PathLike | None = None,
    classes: Sequence[str] | None = None,
    delimiter: str = ",",
    **options,
) -> ImageFiles:
    """Pictures whose paths, and labels or numbers, are the columns of a CSV file.

    Parameters
    ----------
    table : path
        UTF-8, with the names of the columns in the first line.
    path : str
        Column of paths; those that are not absolute start at `folder`.
    label : str, optional
        Column of class names. ``'label'``, if there is such a column and no `targets` are named.
    targets : str or list of str, optional
        Columns of numbers to be predicted, in place of a label.
    group : str, optional
        Column of what belongs together; see ``Dataset.split``.
    separator : str, optional
        What stands between the names of one picture that has several (or none): labels become
        rows of 0 and 1.
    folder : path, optional
        Where paths start: the folder of the table, if None.
    classes : sequence of str, optional
        The classes in the order they shall be numbered; those in the table, sorted, if None
        (as numbers where all of them are whole numbers).
    delimiter : str
        Between columns.
    **options
        Of ``ImageFiles``: on_error, max_skipped, verify, cache_bytes, workers, read.

    Raises
    ------
    DatasetError
        A column is missing, a line is short, a class is unknown or a number is none; the line is
        named.
    ImageError
        A picture is not readable.
    """
    rows, columns = _read(table, delimiter)
    if not rows:
        raise DatasetError(f"{shown(table)} lists no pictures")
    place = _Columns(table, columns)
    start = os.path.dirname(os.fspath(table)) if folder is None else os.fspath(folder)
    paths = [os.path.join(start, row[place(path)]) for row in rows]
    if label is not None and targets is not None:
        raise ValueError("give a label or targets, not both")
    if label is None and targets is None and "label" in columns:
        label = "label"
    labels = None
    if targets is not None:
        names = [targets] if isinstance(targets, str) else list(targets)
        labels = _numbers(table, rows, names, [place(name) for name in names])
        classes = None
    elif label is not None:
        given = [row[place(label)] for row in rows]
        if separator is None:
            labels, classes = _single(table, given, classes)
        else:
            labels, classes = _several(table, given, classes, separator)
    groups = None if group is None else np.array([row[place(group)] for row in rows])
    return _files(paths, labels, classes, groups, options)


def _files(paths, labels, classes, groups, options) -> ImageFiles:
    data = ImageFiles(paths, labels, classes=classes, **options)
    if groups is not None and data.skipped:
        left_out = {skipped for skipped, _ in data.skipped}
        groups = groups[[path not in left_out for path in paths]]
    data.groups = groups
    return data


class _Columns:
    """Places of columns by name."""

    def __init__(self, table, names):
        self._table, self._names = table, names

    def __call__(self, name: str) -> int:
        if name not in self._names:
            raise DatasetError(
                f"{shown(self._table)} has no column {name!r}{nearest(name, self._names)} (its "
                f"columns are {', '.join(map(repr, self._names))})"
            )
        return self._names.index(name)


def _read(table, delimiter):
    """Rows, and the names of their columns."""
    # utf-8-sig: spreadsheets put a mark in front of the first name
    with open(table, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        rows: list[list[str]] = []
        try:
            columns = next(lines, [])
            for row in lines:
                if row and len(row) != len(columns):
                    raise DatasetError(
                        f"{shown(table)}, line {lines.line_num}: {len(row)} entries, but there "
                        f"are {len(columns)} columns"
                    )
                if row:
                    rows.append(row)
        except csv.Error as error:
            raise DatasetError(f"{shown(table)}, line {lines.line_num}: {error}") from None
    if not columns:
        raise DatasetError(f"{shown(table)} is empty")
    if len(set(columns)) < len(columns):
        raise DatasetError(f"{shown(table)} has two columns of the same name: {columns}")
    return rows, columns


def _single(table, given, classes):
    classes = _sorted(set(given)) if classes is None else list(classes)
    number = {name: k for k, name in enumerate(classes)}
    _refuse_unknown(table, set(given), number)
    return np.array([number[name] for name in given], np.int32), classes


def _several(table, given, classes, separator):
    named = [[one.strip() for one in entry.split(separator) if one.strip()] for entry in given]
    found = {one for names in named for one in names}
    classes = _sorted(found) if classes is None else list(classes)
    number = {name: k for k, name in enumerate(classes)}
    _refuse_unknown(table, found, number)
    rows = np.zeros((len(given), len(classes)), np.float32)
    for row, names in zip(rows, named):
        row[[number[name] for name in names]] = 1
    return rows, classes


def _numbers(table, rows, names, places):
    values = np.empty((len(rows), len(names)), np.float32)
    for line, row in enumerate(rows):
        for column, (name, place) in enumerate(zip(names, places)):
            try:
                values[line, column] = float(row[place])
            except ValueError:
                raise DatasetError(
                    f"{shown(table)}, picture {shown(row[0])}: {row[place]!r} in the column "
                    f"{name!r} is no number"
                ) from None
    return values


def _sorted(names):
    try:
        return sorted(names, key=int)
    except ValueError:
        return sorted(names)


def _refuse_unknown(table, found, number):
    unknown = sorted(found - set(number))
    if unknown:
        raise DatasetError(
            f"{shown(table)} names the class {unknown[0]!r}, which is none of those given"
            f"{nearest(unknown[0], number)}"
        )
