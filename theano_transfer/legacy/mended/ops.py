"""Ops as programs subclass them: methods keep the arguments that they had in Theano."""

import inspect

from aesara.compile import ops as aesara_ops
from aesara.graph.op import Op as AesaraOp
from aesara.graph.op import get_test_value, get_test_values
from aesara.graph.utils import MethodNotDefined
from aesara.link.c.op import COp as AesaraCOp
from aesara.link.c.op import ExternalCOp
from aesara.link.c.type import CType

from theano_transfer.legacy.mended._stand_in import standing_for

# Methods that Aesara passes the function graph first.
_WITH_GRAPH = ("infer_shape", "do_constant_folding")
# Methods that Aesara passes the compiler as a keyword.
_WITH_KEYWORDS = (
    "c_headers",
    "c_header_dirs",
    "c_libraries",
    "c_lib_dirs",
    "c_support_code",
    "c_compile_args",
    "c_no_compile_args",
    "c_init_code",
)


class _Adapted:
    """Wraps what a subclass defines so that Aesara may call it its own way."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in _WITH_GRAPH:
            if name in vars(cls):
                setattr(cls, name, _with_graph(vars(cls)[name]))
        for name in _WITH_KEYWORDS:
            if name in vars(cls):
                setattr(cls, name, _with_keywords(vars(cls)[name]))
        if "make_thunk" in vars(cls):
            cls.make_thunk = _with_keywords(vars(cls)["make_thunk"])  # type: ignore[attr-defined]

    def perform(self, node, inputs, output_storage, params=None):
        """Compute in Python; Ops that have C code alone do not define it."""
        raise MethodNotDefined("perform", type(self), type(self).__name__)


class Op(_Adapted, AesaraCOp, metaclass=standing_for(AesaraOp)):  # type: ignore[metaclass]
    """Base of Ops with ``make_node`` and ``perform``, C code where there is some.

    ``infer_shape(self, node, shapes)`` and ``c_headers(self)`` may be written as in Theano or as
    in Aesara (with `fgraph` first, with keywords).
    """

    def c_code(self, node, name, inputs, outputs, sub):
        raise MethodNotDefined("c_code", type(self), type(self).__name__)

    def c_code_cache_version(self):
        return ()


class COp(_Adapted, ExternalCOp):
    """Base of Ops whose C code stands in files: ``COp.__init__(self, func_files, func_name)``."""


PureOp = Op


def as_op(itypes, otypes, infer_shape=None):
    """Make an Op of a function of arrays.

    Parameters
    ----------
    itypes, otypes : type or list of types
        Of the inputs and outputs.
    infer_shape : callable, optional
        ``infer_shape(node, input_shapes)`` returns the shapes of the outputs.
    """
    if infer_shape is not None and _positional(infer_shape) == 2:
        two_arguments = infer_shape

        def infer_shape(fgraph, node, shapes):
            return two_arguments(node, shapes)

    return aesara_ops.as_op(itypes, otypes, infer_shape)


def get_debug_values(*variables):
    """The test values of `variables` as one tuple in a list; an empty list where there is none."""
    return get_test_values(*variables)


def _with_graph(method):
    if isinstance(method, (staticmethod, classmethod)) or _positional(method) != 3:
        return method  # not (self, node, shapes)

    def adapted(self, fgraph, *args):
        return method(self, *args)

    return _named(adapted, method)


def _with_keywords(method):
    if isinstance(method, (staticmethod, classmethod)):
        return method
    accepted = inspect.signature(method).parameters
    if any(p.kind is p.VAR_KEYWORD for p in accepted.values()):
        return method

    def adapted(self, *args, **kwargs):
        return method(self, *args, **{k: v for k, v in kwargs.items() if k in accepted})

    return _named(adapted, method)


def _named(adapted, method):
    adapted.__name__, adapted.__doc__ = method.__name__, method.__doc__
    adapted.__qualname__, adapted.__module__ = method.__qualname__, method.__module__
    return adapted


def _positional(function):
    """The number of arguments without a default; -1 where there may be any number."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return -1
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


Type = PureType = CType
expandable_types = ()

__all__ = [
    "COp",
    "Op",
    "PureOp",
    "PureType",
    "Type",
    "as_op",
    "expandable_types",
    "get_debug_values",
    "get_test_value",
]
