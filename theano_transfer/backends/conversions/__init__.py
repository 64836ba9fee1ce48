"""What computes each Op in JAX, registered with Aesara's own dispatcher when this is imported."""

# ruff: noqa: F401 (imported for what they register)

from theano_transfer.backends.conversions import (
    _convolution,
    _elementwise,
    _indexing,
    _layers,
    _neighbours,
    _normalisation,
    _pooling,
    _random,
    _scan,
    _shapes,
    _softmax,
    _sorting,
    _streams,
)
