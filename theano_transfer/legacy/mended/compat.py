"""``theano.compat`` and small modules of helpers: what was written for Python 2 and 3."""

import configparser
import importlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, ValuesView
from collections.abc import MutableMapping as DictMixin
from io import BytesIO
from operator import truediv as operator_div

from aesara.utils import (
    DefaultOrderedDict,
    cmp,
    exc_message,
    get_unbound_function,
    maybe_add_to_os_environ_pathlist,
)

PY3 = True
izip, imap, ifilter, next, reload = zip, map, filter, next, importlib.reload


def b(text):
    """The bytes of `text` in Latin-1."""
    return text.encode("latin-1")


def decode(x):
    """The text of bytes in UTF-8."""
    return x.decode()


def decode_with(x, encoding):
    """The text of bytes in `encoding`."""
    return x.decode(encoding)


def decode_iter(itr):
    """The texts of several bytes."""
    return (x.decode() for x in itr)


class PathParser:
    """Adds folders to the environment's ``PATH``."""

    def __init__(self, *paths):
        self.add(*paths)

    def add(self, *paths):
        """Add those of `paths` that are not in ``PATH`` yet, at its end."""
        known = os.environ.get("PATH", "").split(os.pathsep)
        new = [os.path.abspath(path.strip()) for path in paths if path.strip()]
        os.environ["PATH"] = os.pathsep.join(dict.fromkeys(path for path in (*known, *new) if path))


def cpuCount():
    """The number of processors."""
    return os.cpu_count() or 1


__all__ = [
    "PY3",
    "BytesIO",
    "Callable",
    "DefaultOrderedDict",
    "DictMixin",
    "Iterable",
    "Mapping",
    "OrderedDict",
    "PathParser",
    "ValuesView",
    "b",
    "cmp",
    "configparser",
    "cpuCount",
    "decode",
    "decode_iter",
    "decode_with",
    "exc_message",
    "get_unbound_function",
    "ifilter",
    "imap",
    "izip",
    "maybe_add_to_os_environ_pathlist",
    "next",
    "operator_div",
    "reload",
]
