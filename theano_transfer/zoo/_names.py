"""The names of layers that have none in Keras."""

from __future__ import annotations

from collections import Counter


class AutomaticNames:
    """Numbers layers by kind: 'conv2d', 'conv2d_1', 'conv2d_2'...

    As Keras does from the beginning of a session. In a network built in its order of creation,
    layers get the names they have there.
    """

    def __init__(self):
        self._made: Counter[str] = Counter()

    def __call__(self, kind: str) -> str:
        number = self._made[kind]
        self._made[kind] += 1
        return f"{kind}_{number}" if number else kind
