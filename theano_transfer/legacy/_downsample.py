"""``theano.tensor.signal.downsample``, removed from Theano 1.0, in terms of ``pool_2d``."""

from aesara.tensor.signal.pool import pool_2d


def max_pool_2d(input, ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """Pool the last two axes of `input`.

    Parameters
    ----------
    input : tensor of at least two axes
    ds, st : (rows, columns)
        Window, and its stride (the window again if None).
    ignore_border : bool
        Whether windows that do not fit are left out.
    padding : (rows, columns)
        Added on both sides; needs ``ignore_border=True``.
    mode : {'max', 'sum', 'average_inc_pad', 'average_exc_pad'}
    """
    return pool_2d(input, ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode)


__all__ = ["max_pool_2d"]
