"""Where there is no C++ compiler, JAX takes the place of the C backend by itself."""

from __future__ import annotations

import warnings

from aesara.configdefaults import config

from theano_transfer.backends._settings import Settings, current, has_jax, use


class FallbackWarning(UserWarning):
    """JAX computes because nothing faster was found."""


class _Started:
    """With which settings JAX was chosen without having been asked for; None where it was not."""

    settings: Settings | None = None


def start() -> None:
    """Begin with the C backend where it can compile, otherwise with JAX where there is it."""
    chosen = config.mode != "Mode" or current() != Settings()
    if not chosen and not config.cxx and has_jax():
        use("jax", device="cpu")
        _Started.settings = current()


def say_once() -> None:
    """Say, when something is compiled first, that JAX computes without having been asked."""
    if current() is _Started.settings:  # nobody has called use() since
        _Started.settings = None
        warnings.warn(
            "no C++ compiler was found, so JAX computes, on the processor: it takes seconds to "
            "compile each function. `theano-transfer doctor` says how to get the faster backend; "
            "tt.use('jax') says that this is what you want.",
            FallbackWarning,
            stacklevel=2,
        )
