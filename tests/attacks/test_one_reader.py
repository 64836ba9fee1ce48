"""What comes from outside goes through one place for each kind of file.

Every guard that stood at one of several call sites was bypassed at the next.
"""

import pathlib
import re

import pytest

import theano_transfer

PACKAGE = pathlib.Path(theano_transfer.__file__).parent
# What opens a file of unknown origin, and the modules that may: the reader and the writer. Legacy
# programs are run and unpickle files of their own, as they always did, where they say so.
LEGACY_PICKLES = "legacy/mended/pkl_utils.py"
ONLY_IN = {
    r"h5py\.File\(|h5f\.open\(": {"weights/_hdf5.py", "weights/_hdf5_write.py"},
    r"zipfile\.ZipFile\(|ZipFile\(": {"weights/_zip.py", "weights/_lasagne.py", LEGACY_PICKLES},
    r"pickle\.loads?\(|Unpickler|marshal\.|shelve\.|joblib\.": {LEGACY_PICKLES},
    r"(?<![.\w])(?:eval|exec|__import__)\(": {"legacy/_script.py", "legacy/_child.py"},
    r"\bnp\.load\(|numpy\.load\(|allow_pickle=True": set(),
    r"torch\.load\(|load_model\(|yaml\.(?:unsafe_)?load\(": set(),
    r"tarfile|extractall\(|unpack_archive\(": set(),
    r"os\.system\(|shell=True": set(),
    r"verify=False": {"features/_rows.py"},  # of pictures; no certificate goes unchecked
}


@pytest.mark.parametrize("pattern", ONLY_IN)
def test_files_are_opened_in_one_place(pattern):
    opens = re.compile(pattern)
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if opens.search(path.read_text(encoding="utf-8"))
    }
    assert found <= ONLY_IN[pattern]
