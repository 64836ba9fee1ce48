"""Formulas need no C: what becomes of updates in compiled functions is tested with the kernels."""

import pytest
import theano


@pytest.fixture(autouse=True)
def without_compiling():
    with theano.config.change_flags(mode="FAST_COMPILE"):
        yield
