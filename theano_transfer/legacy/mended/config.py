"""``theano.config``: Aesara's settings, and those of Theano that it has no more.

Old names with dots (``config.blas.ldflags``) are Aesara's with two underscores. A setting that
Theano had and Aesara has not is kept and has no effect; its default is Theano's.
"""

import functools
import os

from aesara.compile import mode as aesara_mode
from aesara.configdefaults import config as aesara_config

from theano_transfer.legacy import _device, _flags
from theano_transfer.legacy.mended.options import DEFAULTS, read_as

# What the default mode is made from. Aesara, like Theano, keeps the first one that it made.
_DEFAULT_MODE = {
    "mode", "linker", "optimizer", "optimizer_excluding", "optimizer_including",
    "optimizer_requiring",
}  # fmt: skip

# Theano's values that Aesara calls otherwise.
_VALUES = {"mode": {"ProfileMode": "Mode", "PROFILE_MODE": "Mode"}}


class _Section:
    """``config.gcc``: the settings below that name."""

    def __init__(self, root, prefix):
        vars(self).update(_root=root, _prefix=prefix)

    def __getattr__(self, name):
        return self._root._get(f"{self._prefix}.{name}")

    def __setattr__(self, name, value):
        self._root._set(f"{self._prefix}.{name}", value)


class LegacyConfig:
    """The settings, by their names in Theano."""

    def __init__(self):
        vars(self)["_kept"] = {}

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._get(name)

    def __setattr__(self, name, value):
        self._set(name, value)

    def __str__(self):
        return str(aesara_config)

    def __dir__(self):
        return sorted({*super().__dir__(), *aesara_config._config_var_dict, *DEFAULTS})

    def change_flags(self, *args, **settings):
        """:class:`change_flags`"""
        return change_flags(*args, **settings)

    def _get(self, name):
        if name == "device":
            return "cpu"
        known = self._in_aesara(name)
        if known:
            return getattr(aesara_config, known)
        if name in self._kept:
            return self._kept[name]
        if name in DEFAULTS:
            said = _flags.said_for_theano(os.environ).get(name)
            default = DEFAULTS[name]
            return default if said is None else read_as(default, said)
        if any(option.startswith(f"{name}.") for option in DEFAULTS) or any(
            option.startswith(name.replace(".", "__") + "__")
            for option in aesara_config._config_var_dict
        ):
            return _Section(self, name)
        method = getattr(aesara_config, name, None)
        if callable(method):
            return method
        raise AttributeError(f"theano.config has no setting '{name}'")

    def _set(self, name, value):
        if name in ("device", "init_gpu_device"):
            _device.asked_for(value)
            return
        known = self._in_aesara(name)
        if known:
            setattr(aesara_config, known, _VALUES.get(name, {}).get(value, value))
            if known in _DEFAULT_MODE:
                aesara_mode.instantiated_default_mode = None
        elif name in DEFAULTS:
            self._kept[name] = value
        else:
            raise AttributeError(f"theano.config has no setting '{name}'")

    @staticmethod
    def _in_aesara(name):
        name = name.replace(".", "__")
        return name if name in aesara_config._config_var_dict else None


config = LegacyConfig()


class change_flags:
    """Settings for a ``with`` block or, as a decorator, for the calls of a function.

    ``change_flags(floatX='float64')``, or pairs where names have dots:
    ``change_flags([('gcc.cxxflags', '-O2')])``.
    """

    def __init__(self, args=(), **settings):
        self._settings = {**dict(args), **settings}

    def __enter__(self):
        self._before = {name: config._get(name) for name in self._settings}
        try:
            for name, value in self._settings.items():
                config._set(name, value)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *exception):
        for name, value in self._before.items():
            config._set(name, value)

    def __call__(self, function):
        @functools.wraps(function)
        def changed(*args, **kwargs):
            with change_flags(self._settings):
                return function(*args, **kwargs)

        return changed


class TheanoConfigWarning(Warning):
    """A warning about settings."""


def config_files_from_theanorc():
    """The files that settings are read from, those of ``THEANORC`` or ``~/.theanorc``."""
    paths = os.environ.get("THEANORC", "~/.theanorc").split(os.pathsep)
    return [os.path.expanduser(path) for path in paths if path]


config_files = config_files_from_theanorc()
THEANO_FLAGS = os.environ.get("THEANO_FLAGS", "")
THEANO_FLAGS_DICT = dict(
    (part.split("=", 1) + [""])[:2] for part in THEANO_FLAGS.split(",") if part
)

__all__ = [
    "THEANO_FLAGS",
    "THEANO_FLAGS_DICT",
    "TheanoConfigWarning",
    "change_flags",
    "config",
    "config_files",
    "config_files_from_theanorc",
]
