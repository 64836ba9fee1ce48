"""Puts Aesara behind ``import theano`` and repairs Lasagne 0.1 as it is imported."""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import logging
import os
import sys
import types
import warnings

from theano_transfer.legacy import _device
from theano_transfer.legacy._flags import device_said, prepare_flags

# Calls within each other that Python allows: Aesara differentiates by recursion, three calls for
# each operation on the longest path, of which EfficientNet-B7 has 800.
DEEPEST_RECURSION = 10_000

# Set to 1: have the alias even where Theano itself is installed.
ALIAS = "THEANO_TRANSFER_ALIAS"


def install():
    """Make ``import theano`` and ``import lasagne`` work from here on. Idempotent.

    Raises
    ------
    ImportError
        If Theano itself is installed and the user did not choose the alias.
    """
    if any(type(finder).__name__ == "TheanoFinder" for finder in sys.meta_path):
        return
    _check_for_theano()
    sys.setrecursionlimit(max(sys.getrecursionlimit(), DEEPEST_RECURSION))
    prepare_flags()
    device, force = device_said()
    _device.asked_for(device, force)
    with _quiet():
        aesara = importlib.import_module("aesara")
        _leave_out_what_does_not_compile()
        importlib.import_module("aesara.tensor.nnet")
        importlib.import_module("aesara.tensor.signal.pool")
        _use_float32_unless_told(aesara.config)
        # only now: it imports Aesara
        from theano_transfer.legacy._facade import TheanoFinder

        sys.meta_path.insert(0, TheanoFinder())
        for name in [name for name in sys.modules if name.split(".")[0] == "theano"]:
            del sys.modules[name]  # Theano itself, which the user chose to replace
        with _pkg_resources_stand_in():
            importlib.import_module("lasagne")
    from theano_transfer.legacy import _lasagne, _profiles, _surroundings

    _lasagne.mend()
    _profiles.mend()
    _surroundings.restore()


def _leave_out_what_does_not_compile():
    """Have Scan loop in Python where Aesara's C for it, written by Cython 0.29, is too old."""
    if sys.version_info >= (3, 12):
        modules: dict = sys.modules  # where None makes an import fail
        modules.setdefault("aesara.scan.scan_perform_ext", None)


def _check_for_theano():
    """Stop where ``theano`` is Theano itself, unless the user chose the alias."""
    if os.environ.get(ALIAS, "") not in ("", "0"):
        return
    imported = sys.modules.get("theano")
    spec = getattr(imported, "__spec__", None) if imported else _spec_of_theano()
    if imported is None and (spec is None or spec.origin is None):
        return  # nothing, or a folder that happens to have the name
    where = getattr(spec, "origin", None) or "this process"
    state = "imported" if imported else "installed"
    raise ImportError(
        f"Theano itself is {state} ({where}), and theano_transfer is imported as `theano` too. "
        f"Uninstall it (pip uninstall theano), or set the environment variable {ALIAS}=1 to have "
        "`import theano` mean theano_transfer."
    )


def _spec_of_theano():
    try:
        return importlib.util.find_spec("theano")
    except (ImportError, ValueError):
        return None


def _use_float32_unless_told(config):
    """Aesara imported before us without flags still has its own default, float64."""
    if type(config).floatX.is_default:
        config.floatX = "float32"


@contextlib.contextmanager
def _quiet():
    """Hold back what Aesara says at import: two log lines and deprecations about itself."""
    blas_logger = logging.getLogger("aesara.tensor.blas")
    level = blas_logger.level
    blas_logger.setLevel(logging.ERROR)  # "Using NumPy C-API based implementation": our choice
    settings_logger = logging.getLogger("aesara.configdefaults")
    settings_logger.addFilter(_is_true)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings_logger.removeFilter(_is_true)
        blas_logger.setLevel(level)


def _is_true(record):
    """Not that Python computes for want of a compiler where it is JAX, which says so itself."""
    computes = importlib.util.find_spec("jax") is not None
    return not (computes and record.getMessage().startswith("g++ not detected"))


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
