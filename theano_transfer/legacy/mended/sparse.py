"""``theano.sparse``: names that Aesara dropped."""

import scipy
from aesara.tensor import square

enable_sparse = imported_scipy = True
scipy_ver = [int(part) for part in scipy.__version__.split(".")[:2] if part.isdigit()]
sqr = square

__all__ = ["enable_sparse", "imported_scipy", "scipy_ver", "sqr"]
