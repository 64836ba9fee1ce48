"""Several processes, on one machine or many, that compute one program together."""

from __future__ import annotations

import contextlib
import hashlib
import inspect

import numpy as np

from theano_transfer.backends._errors import DifferentProcessesError, LostProcessError
from theano_transfer.backends._settings import backend, current, require_jax, use


def join(
    address=None, processes=None, number=None, *, device=None, precision="float32", patience=100
) -> None:
    """Become one of several processes over whose devices each batch is split.

    Each process runs the same program and calls this before JAX computes anything. It is
    ``jax.distributed.initialize`` followed by ``use('jax', devices='all')``.

    Parameters
    ----------
    address : str, optional
        'host:port' of the process number 0, the same for all. Under Slurm and Open MPI JAX finds
        out itself what is None.
    processes : int, optional
        How many there are.
    number : int, optional
        Of this one, from 0.
    device, precision
        As for :func:`~theano_transfer.use`.
    patience : int
        Seconds after which a process that is no longer heard of counts as lost. JAX ends the
        others then, if their own communication has not failed before.

    Raises
    ------
    MissingJaxError
        If JAX is not installed.
    RuntimeError
        If JAX has computed something already, or the others do not come.
    """
    require_jax()
    import jax

    # What processors communicate by; GPUs have NCCL.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    options = {}
    if "heartbeat_timeout_seconds" in inspect.signature(jax.distributed.initialize).parameters:
        options["heartbeat_timeout_seconds"] = patience
    jax.distributed.initialize(address, processes, number, **options)
    use("jax", device=device, devices="all", precision=precision)


def are_several() -> bool:
    """Whether functions compiled from now on are computed by several processes together."""
    if backend() != "jax" or current().devices == 1:
        return False
    import jax

    return jax.process_count() > 1


def of_all(array) -> np.ndarray:
    """What each process has, one behind the other: (processes, ...).

    Parameters
    ----------
    array : array
        Of 32 bits, of one shape in all processes. All of them have to call this.
    """
    if not are_several():
        return np.asarray(array)[np.newaxis]
    from jax.experimental import multihost_utils

    with naming_the_lost():
        return np.asarray(multihost_utils.process_allgather(np.asarray(array)))


def check_same(names, arrays) -> None:
    """Raise DifferentProcessesError unless all processes hold the same `arrays`."""
    sums = [_checksum(array) for array in arrays]
    everyone = of_all(np.array(sums, np.uint32).reshape(-1))
    differing = np.flatnonzero((everyone != everyone[0]).any(axis=0))
    if len(differing):
        raise DifferentProcessesError(
            "the processes do not hold the same: "
            + ", ".join(str(names[position]) for position in differing)
            + ". Each has to run the same program on the same data in the same order: give random "
            "parameters, order and streams a seed (lasagne.random.set_rng, Model(seed=...))"
        )


@contextlib.contextmanager
def naming_the_lost():
    """A block in which processes communicate: says what it means that one cannot."""
    import jax

    try:
        yield
    except RuntimeError as error:
        if jax.process_count() == 1 or isinstance(error, (LostProcessError, NotImplementedError)):
            raise
        raise LostProcessError(
            f"process {jax.process_index()} of {jax.process_count()} cannot go on without the "
            "others. One of them has probably ended; what it wrote last says why. Start all of "
            "them again: fit(checkpoints=..., resume=True) goes on from the last state. "
            f"JAX says: {error}"
        ) from error


def _checksum(array) -> int:
    array = np.ascontiguousarray(array)
    state = hashlib.blake2b(f"{array.dtype} {array.shape}".encode(), digest_size=4)
    state.update(array.reshape(-1).view(np.uint8).data)
    return int.from_bytes(state.digest(), "little")
