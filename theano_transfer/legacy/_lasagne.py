"""What Lasagne 0.1 needs to compute rightly under Aesara, and to have the names of 0.2.dev1."""

from lasagne import nonlinearities

from theano_transfer.legacy import lasagne_0_2


def mend():
    """Replace the rectifier of 2015 and add what Lasagne 0.2.dev1 documents."""
    # The function itself is a default argument of many layers already: it gets another body.
    nonlinearities.rectify.__code__ = _rectify.__code__
    lasagne_0_2.complete()


def _rectify(x):
    import theano.tensor

    return theano.tensor.nnet.relu(x)
