"""``theano.tensor.signal.pool`` with old and new argument names, and ``downsample``."""

from aesara.tensor.signal import pool
from aesara.tensor.signal.pool import max_pool_2d_same_size


def pool_2d(
    input,
    ws=None,
    ignore_border=None,
    stride=None,
    pad=(0, 0),
    mode="max",
    ds=None,
    st=None,
    padding=None,
):
    """Pool the last two axes of `input`.

    Parameters
    ----------
    input : tensor of at least two axes
    ws : (rows, columns)
        The window; first called `ds`.
    ignore_border : bool
        Whether windows that do not fit are left out; None: False.
    stride : (rows, columns)
        The window again if None; first called `st`.
    pad : (rows, columns)
        Added on both sides, needs ``ignore_border=True``; first called `padding`.
    mode : {'max', 'sum', 'average_inc_pad', 'average_exc_pad'}
    """
    return _pool(pool.pool_2d, 2, input, ws, ignore_border, stride, pad, mode, ds, st, padding)


def pool_3d(
    input,
    ws=None,
    ignore_border=None,
    stride=None,
    pad=(0, 0, 0),
    mode="max",
    ds=None,
    st=None,
    padding=None,
):
    """:func:`pool_2d` for the last three axes."""
    return _pool(pool.pool_3d, 3, input, ws, ignore_border, stride, pad, mode, ds, st, padding)


def _pool(function, axes, input, ws, ignore_border, stride, pad, mode, ds, st, padding):
    window = _one_of("ws", ws, "ds", ds)
    if window is None:
        raise ValueError("the window is missing: ws=(rows, columns)")
    if padding is not None and any(n != 0 for n in _each(pad, axes)):
        raise ValueError("pad and padding are one argument under two names: give one of them")
    return function(
        input,
        window,
        ignore_border=bool(ignore_border),
        stride=_one_of("stride", stride, "st", st),
        pad=pad if padding is None else padding,
        mode=mode,
    )


def _one_of(name, value, old_name, old_value):
    if value is not None and old_value is not None:
        raise ValueError(
            f"{name} and {old_name} are one argument under two names: give one of them"
        )
    return old_value if value is None else value


def _each(value, axes):
    return value if isinstance(value, (list, tuple)) else (value,) * axes


def max_pool_2d(input, ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """:func:`pool_2d`, as it was called in ``downsample``."""
    return pool_2d(input, ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode)


def DownsampleFactorMax(ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """The function that pools with these settings."""
    return lambda input: max_pool_2d(input, ds, ignore_border, st, padding, mode)


__all__ = ["DownsampleFactorMax", "max_pool_2d", "max_pool_2d_same_size", "pool_2d", "pool_3d"]
