"""Which legacy names a program uses, and how each is served."""

import ast
import importlib
import os
from dataclasses import dataclass, field

from theano_transfer.legacy._changed import CHANGED
from theano_transfer.legacy._refused import Refused, reason_of
from theano_transfer.legacy._script import not_python_3

_PACKAGES = ("theano", "lasagne")


@dataclass(frozen=True)
class Use:
    """A legacy name that a program uses.

    Attributes
    ----------
    name : str
        In full: ``theano.tensor.nnet.conv2d``.
    lines : tuple of int
        Where.
    served : bool
    by : str
        The module and name that it is served from, or ''.
    note : str
        What its meaning changed to, or why it is not served and what to use.
    """

    name: str
    lines: tuple
    served: bool
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What :func:`report` found; ``print`` shows it as a table.

    Attributes
    ----------
    script : str
    uses : tuple of Use
        Sorted by name.
    """

    script: str
    uses: tuple = field(default_factory=tuple)

    @property
    def missing(self):
        """Those of `uses` that are not served."""
        return tuple(use for use in self.uses if not use.served)

    def __str__(self):
        if not self.uses:
            return f"{self.script} uses no names of Theano or Lasagne"
        width = max(len(use.name) for use in self.uses)
        rows = [f"{self.script}: {len(self.uses)} legacy names, {len(self.missing)} not served"]
        for use in self.uses:
            how = use.by if use.served else "NOT SERVED"
            lines = ", ".join(map(str, use.lines[:5])) + (", ..." if len(use.lines) > 5 else "")
            rows.append(f"  {use.name:{width}}  {how}  (line {lines})")
            if use.note:
                rows.append(f"  {'':{width}}  {use.note}")
        return "\n".join(rows)


def report(script):
    """List the names of Theano and Lasagne that the Python file `script` uses.

    The file is read and not run: names that it computes (``getattr``) are not found.

    Returns
    -------
    Report

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SyntaxError
        If it is not Python 3.
    """
    with open(script, "rb") as file:
        source = file.read()
    try:
        tree = ast.parse(source, filename=os.fspath(script))
    except SyntaxError as error:
        raise not_python_3(error) from None
    names = _Names()
    names.visit(tree)
    uses = tuple(_use(name, tuple(sorted(lines))) for name, lines in sorted(names.lines.items()))
    return Report(os.fspath(script), uses)


class _Names(ast.NodeVisitor):
    """Collects the lines of full names, from imports and from what hangs on imported names."""

    def __init__(self):
        self.bound = {}  # local name -> full name
        self.lines = {}

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] in _PACKAGES:
                self._use(alias.name, node)
                first = alias.name if alias.asname else alias.name.split(".")[0]
                self.bound[alias.asname or first] = first

    def visit_ImportFrom(self, node):
        if node.level == 0 and node.module.split(".")[0] in _PACKAGES:
            for alias in node.names:
                full = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
                self._use(full, node)
                if alias.name == "*":
                    module = _resolve(node.module)
                    for name in getattr(module, "__all__", ()):
                        self.bound.setdefault(name, f"{node.module}.{name}")
                else:
                    self.bound[alias.asname or alias.name] = full

    def visit_Attribute(self, node):
        chain, inner = [node.attr], node.value
        while isinstance(inner, ast.Attribute):
            chain.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in self.bound:
            self._use(".".join([self.bound[inner.id], *reversed(chain)]), node)
        else:
            self.generic_visit(node)

    def visit_Name(self, node):
        if node.id in self.bound and isinstance(node.ctx, ast.Load):
            self._use(self.bound[node.id], node)

    def _use(self, name, node):
        self.lines.setdefault(name, set()).add(node.lineno)


def _resolve(name):
    """The module or object of a full name. AttributeError, ImportError if there is none."""
    parts = name.split(".")
    value = importlib.import_module(parts[0])
    for i, part in enumerate(parts[1:], 1):
        try:
            value = getattr(value, part)
        except AttributeError:
            if not hasattr(value, "__path__"):
                raise
            value = importlib.import_module(".".join(parts[: i + 1]))
    return value


def _use(name, lines):
    module, _, last = name.rpartition(".")
    try:
        value = _resolve(name)
    except (AttributeError, ImportError) as error:
        return Use(name, lines, False, note=str(error))
    except NotImplementedError as error:  # something of what is refused
        return Use(name, lines, False, note=str(error))
    if isinstance(value, type) and issubclass(value, Refused):
        return Use(name, lines, False, note=reason_of(module, last) or value.message)
    return Use(name, lines, True, _origin(value, name), CHANGED.get(name, ""))


def _origin(value, name):
    if isinstance(value, type(os)):
        return "module"
    module = getattr(value, "__module__", None)
    own = getattr(value, "__qualname__", getattr(value, "__name__", None))
    if not isinstance(module, str) or not isinstance(own, str):
        return f"{type(value).__module__}.{type(value).__name__}"
    return f"{module}.{own}"
