"""Theano and Lasagne under their own names, served by Aesara 2.9 and Lasagne 0.1.

:func:`install` prepares the flags, puts Aesara behind ``import theano`` and mends what
Lasagne 0.1 expects of older Theanos. It runs once, when theano_transfer is imported.
"""

from theano_transfer.legacy._flags import asked_device as asked_device
from theano_transfer.legacy._flags import prepare_flags as prepare_flags
from theano_transfer.legacy._install import install as install
