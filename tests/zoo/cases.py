"""Which networks a test runs for, and which of them only when everything is tested.

A case is an architecture of the zoo, or one with the arguments of a published variant. By default
tests run for the smallest network of each family, that is, of each file; where Keras publishes
weights of a family, for the smallest that has some.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import pytest

from theano_transfer import zoo
from theano_transfer.weights import REGISTRY


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    arguments: tuple[tuple[str, Any], ...] = ()

    def __str__(self):
        return ",".join([self.name, *(f"{key}={value}" for key, value in self.arguments)])

    def build(self, **options):
        return zoo.build(self.name, **dict(self.arguments), **options)

    @property
    def is_small(self):
        """Whether it is what its family is tested by."""
        return not self.arguments and self.name in _smallest()


@functools.cache
def _smallest():
    published = {row.model for row in REGISTRY if not row.file.endswith(".pth")}
    families: dict[str, list[str]] = {}
    for name in zoo.models():
        families.setdefault(getattr(zoo, name).__module__, []).append(name)
    return {
        min(names, key=lambda name: (name not in published, zoo.record(name).num_parameters))
        for names in families.values()
    }


def everyone():
    """All cases, variants too."""
    return [
        Case(name, tuple(arguments.items()))
        for name in zoo.models()
        for arguments in ({}, *zoo.variants(name))
    ]


def params(times=(None,), slow=lambda case, _: not case.is_small):
    """Parameters of a test: every case, with each of `times`; where `slow` says so, marked slow."""
    return [
        pytest.param(
            *([case] if other is None else [case, other]),
            marks=[pytest.mark.slow] * bool(slow(case, other)),
            id=str(case) if other is None else f"{case}-{other}",
        )
        for case in everyone()
        for other in times
    ]
