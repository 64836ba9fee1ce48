"""Libraries that only some capabilities need."""

from __future__ import annotations

import importlib
from types import ModuleType

# The first part of a module's name -> what pip calls it.
PACKAGES = {"sklearn": "scikit-learn", "ray": "'ray[data]'"}


def optional(module: str) -> ModuleType:
    """The module of that name.

    Raises
    ------
    ImportError
        If its package is not installed; it says what to type.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != root:
            raise
        package = PACKAGES.get(root, root)
        raise ImportError(
            f"this needs {package}, which is not installed: pip install {package}", name=root
        ) from error
