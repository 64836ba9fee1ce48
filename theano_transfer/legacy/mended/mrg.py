"""``theano.sandbox.rng_mrg`` under its old names."""

from aesara.sandbox.rng_mrg import MRG_RandomStream


class MRG_RandomStreams(MRG_RandomStream):
    """Draws of the generator MRG31k3p (L'Ecuyer and Touzin, 2000).

    Parameters
    ----------
    seed : int or list of six ints
    use_cuda : bool, optional
        Accepted for what it was.
    """

    def __init__(self, seed=12345, use_cuda=None):
        super().__init__(seed)


__all__ = ["MRG_RandomStreams"]
