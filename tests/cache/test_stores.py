"""Both stores: what is put in comes out, within bounds; what was not wanted gives way."""

import os

import numpy as np
import pytest

from theano_transfer.cache._disk import DiskStore
from theano_transfer.cache._memory import MemoryStore
from theano_transfer.cache._want import Want

A, B, C = (bytes([number]) * 32 for number in (65, 66, 67))
FLOAT = np.dtype("float32")


def keys(*numbers):
    return [number.to_bytes(32, "little") for number in (n + 1 for n in numbers)]


def want(numbers, shape=(1000,), dtype=FLOAT):
    return Want(shape, dtype, dict.fromkeys(keys(*numbers)))


def rows(numbers, shape=(1000,), dtype=FLOAT):
    return np.stack([np.full(shape, number, dtype) for number in numbers])


def fill(store, space, numbers, **options):
    assert store.reserve({space: want(numbers, **options)}) is None
    store.write(space, keys(*numbers), rows(numbers, **options))
    store.flush()


def found(store, space, numbers, shape=(1000,), dtype=FLOAT):
    """Which of `numbers` are there; they have to be right."""
    out = np.full((len(numbers), *shape), -1, dtype)
    missing = store.read(space, dict(enumerate(keys(*numbers))), out)
    for place, number in enumerate(numbers):
        if place not in missing:
            np.testing.assert_array_equal(out[place], number)
    return [number for place, number in enumerate(numbers) if place not in missing]


@pytest.fixture(params=["memory", "disk"])
def make(request, tmp_path):
    def build(max_bytes=1 << 20):
        if request.param == "memory":
            return MemoryStore(max_bytes)
        return DiskStore(tmp_path / "features.h5", max_bytes)

    return build


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_put_in_comes_out(make, shape, dtype):
    store, options = make(), {"shape": shape, "dtype": np.dtype(dtype)}
    fill(store, A, range(4), **options)
    fill(store, B, range(2), **options)
    assert len(store) == 6
    assert found(store, A, [3, 9, 0, 1], **options) == [3, 0, 1]
    assert found(store, B, range(5), **options) == [0, 1]
    assert found(store, C, [0], **options) == []
    assert store.absent(A, keys(2, 5)) == keys(5)
    store.close()
    assert len(store) == 0


def test_what_is_kept_is_a_copy(make):
    store, values = make(), rows([1])
    assert store.reserve({A: want([1])}) is None
    store.write(A, keys(1), values)
    values[...] = 8
    assert found(store, A, [1]) == [1]


def test_more_than_the_bound_is_refused_and_changes_nothing(make):
    store = make(100_000)
    fill(store, A, range(5))
    reason = store.reserve({B: want(range(30))})
    assert "the cache may take 0.0954 MiB" in reason
    assert found(store, A, range(5)) == list(range(5))


def test_the_space_wanted_last_stays_longest(make):
    store = make(100_000)
    fill(store, A, range(8))
    fill(store, B, range(8))
    fill(store, A, [*range(8), 8])
    fill(store, C, range(12))
    assert store.nbytes <= 100_000
    assert found(store, C, range(12)) == list(range(12))
    assert len(found(store, A, range(9))) > len(found(store, B, range(8)))


def test_what_is_not_wanted_any_more_gives_way_to_what_is(make):
    store = make(100_000)
    fill(store, A, range(20))
    fill(store, A, range(15, 35))
    assert found(store, A, range(15, 35)) == list(range(15, 35))
    assert len(found(store, A, range(15))) <= 4
    assert store.nbytes <= 100_000


def test_what_there_is_no_room_for_is_not_kept(make):
    store = make(21_000)
    assert store.reserve({A: want(range(3))}) is None
    store.write(A, keys(*range(9)), rows(range(9)))
    assert found(store, A, range(9)) in ([0, 1, 2], [0, 1, 2, 3])
    assert store.nbytes <= 21_000


@pytest.mark.parametrize("bound", [15_000, 50_000, 200_000, 1_000_000])
def test_the_bound_holds_whatever_happens(make, rng, bound):
    store = make(bound)
    for _ in range(30):
        space = (A, B, C)[rng.integers(3)]
        numbers = rng.choice(200, rng.integers(1, 60), replace=False).tolist()
        shape = (10 ** int(rng.integers(1, 4)),) if space == C else (100,)
        options = {"shape": shape} if space != C else {"shape": (500,)}
        if store.reserve({space: want(numbers, **options)}) is None:
            assert found(store, space, numbers, **options) is not None
            absent = [n for n in numbers if store.absent(space, keys(n))]
            if absent:
                store.write(space, keys(*absent), rows(absent, **options))
            store.flush()
            assert found(store, space, numbers, **options) == numbers
        assert store.nbytes <= bound


def test_two_spaces_are_wanted_at_once_or_not_at_all(make):
    store = make(100_000)
    wants = {A: want(range(10)), B: want(range(10))}
    assert store.reserve(wants) is None
    for space in wants:
        store.write(space, keys(*range(10)), rows(range(10)))
        assert found(store, space, range(10)) == list(range(10))
    assert "may take 0.0954 MiB" in make(100_000).reserve({**wants, C: want(range(10))})


def test_room_made_once_is_not_made_again(tmp_path):
    """Each making of room copies the file."""
    store = DiskStore(tmp_path / "f.h5", 1 << 20)
    store.reserve({A: want(range(10))})
    before = os.stat(tmp_path / "f.h5").st_ino
    store.write(A, keys(3), rows([3]))
    assert store.reserve({A: want(range(5))}) is None
    assert store.reserve({A: want(range(10))}) is None
    assert os.stat(tmp_path / "f.h5").st_ino == before
