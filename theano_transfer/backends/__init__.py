"""What computes compiled functions: Aesara's C code with our kernels, or JAX.

``theano.function(..., mode='JAX')`` compiles one function for JAX, :func:`use` chooses for all.
JAX itself is imported when the first function is compiled for it.
"""

from theano_transfer.backends import _mode
from theano_transfer.backends._ahead import Ahead as Ahead
from theano_transfer.backends._errors import DataDependentShapeError as DataDependentShapeError
from theano_transfer.backends._errors import DifferentProcessesError as DifferentProcessesError
from theano_transfer.backends._errors import LostProcessError as LostProcessError
from theano_transfer.backends._errors import MissingJaxError as MissingJaxError
from theano_transfer.backends._fallback import FallbackWarning as FallbackWarning
from theano_transfer.backends._fallback import start as start
from theano_transfer.backends._memory import Memory as Memory
from theano_transfer.backends._memory import planned_memory as planned_memory
from theano_transfer.backends._processes import are_several as are_several
from theano_transfer.backends._processes import join as join
from theano_transfer.backends._processes import of_all as of_all
from theano_transfer.backends._settings import Settings as Settings
from theano_transfer.backends._settings import backend as backend
from theano_transfer.backends._settings import current as current
from theano_transfer.backends._settings import require_devices as require_devices
from theano_transfer.backends._settings import require_jax as require_jax
from theano_transfer.backends._settings import use as use
from theano_transfer.backends._settings import use_device as use_device
from theano_transfer.backends._settings import use_gpu as use_gpu

_mode.register()
