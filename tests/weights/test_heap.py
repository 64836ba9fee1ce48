"""Heaps of texts: sound ones pass, wherever they lie."""

import io

import h5py
import numpy as np
import pytest

from theano_transfer.weights import _heap
from theano_transfer.weights._heap import damaged_heap


def content(texts):
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        for index, text in enumerate(texts):
            opened.attrs[str(index)] = text
    return file.getvalue()


def check(data):
    return damaged_heap(io.BytesIO(data), len(data))


@pytest.mark.parametrize("count", [0, 1, 300])
def test_texts_of_hdf5_itself(count):
    data = content(["x" * (length % 97) for length in range(count)])
    assert (b"GCOL" in data) == (count > 0)
    assert check(data) is None


def test_a_text_longer_than_a_collection():
    assert check(content(["short", "x" * 50_000, "short"])) is None


@pytest.mark.parametrize("piece", [1 << 22, 4096, 100, 7])
@pytest.mark.parametrize("place", [0, 1, 96, 4093, 5000])
def test_a_damaged_one_is_found_wherever_it_lies(piece, place, monkeypatch):
    monkeypatch.setattr(_heap, "PIECE", piece)
    collection = b"GCOL\x01\0\0\0" + (4096).to_bytes(8, "little") + bytes(4080)
    assert check(bytes(place) + collection + bytes(200)) == place


def test_numbers_that_look_like_one_are_left_alone(rng):
    data = rng.bytes(5000)
    for length in (0, 4095, 1 << 40):
        header = b"GCOL\x01\0\0\0" + np.int64(length).tobytes()
        assert check(data + header + data) is None
