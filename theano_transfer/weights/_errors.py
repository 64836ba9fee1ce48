"""What can go wrong with parameter files."""

from __future__ import annotations


class WeightsError(ValueError):
    """Parameters could not be read, matched or written; nothing was changed."""


class WeightsFileError(WeightsError):
    """The file itself is damaged, unsafe, or of a kind that is not read."""


class WeightsMismatchError(WeightsError):
    """The file is sound, but its arrays are not those the network needs.

    Attributes
    ----------
    missing, unexpected, misshapen : tuple of str
        One line for each array concerned.
    """

    def __init__(
        self,
        message: str,
        *,
        missing: tuple[str, ...] = (),
        unexpected: tuple[str, ...] = (),
        misshapen: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.missing = missing
        self.unexpected = unexpected
        self.misshapen = misshapen


class WeightsUnavailableError(WeightsError):
    """Weights are neither on this machine nor obtainable now; the message says what to do."""
