"""Modules named ``theano.*`` that look through to Aesara's."""

import importlib
import importlib.abc
import importlib.machinery
import types

# Modules whose Aesara counterpart has another name.
MODULES = {
    "theano": "aesara",
    "theano.gof": "aesara.graph",
    "theano.tensor.nnet.nnet": "aesara.tensor.nnet.basic",
    "theano.tensor.nnet.bn": "aesara.tensor.nnet.batchnorm",
    "theano.tensor.signal.downsample": "theano_transfer.legacy._downsample",
    "theano.tensor.shared_randomstreams": "aesara.tensor.random.utils",
    "theano.tensor.opt": "aesara.tensor.rewriting.basic",
    "theano.scan_module": "aesara.scan",
}

_NNET = {
    **{name: ("theano_transfer.legacy._nnet", name) for name in ("softmax", "logsoftmax", "relu")},
    **{name: ("aesara.tensor.math", name) for name in ("sigmoid", "softplus")},
}

# Names that Aesara renamed or changed, as (module, name) they are served from.
NAMES = {
    "theano": {"shared": ("theano_transfer.legacy._shared", "shared")},
    "theano.sandbox.rng_mrg": {
        "MRG_RandomStreams": ("aesara.sandbox.rng_mrg", "MRG_RandomStream"),
    },
    "theano.tensor": {"sqr": ("aesara.tensor.math", "square")},
    "theano.tensor.nnet": _NNET,
    "theano.tensor.nnet.nnet": _NNET,
    "theano.tensor.shared_randomstreams": {
        "RandomStreams": ("aesara.tensor.random.utils", "RandomStream"),
    },
}


class TheanoModule(types.ModuleType):
    """A module that takes what it lacks from Aesara's module of the same role.

    A module of its own, not Aesara's under a second name, so that legacy names can be added
    without touching Aesara.
    """

    def __init__(self, name, target):
        super().__init__(name, doc=target.__doc__)
        self._target = target

    def __getattr__(self, name):
        target = self.__dict__.get("_target")
        if target is None or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        renamed = NAMES.get(self.__name__, {}).get(name)
        if renamed:
            module, original = renamed
            return getattr(importlib.import_module(module), original)
        try:
            value = getattr(target, name)
        except AttributeError:
            value = None
        full_name = f"{self.__name__}.{name}"
        if full_name in MODULES or (
            isinstance(value, types.ModuleType) and value.__name__.startswith("aesara")
        ):
            return importlib.import_module(full_name)
        if value is None and not hasattr(target, name):
            raise AttributeError(
                f"module '{self.__name__}' has no attribute '{name}' "
                f"(served by '{target.__name__}', which has none)"
            )
        return value

    def __dir__(self):
        return sorted({*super().__dir__(), *dir(self._target)})


class TheanoFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``theano`` and everything below it."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "theano" and not fullname.startswith("theano."):
            return None
        try:
            self._target(fullname)
        except ModuleNotFoundError:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        return TheanoModule(spec.name, self._target(spec.name))

    def exec_module(self, module):
        """Nothing to run: attributes are looked up when they are asked for."""

    @staticmethod
    def _target(fullname):
        if fullname in MODULES:
            return importlib.import_module(MODULES[fullname])
        parent, _, last = fullname.rpartition(".")
        return importlib.import_module(f"{MODULES.get(parent, 'aesara' + parent[6:])}.{last}")
