"""Puts Aesara behind ``import theano`` and repairs Lasagne 0.1 as it is imported."""

import contextlib
import importlib
import importlib.metadata
import logging
import sys
import types
import warnings

from theano_transfer.legacy._facade import TheanoFinder
from theano_transfer.legacy._flags import prepare_flags


def install():
    """Make ``import theano`` and ``import lasagne`` work from here on. Idempotent."""
    if any(isinstance(finder, TheanoFinder) for finder in sys.meta_path):
        return
    prepare_flags()
    with _quiet():
        aesara = importlib.import_module("aesara")
        importlib.import_module("aesara.tensor.nnet")
        importlib.import_module("aesara.tensor.signal.pool")
        _use_float32_unless_told(aesara.config)
        sys.meta_path.insert(0, TheanoFinder())
        for name in [name for name in sys.modules if name.split(".")[0] == "theano"]:
            del sys.modules[name]  # an older Theano, imported before us
        with _pkg_resources_stand_in():
            importlib.import_module("lasagne")
    from theano_transfer.legacy import _lasagne, _surroundings

    _lasagne.mend()
    _surroundings.restore()


def _use_float32_unless_told(config):
    """Aesara imported before us without flags still has its own default, float64."""
    if type(config).floatX.is_default:
        config.floatX = "float32"


@contextlib.contextmanager
def _quiet():
    """Hold back what Aesara says at import: one log line and deprecations about itself."""
    blas_logger = logging.getLogger("aesara.tensor.blas")
    level = blas_logger.level
    blas_logger.setLevel(logging.ERROR)  # "Using NumPy C-API based implementation": our choice
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        blas_logger.setLevel(level)


@contextlib.contextmanager
def _pkg_resources_stand_in():
    """Lasagne 0.1 asks pkg_resources for its version; new setuptools no longer carry it.

    Where they do, importing it costs a tenth of a second and prints a deprecation.
    """
    if "pkg_resources" in sys.modules:
        yield
        return
    stand_in = types.ModuleType("pkg_resources")
    vars(stand_in)["get_distribution"] = importlib.metadata.distribution
    sys.modules["pkg_resources"] = stand_in
    try:
        yield
    finally:
        del sys.modules["pkg_resources"]
