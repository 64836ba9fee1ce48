"""``theano.function`` and its neighbours with the arguments of Theano 1.0."""

import aesara
from aesara.compile import In
from aesara.compile.function.types import Function, FunctionMaker
from aesara.compile.mode import register_linker as register_linker


def Param(
    variable,
    default=None,
    name=None,
    mutable=False,
    strict=False,
    allow_downcast=None,
    implicit=None,
    borrow=None,
):
    """An input of a function; what was ``Param`` is ``In`` with `value` for `default`."""
    return In(
        variable,
        name=name,
        value=default,
        mutable=mutable,
        strict=strict,
        allow_downcast=allow_downcast,
        implicit=implicit,
        borrow=borrow,
    )


def function(
    inputs,
    outputs=None,
    mode=None,
    updates=None,
    givens=None,
    no_default_updates=False,
    accept_inplace=False,
    name=None,
    rebuild_strict=True,
    allow_input_downcast=None,
    profile=None,
    on_unused_input=None,
):
    """Compile a function of `inputs`; see :func:`aesara.function`, whose arguments these are.

    Updates may be any mapping or pairs; those of a plain dictionary are done in its order, which
    Aesara warns about. ``ProfileMode``, which Theano removed, is ``profile=True``.
    """
    if mode in ("ProfileMode", "PROFILE_MODE"):
        mode, profile = "FAST_RUN", True
    if isinstance(updates, dict):
        updates = list(updates.items())
    if isinstance(givens, dict):
        givens = list(givens.items())
    return aesara.function(
        inputs,
        outputs,
        mode=mode,
        updates=updates,
        givens=givens,
        no_default_updates=no_default_updates,
        accept_inplace=accept_inplace,
        name=name,
        rebuild_strict=rebuild_strict,
        allow_input_downcast=allow_input_downcast,
        profile=profile,
        on_unused_input=on_unused_input,
    )


def convert_function_input(input):
    """What an entry of a function's inputs becomes: an ``In``."""
    return aesara.compile.function.types.convert_function_input(input)


# What runs a compiled function was called `fn`: f.fn() computes without looking at inputs.
if not hasattr(Function, "fn"):
    Function.fn = property(lambda self: self.vm)

__all__ = ["FunctionMaker", "Param", "convert_function_input", "function"]
