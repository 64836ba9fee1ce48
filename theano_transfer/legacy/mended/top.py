"""What stands in ``theano``, ``theano.version`` and ``theano._version`` themselves."""

import aesara
from aesara.tensor import dot

# The interface that is served: programs compare it.
__version__ = version = full_version = short_version = info = FALLBACK_VERSION = "1.0.5"
git_revision = None
release = True
PY3 = True
version_json = '{"version": "1.0.5"}'

theano_logger = aesara.aesara_logger


def get_versions():
    """The version as Theano's build told it."""
    return {"version": __version__, "full-revisionid": None, "dirty": False, "error": None}


def has_handlers(logger):
    """Whether `logger` or one that it passes to has a handler."""
    return logger.hasHandlers()


def get_info():
    """Version and state of the revision, as :func:`get_versions`."""
    return get_versions()


__all__ = [
    "FALLBACK_VERSION",
    "PY3",
    "__version__",
    "dot",
    "full_version",
    "get_info",
    "get_versions",
    "git_revision",
    "has_handlers",
    "info",
    "release",
    "short_version",
    "theano_logger",
    "version",
    "version_json",
]
