"""Modules named ``theano.*`` that look through to where each name is served from."""

import importlib
import importlib.abc
import importlib.machinery
import types

from theano_transfer.legacy._places import OWN, places_of
from theano_transfer.legacy._refused import LISTED, refusal_of
from theano_transfer.legacy._renamed import RENAMED

# Theano rebinds these modules' names to the functions that they define, and so do we: importing
# `theano.tensor.var` must not make a module of `theano.tensor.var()`.
FUNCTIONS_OVER_MODULES = {
    "theano.compile.function",
    "theano.compile.pfunc",
    "theano.d3viz.d3viz",
    "theano.scan",
    "theano.scan_module.scan",
    "theano.scan_module.scan_checkpoints",
    "theano.tensor.inc_code",
    "theano.tensor.sort",
    "theano.tensor.var",
}


class TheanoModule(types.ModuleType):
    """A module whose names are those of the modules it is served from, in their order.

    A module of its own, not Aesara's under a second name, so that legacy names can be added
    without touching Aesara.
    """

    def __init__(self, name, places):
        super().__init__(name, doc=places[0].__doc__ if places else None)
        self._places = places

    def __getattr__(self, name):
        places = self.__dict__.get("_places")
        if places is None:
            raise AttributeError(name)
        if name == "__all__":
            return self._public()
        if (self.__name__, name) in LISTED:
            # Aesara's module may have it all the same: those of compiled C have more names in the
            # process that compiled them than in later ones.
            return refusal_of(self.__name__, name)
        full_name = f"{self.__name__}.{name}"
        found, value = self._look_up(name)
        if full_name not in FUNCTIONS_OVER_MODULES and places_of(full_name) is not None:
            return importlib.import_module(full_name)
        if found:
            return _facade_of(value) if isinstance(value, types.ModuleType) else value
        refusal = refusal_of(self.__name__, name)
        if refusal is not None:
            return refusal
        served = ", ".join(place.__name__ for place in places) or "nothing"
        raise AttributeError(
            f"module '{self.__name__}' has no attribute '{name}' (served by {served})"
        )

    def __setattr__(self, name, value):
        # The import system binds a submodule to its parent once it is loaded.
        if f"{self.__name__}.{name}" in FUNCTIONS_OVER_MODULES and isinstance(value, TheanoModule):
            return
        super().__setattr__(name, value)

    def _look_up(self, name):
        """Whether `name` is served, and the value."""
        renamed = RENAMED.get(self.__name__, {}).get(name)
        if renamed:
            module, original = renamed
            module = importlib.import_module(module)
            return True, getattr(module, original) if original else module
        dunder = name.startswith("__") and name.endswith("__")
        for place in self._places:
            own = place.__name__.startswith(OWN)
            if name in place.__all__ if own else name in vars(place) and not dunder:
                return True, getattr(place, name)
        for place in self._places:
            # what Aesara serves by its modules' own __getattr__, such as what it deprecates
            if not dunder and not place.__name__.startswith(OWN) and hasattr(place, name):
                return True, getattr(place, name)
        return False, None

    def _public(self):
        """What ``from theano.tensor import *`` takes: everything, as Theano has no ``__all__``."""
        names = {*RENAMED.get(self.__name__, ())}
        for place in self._places:
            own = place.__name__.startswith(OWN)
            names.update(place.__all__ if own else vars(place))
        return sorted(name for name in names if not name.startswith("_"))

    def __dir__(self):
        return sorted({*super().__dir__(), *self._public()})


def _facade_of(module):
    """Theano's module for one of Aesara's; any other as it is."""
    package, _, rest = module.__name__.partition(".")
    return importlib.import_module(f"theano.{rest}".rstrip(".")) if package == "aesara" else module


class TheanoFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``theano`` and everything below it."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "theano" and not fullname.startswith("theano."):
            return None
        if self._places(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        return TheanoModule(spec.name, self._places(spec.name))

    def exec_module(self, module):
        """Nothing to run: attributes are looked up when they are asked for."""

    @staticmethod
    def _places(fullname):
        places = places_of(fullname)
        if places is None:
            places = ("aesara" + fullname[len("theano") :],)
            try:
                return [importlib.import_module(place) for place in places]
            except ModuleNotFoundError:
                return None
        return [importlib.import_module(place) for place in places]
