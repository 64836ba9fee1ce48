"""What can go wrong where JAX computes."""


class DataDependentShapeError(ValueError):
    """A shape that is known only when numbers are: XLA compiles for shapes that are known before."""


class MissingJaxError(ImportError):
    """JAX was asked for and is not installed."""
