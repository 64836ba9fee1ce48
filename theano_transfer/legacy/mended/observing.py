"""The variables that are made meanwhile: ``nodes_constructed`` and ``inherit_stack_trace``."""

import contextlib
import threading

from aesara.graph.basic import Variable
from aesara.graph.rewriting.basic import copy_stack_trace

_construct = Variable.__init__
_lock = threading.Lock()
_lists: list = []


def _observed(self, *args, **kwargs):
    _construct(self, *args, **kwargs)
    for made in _lists:
        made.append(self)


@contextlib.contextmanager
def nodes_constructed():
    """A context whose value is the list of the variables made in it, in their order."""
    made: list = []
    with _lock:
        _lists.append(made)
        Variable.__init__ = _observed
    try:
        yield made
    finally:
        with _lock:
            _lists[:] = [other for other in _lists if other is not made]
            if not _lists:  # nothing is looked at outside such contexts
                Variable.__init__ = _construct


@contextlib.contextmanager
def inherit_stack_trace(from_var):
    """A context whose variables get the traces of `from_var`, a variable or a list of them."""
    with nodes_constructed() as made:
        yield
    copy_stack_trace(from_var, made)


__all__ = ["inherit_stack_trace", "nodes_constructed"]
