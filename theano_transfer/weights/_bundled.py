"""The files that ship with the project: converted weights, class names."""

from __future__ import annotations

from pathlib import Path

from ._errors import WeightsUnavailableError

# An installed package carries the project's folder 'weights' as its subfolder 'data' (setup.py);
# a checkout has it two levels up.
_PLACES = (Path(__file__).parent / "data", Path(__file__).parents[2] / "weights")


def bundled_file(name: str) -> Path:
    """Path of a file that ships with the project.

    Raises
    ------
    WeightsUnavailableError
        The installation lacks it.
    """
    for place in _PLACES:
        path = place / name
        if path.is_file():
            return path
    places = " or ".join(str(place) for place in _PLACES)
    msg = f"{name} should have come with theano_transfer, in {places}; install the package again"
    raise WeightsUnavailableError(msg)
