"""What can go wrong where JAX computes."""


class DataDependentShapeError(ValueError):
    """A shape that depends on data: XLA compiles for shapes that are known before."""


class MissingJaxError(ImportError):
    """JAX was asked for and is not installed."""
