"""Rounding the number of channels of networks that come in several widths."""

from __future__ import annotations


def divisible(channels: float, by: int = 8) -> int:
    """The multiple of `by` nearest to `channels`, but never below nine tenths of it.

    The rule of the MobileNets and EfficientNets: ``_make_divisible`` in
    ``keras/src/applications/mobilenet_v2.py``.
    """
    rounded = max(by, int(channels + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * channels else rounded
