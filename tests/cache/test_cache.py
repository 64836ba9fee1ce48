"""FeatureCache: what users write for it, and what it says of itself."""

import copy
import pickle

import pytest
from cache.test_stores import A, fill, keys

import theano_transfer as tt
from theano_transfer.cache import as_cache


def test_what_stands_for_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    assert as_cache("memory").path is None
    assert as_cache("disk").path == tmp_path / "home" / "features.h5"
    for path in (tmp_path / "f.h5", str(tmp_path / "f.hdf5"), tmp_path / "without_suffix"):
        assert str(as_cache(path, 5000).path) == str(path)
    cache = tt.FeatureCache(max_bytes=7)
    assert as_cache(cache) is cache


@pytest.mark.parametrize("thing", ["disc", "memry", 3, None, b"f.h5"])
def test_what_does_not(thing):
    with pytest.raises(ValueError, match="'memory', 'disk', the path"):
        as_cache(thing)


def test_bounds_are_checked():
    with pytest.raises(ValueError, match="from 0 on; got -1"):
        tt.FeatureCache(max_bytes=-1)
    with pytest.raises(ValueError, match="leave cache_bytes out"):
        as_cache(tt.FeatureCache(), 5)


def test_the_usual_bounds(tmp_path):
    assert tt.FeatureCache().max_bytes == 1 << 30
    assert tt.FeatureCache(tmp_path / "f.h5").max_bytes == 4 << 30


def test_it_says_what_it_holds(tmp_path):
    for cache in (tt.FeatureCache(), tt.FeatureCache(tmp_path / "f.h5", max_bytes=1 << 20)):
        fill(cache.store, A, range(3))
        assert len(cache) == 3
        assert "3 entries" in repr(cache)
        assert str(cache.path) in repr(cache) or "in memory" in repr(cache)
        with cache:
            assert cache.store.absent(A, keys(0, 9)) == keys(9)
        assert cache.nbytes == 0


def test_a_closed_file_is_opened_again_when_it_is_needed(tmp_path):
    cache = tt.FeatureCache(tmp_path / "f.h5")
    fill(cache.store, A, range(3))
    cache.close()
    fill(cache.store, A, range(4))
    assert len(cache) == 4


def test_copies_are_the_same_cache_and_pickles_another(tmp_path):
    cache = tt.FeatureCache(tmp_path / "f.h5", max_bytes=1 << 20)
    fill(cache.store, A, range(3))
    assert copy.deepcopy(cache) is cache
    again = pickle.loads(pickle.dumps(cache))
    assert again is not cache
    assert (len(again), again.max_bytes) == (3, 1 << 20)
    assert len(pickle.loads(pickle.dumps(tt.FeatureCache()))) == 0
