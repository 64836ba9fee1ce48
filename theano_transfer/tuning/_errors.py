"""What can go wrong while tuning, by name."""


class UnknownLayerError(ValueError):
    """A layer name or name pattern that matches nothing."""


class FrozenError(AssertionError, ValueError):
    """Something that ought to be frozen could still change."""


class StaleFunctionError(RuntimeError):
    """What is frozen changed after the training functions were set up."""


class TrainingError(RuntimeError):
    """Training stopped because it could not go on, for example a loss that is no number."""


class DataMismatchError(ValueError):
    """Data whose targets or classes do not fit the model."""
