"""Derivatives: what changed names in ``theano.gradient``."""

from aesara.gradient import as_list_or_tuple


def format_as(use_list, use_tuple, outputs):
    """`outputs` as a list, a tuple or, where neither is asked for, its only element."""
    return as_list_or_tuple(use_list, use_tuple, outputs)


__all__ = ["format_as"]
