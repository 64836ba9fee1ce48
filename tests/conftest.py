"""What all tests share. The settings come before Keras or Aesara are imported by anyone."""

import os
import signal

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Each of Keras's networks runs once or twice: compiling it well would take longer than running it.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true "
    # For what runs on several devices; everything else takes the first.
    "--xla_force_host_platform_device_count=8",
)

import numpy as np
import pytest

import theano_transfer  # noqa: F401 - makes theano and lasagne importable in every test


def pytest_configure(config):
    import theano

    # Aesara logs an error in a rewrite and goes on without it; here it fails the test.
    theano.config.on_opt_error = "raise"
    # Scripts start programs in the background with Ctrl-C ignored, and those that they start too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def undrawn(monkeypatch):
    """Networks start from zeros, for tests that compute nothing with them."""
    from theano_transfer.zoo import _options

    monkeypatch.setattr(_options.Options, "initial", lambda self, default=None: _options.Zeros())


@pytest.fixture(scope="module")
def uncompiled():
    """For modules about numbers and conventions, not compilers: functions run without one."""
    import theano

    with theano.config.change_flags(mode="FAST_COMPILE"):
        yield


@pytest.fixture
def computed(monkeypatch):
    """Numbers of pictures that frozen bases compute features of, batch by batch."""
    from theano_transfer.cache._frozen import FrozenPart

    seen, make = [], FrozenPart.__init__

    def counting(self, input_var, features, compute, *more):
        def counted(pictures):
            seen.append(len(pictures))
            return compute(pictures)

        make(self, input_var, features, counted, *more)

    monkeypatch.setattr(FrozenPart, "__init__", counting)
    return seen
