"""What JAX computes, held against Aesara's own NumPy code for the same graph."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.compile.mode import Mode
from tuning.conftest import make_net as make_net
from tuning.conftest import pictures as pictures

pytest.importorskip("jax")


@pytest.fixture(scope="session")
def slowly():
    """The graph as it is, each Op by its ``perform``."""
    return Mode("py", None)


@pytest.fixture
def agree(slowly):
    """Compile outputs both ways, compare them on the same values, return those of JAX."""

    def check(inputs, outputs, *values, rtol=1e-5, atol=1e-5, **options):
        def results(mode):
            # Loops would compile what they repeat, with the C backend.
            with theano.config.change_flags(cxx=""):
                return theano.function(inputs, outputs, mode=mode, **options)(*values)

        found, expected = results("JAX"), results(slowly)
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert isinstance(one, np.ndarray)
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)
        return found

    return check


@pytest.fixture
def with_gradients():
    """An expression and the gradients of a sum of it, each element with a weight of its own."""

    def extend(y, *variables):
        weights = T.cast(T.arange(y.size).reshape(y.shape) % 7 - 3, y.dtype)
        return [y, *T.grad((y * weights).sum(), list(variables))]

    return extend


@pytest.fixture(scope="session")
def emoji_pictures(tmp_path_factory):
    """Two class folders of four pictures each."""
    emoji = Path(__file__).parents[2] / "examples" / "data" / "emoji"
    folder = tmp_path_factory.mktemp("emoji")
    for name in ("animal", "food"):
        (folder / name).mkdir()
        for path in sorted((emoji / name).glob("*.png"))[:4]:
            shutil.copy(path, folder / name)
    return folder
