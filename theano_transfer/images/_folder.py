"""Data sets in the layout of one folder per class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images._cache import DEFAULT_CACHE_BYTES
from theano_transfer.images._errors import DatasetError, ImageWarning, shown
from theano_transfer.images._image_files import ImageFiles
from theano_transfer.images._labels import checked_classes

# what file managers and archivers leave behind; other such names start with a dot
_LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"})
_SPLIT_NAMES = frozenset(
    {"train", "training", "val", "valid", "validation", "test", "testing", "eval"}
)


class ImageFolder(ImageFiles):
    """Pictures in one folder per class: ``path/<class>/**/<picture>``.

    Classes are the folder names, pictures all regular files in them and in folders within them,
    both sorted by code point, so that class numbers are the same on every machine. Hidden files,
    Thumbs.db and the like are ignored, and so are files beside the class folders. Symbolic links
    are not followed: they count as skipped.

    Parameters
    ----------
    path : path
    on_error, max_skipped, verify, cache_bytes, workers, read
        As for `ImageFiles`; here 'skip' is the default.
    classes : sequence of str, optional
        The classes in the order they shall be numbered, such as those of a trained model. They
        must be the folder names, or DatasetError names the differences.

    Attributes
    ----------
    classes, paths, labels, skipped, counts
        labels is int32 (n,).

    Raises
    ------
    DatasetError
        The folder is missing, has no class folders or only one, a class folder has no readable
        picture, or too many files are unreadable.
    ImageError
        With ``on_error='raise'``: the first file that is not a readable picture.
    """

    _follow_links = False  # they may lead out of the folder, or round in circles

    @checks_options
    def __init__(
        self,
        path: str | os.PathLike,
        *,
        on_error: str = "skip",
        classes: Sequence[str] | None = None,
        max_skipped: float = 0.5,
        verify: bool = True,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        workers: int = 2,
        read: Callable[[str], Any] | None = None,
    ):
        self._folder = folder = os.fspath(path)
        found, links = class_folders(folder)
        if links and on_error == "raise":
            raise DatasetError(
                f"{_links_among(folder, links)} Replace them, or use on_error='skip'"
            )
        names = _in_order(found, checked_classes(classes), folder)
        by_class = [_files_below(os.path.join(folder, name)) for name in names]
        labels = np.repeat(np.arange(len(names)), [len(files) for files in by_class])
        _refuse_empty(names, labels, folder)
        super().__init__(
            [file for files in by_class for file in files],
            labels,
            classes=names,
            on_error=on_error,
            max_skipped=max_skipped,
            verify=verify,
            cache_bytes=cache_bytes,
            workers=workers,
            read=read,
        )
        if links:
            self.skipped += [(link, "a symbolic link, not followed") for link in links]
            warnings.warn(_links_among(folder, links), ImageWarning, stacklevel=3)

    def _check_losses(self):
        _refuse_empty(self.classes, self.labels, self._folder, self.skipped)

    @classmethod
    def from_folders(
        cls,
        train: str | os.PathLike,
        validation: str | os.PathLike | None = None,
        test: str | os.PathLike | None = None,
        **options,
    ) -> tuple[ImageFolder, ImageFolder, ImageFolder]:
        """Training, validation and test data from folders of their own.

        A part without a folder is an empty data set. `options` are those of the class.

        Raises
        ------
        DatasetError
            The folders do not hold the same classes (all differences are named), or two of them
            are the same folder.
        """
        asked = {"train": train, "validation": validation, "test": test}
        given = {part: os.fspath(path) for part, path in asked.items() if path is not None}
        names = {part: class_folders(path)[0] for part, path in given.items()}
        for part, path in given.items():
            if part == "train":
                continue
            if os.path.samefile(path, given["train"]):
                raise DatasetError(f"{part} and train are the same folder, {shown(path)}")
            _refuse_differences(names["train"], names[part], "train", part)
        options.setdefault("classes", names["train"])
        parts = {part: cls(path, **options) for part, path in given.items()}
        nothing = parts["train"].subset([])
        return parts["train"], parts.get("validation", nothing), parts.get("test", nothing)


def class_folders(folder):
    """Names of the class folders in `folder`, by code point, and paths of links to folders.

    Raises DatasetError for whatever is not a folder with at least two class folders.
    """
    if not os.path.isdir(folder):
        problem = "is not a folder" if os.path.lexists(folder) else "does not exist"
        raise DatasetError(
            f"{shown(folder)} {problem}: a folder with one folder per class is needed"
        )
    entries = _entries(folder)
    names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    links = [entry.path for entry in entries if entry.is_symlink() and entry.is_dir()]
    layout = "one folder per class, with its pictures in it"
    if not names:
        files = sum(entry.is_file(follow_symlinks=False) for entry in entries)
        beside = f"; {len(links)} symbolic links are not followed" if links else ""
        raise DatasetError(
            f"{shown(folder)} has no class folders (files in it: {files}{beside}). "
            f"Needed is {layout}"
        )
    if {name.lower() for name in names} <= _SPLIT_NAMES:
        raise DatasetError(
            f"{shown(folder)} holds {names}, which look like parts of a data set and not like "
            f"classes: use ImageFolder.from_folders(train=..., validation=...)"
        )
    if len(names) == 1:
        raise DatasetError(
            f"{shown(folder)} has only one class folder, {shown(names[0])}: at least two are "
            f"needed, {layout}"
        )
    for name in names:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise DatasetError(
                f"the name of the class folder {shown(os.path.join(folder, name))} is not valid "
                "UTF-8, and so cannot be stored with a model: rename it"
            ) from None
    return names, links


def _entries(folder):
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not _is_litter(entry.name)]
    except OSError as error:
        raise DatasetError(f"{shown(folder)} cannot be listed: {error.strerror}") from error
    return sorted(entries, key=lambda entry: entry.name)


def _is_litter(name):
    return name.startswith(".") or name.lower() in _LITTER


def _files_below(folder):
    """Paths of all that is in `folder` and in folders within it, and is not a folder."""
    files: list[str] = []
    waiting = [folder]
    while waiting:
        for entry in _entries(waiting.pop()):
            (waiting if entry.is_dir(follow_symlinks=False) else files).append(entry.path)
    return sorted(files)


def _links_among(folder, links):
    examples = ", ".join(shown(link) for link in links[:3])
    return f"{len(links)} symbolic links in {shown(folder)} are not followed: {examples}."


def _in_order(found, asked, folder):
    if asked is None:
        return found
    _refuse_differences(asked, found, "classes", shown(folder))
    return asked


def _refuse_differences(expected, found, expected_in, found_in):
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing or extra:
        raise DatasetError(
            f"the classes of {expected_in} and {found_in} differ: only in {expected_in}: "
            f"{missing}, only in {found_in}: {extra}"
        )


def _refuse_empty(names, labels, folder, skipped=()):
    present = np.bincount(labels, minlength=len(names))
    empty = [name for name, count in zip(names, present) if not count]
    if not empty:
        return
    inside = os.path.join(folder, empty[0], "")
    lost = next((f"{shown(p)}: {why}" for p, why in skipped if p.startswith(inside)), None)
    raise DatasetError(
        f"no readable pictures of {empty} in {shown(folder)}{f' ({lost})' if lost else ''}. Put "
        "some there, or remove the folders"
    )
