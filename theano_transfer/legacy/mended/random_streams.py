"""``theano.tensor.shared_randomstreams``: the same numbers for the same seed as Theano."""

import aesara
import numpy as np

from theano_transfer.legacy.mended.raw_random import RandomStreamsBase


class RandomStreams(RandomStreamsBase):
    """Draws that are new at every call of a compiled function.

    Parameters
    ----------
    seed : int, optional
        Of all streams; each draw has a generator of its own.
    """

    def __init__(self, seed=None):
        self.state_updates = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def updates(self):
        """The pairs of generators and their next states; functions do these by themselves."""
        return list(self.state_updates)

    def seed(self, seed=None):
        """Start all generators anew from `seed`, or from the one given first."""
        seeds = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for generator, _ in self.state_updates:
            generator.set_value(np.random.RandomState(int(seeds.randint(2**30))), borrow=True)

    def __getitem__(self, generator):
        """The :class:`numpy.random.RandomState` of a draw's ``rng``."""
        return generator.get_value(borrow=True)

    def __setitem__(self, generator, state):
        generator.set_value(state, borrow=True)

    def gen(self, op, *args, **kwargs):
        """A draw of ``op(generator, *args, **kwargs)``, which returns next state and draw."""
        seed = int(self.gen_seedgen.randint(2**30))
        generator = aesara.shared(np.random.RandomState(seed), borrow=True)
        generator.tag.is_rng = True
        next_state, draw = op(generator, *args, **kwargs)
        draw.rng = generator
        draw.update = (generator, next_state)
        self.state_updates.append(draw.update)
        generator.default_update = next_state
        return draw


def randomstate_constructor(
    value, name=None, strict=False, allow_downcast=None, borrow=False, **kwargs
):
    """A shared variable that holds a :class:`numpy.random.RandomState`."""
    return aesara.shared(
        value, name=name, strict=strict, allow_downcast=allow_downcast, borrow=borrow
    )


__all__ = ["RandomStreams", "randomstate_constructor"]
