"""``python -m theano_transfer script.py``: a program runs as it is, with the alias in place."""

import os
import sys
import types
from importlib.machinery import ModuleSpec

# Where a spawned process finds the script that its parent runs.
SCRIPT = "THEANO_TRANSFER_SCRIPT"


def run(path, arguments=()):
    """Run the Python file `path` as ``python path *arguments`` would, with Theano and Lasagne.

    Processes that it spawns have them too.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SyntaxError
        If it is not Python 3.
    """
    path = os.path.abspath(path)
    code = code_of(path)
    os.environ[SCRIPT] = path
    main = types.ModuleType("__main__")
    # multiprocessing has a spawned process import what this names: see _child.
    main.__spec__ = ModuleSpec("theano_transfer.legacy._child", None, origin=path)
    main.__file__ = path
    vars(main)["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(path)
    exec(code, vars(main))


def code_of(path):
    """The compiled file `path`; a SyntaxError says what to do about Python 2."""
    with open(path, "rb") as file:
        source = file.read()
    try:
        return compile(source, path, "exec")
    except SyntaxError as error:
        raise not_python_3(error) from None


def not_python_3(error):
    """`error` with what to do where the file is Python 2, or has a line in the wrong place."""
    if "__future__" in (error.msg or ""):
        hint = "`import theano_transfer` goes below that line"
    else:
        hint = "a program for Python 2? `pip install 2to3` and `2to3 -w` convert it"
    error.msg = f"{error.msg} ({hint})"
    return error
