"""States of MRG streams, which Aesara computes when a stream is made."""

from __future__ import annotations

import functools

import aesara
import aesara.tensor as at
from aesara.compile.mode import Mode
from aesara.sandbox import rng_mrg


@functools.cache
def prepare() -> None:
    """Let them be computed in NumPy: thousands of tiny calls, one after the other.

    Aesara would compile the function for it in the default mode, and reads its result from where
    a function of JAX puts none.
    """
    if rng_mrg.multMatVect.dot_modulo is None:
        inputs = [
            at.lmatrix(),
            at.ivector(),
            at.iscalar(),
            at.lmatrix(),
            at.ivector(),
            at.iscalar(),
        ]
        rng_mrg.multMatVect.dot_modulo = aesara.function(
            inputs, rng_mrg.DotModulo()(*inputs), mode=Mode("py", None), profile=False
        )
