"""Every kind of file that is read, damaged in every way that needs no knowledge of it."""

import contextlib
import os

import numpy as np
import pytest
from attacks.child import flips, in_child
from attacks.formats import FORMATS

from theano_transfer.weights import WeightsError

FLIPS = 50, 1000


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_file_is_read(name, tmp_path):
    FORMATS[name].write(tmp_path / "a.h5")
    assert all(np.isfinite(array).all() for array in FORMATS[name].read(tmp_path / "a.h5").values())


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_short_at_every_sixteenth(name, tmp_path):
    kind = FORMATS[name]
    kind.write(tmp_path / "whole.h5")
    content = (tmp_path / "whole.h5").read_bytes()
    for sixteenth in range(16):
        (tmp_path / "cut.h5").write_bytes(content[: len(content) * sixteenth // 16])
        with pytest.raises(WeightsError, match=r"cut\.h5"):
            kind.read(tmp_path / "cut.h5")
    (tmp_path / "cut.h5").write_bytes(content[:-1])
    with pytest.raises(WeightsError, match=r"cut\.h5"):
        kind.read(tmp_path / "cut.h5")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_with_something_behind_it(name, tmp_path):
    """Another program, which reads from the end, would take it for another file."""
    kind = FORMATS[name]
    kind.write(tmp_path / "a.h5")
    with open(tmp_path / "a.h5", "ab") as file:
        file.write(b"PK\x05\x06" + bytes(18))
    with pytest.raises(WeightsError, match=r"a\.h5"):
        kind.read(tmp_path / "a.h5")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_whose_middle_was_never_written(name, tmp_path):
    """Zeros, as after a crash of the machine: refused, or zeros, but no crash."""
    kind = FORMATS[name]
    kind.write(tmp_path / "a.h5")
    size = (tmp_path / "a.h5").stat().st_size
    with open(tmp_path / "a.h5", "r+b") as file:
        file.seek(size // 4)
        file.write(bytes(size // 2))
    if kind.verified:
        with pytest.raises(WeightsError, match=r"a\.h5"):
            kind.read(tmp_path / "a.h5")
    else:
        with contextlib.suppress(WeightsError):
            kind.read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    "count", [FLIPS[0], pytest.param(FLIPS[1], marks=pytest.mark.slow)], ids=str
)
@pytest.mark.parametrize("name", FORMATS)
def test_changed_bytes_neither_crash_nor_hang(name, count, tmp_path):
    FORMATS[name].write(tmp_path / "whole.h5")
    in_child(flips, name, tmp_path / "whole.h5", str(count))


@pytest.mark.parametrize("name", FORMATS)
def test_the_extension_says_nothing(name, tmp_path):
    kind = FORMATS[name]
    kind.write(tmp_path / "a.h5")
    expected = kind.read(tmp_path / "a.h5")
    os.rename(tmp_path / "a.h5", tmp_path / "holiday.jpg")
    for key, array in kind.read(tmp_path / "holiday.jpg").items():
        np.testing.assert_array_equal(array, expected[key])
