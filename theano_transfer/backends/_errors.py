"""What can go wrong where JAX computes."""


class DataDependentShapeError(ValueError):
    """A shape that depends on data: XLA compiles for shapes that are known before."""


class MissingJaxError(ImportError):
    """JAX was asked for and is not installed."""


class LostProcessError(RuntimeError):
    """One of several processes that compute together has ended, so that the others cannot go on."""


class DifferentProcessesError(ValueError):
    """Processes that compute together do not hold the same parameters or data."""
