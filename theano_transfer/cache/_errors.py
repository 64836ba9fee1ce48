"""What can go wrong with kept features."""

from __future__ import annotations


class FeatureCacheError(ValueError):
    """A file that is no sound feature cache, or one that is in use; nothing was changed."""


class FeatureCacheWarning(UserWarning):
    """Features that could not be kept, so that the network has to compute them again."""
