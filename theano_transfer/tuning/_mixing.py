"""Mixed pictures with mixed targets: mixup and cutmix."""

from __future__ import annotations

import math

import numpy as np

from theano_transfer._suggest import checks_options

# Apart from the streams of tt.images, which are numbered from 1.
STREAM = 1001


class Mixing:
    """Mixes each picture of a batch with another of the same batch, and their targets likewise.

    Parameters
    ----------
    alpha : float
        Shares are drawn from Beta(alpha, alpha): small ones leave most pictures nearly alone.
    """

    def __init__(self, alpha: float):
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
            raise TypeError(f"alpha is a number; got {alpha!r}")
        if not (math.isfinite(alpha) and alpha > 0):
            raise ValueError(f"alpha is finite and above 0; got {alpha!r}")
        self.alpha = float(alpha)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(alpha={self.alpha!r})"

    def __call__(self, x, targets, weights, rng: np.random.Generator):
        """A mixed batch.

        Parameters
        ----------
        x : (n, channels, rows, columns) array
        targets : (n, outputs) array
        weights : (n,) array
        rng : Generator

        Returns
        -------
        x, targets, weights
            New arrays. With weights, the loss of a mixed picture is that of both, each with its
            own weight (for crossentropies, which are linear in the target).
        """
        partner = rng.permutation(len(x))
        mixed, share = self._mix(x, x[partner], float(rng.beta(self.alpha, self.alpha)), rng)
        one, other = share * weights, (1 - share) * weights[partner]
        total = one + other
        safe = np.where(total > 0, total, 1)[:, np.newaxis]
        rows = one[:, np.newaxis] * targets + other[:, np.newaxis] * targets[partner]
        rows = np.where(total[:, np.newaxis] > 0, rows / safe, targets)
        return mixed, rows.astype(targets.dtype), total.astype(weights.dtype)

    def _mix(self, x, others, share, rng):
        raise NotImplementedError


@checks_options
class Mixup(Mixing):
    """``share * picture + (1 - share) * other``. Zhang et al., 2017, arXiv:1710.09412."""

    def __init__(self, alpha: float = 0.2):
        super().__init__(alpha)

    def _mix(self, x, others, share, rng):
        return (share * x + (1 - share) * others).astype(x.dtype), share


@checks_options
class CutMix(Mixing):
    """A rectangle of the other picture; the target by area. Yun et al., 2019, arXiv:1905.04899."""

    def __init__(self, alpha: float = 1.0):
        super().__init__(alpha)

    def _mix(self, x, others, share, rng):
        rows, columns = x.shape[2:]
        side = math.sqrt(1 - share)
        top, height = _span(rows, side, rng)
        left, width = _span(columns, side, rng)
        mixed = x.copy()
        inside = np.s_[:, :, top : top + height, left : left + width]
        mixed[inside] = others[inside]
        return mixed, 1 - height * width / (rows * columns)


def _span(length, share, rng) -> tuple[int, int]:
    """Start and length of `share` of a line, about a random place, cut off at the ends."""
    reach = round(length * share)
    start = int(rng.integers(0, length)) - reach // 2
    end = min(start + reach, length)
    start = max(start, 0)
    return start, max(end - start, 0)


def mixing_generator(seed: int, epoch: int, batch: int) -> np.random.Generator:
    """Random numbers of one batch: the same whenever it is read."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAM, epoch, batch)))


def checked_mixing(mix, loss):
    """`mix`, where it can be used with a loss.

    Raises
    ------
    TypeError, ValueError
    """
    if mix is None:
        return None
    if not callable(mix):
        raise TypeError(f"mix is tt.tuning.Mixup(), tt.tuning.CutMix() or a function; got {mix!r}")
    if loss.indices:
        raise ValueError(
            f"mixed pictures have no single class, which {loss.name!r} needs; compile with "
            "loss='categorical_crossentropy'"
        )
    return mix
