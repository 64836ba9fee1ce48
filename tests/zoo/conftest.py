import pytest

from theano_transfer.zoo import _options


@pytest.fixture
def undrawn(monkeypatch):
    """Networks start from zeros, for tests that compute nothing with them."""
    monkeypatch.setattr(_options.Options, "initial", lambda self, default=None: _options.Zeros())
