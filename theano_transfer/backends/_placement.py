"""On which devices arrays lie."""

from __future__ import annotations

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding

from theano_transfer.backends._settings import platform_of


class Placement:
    """Where parameters and batches go: parameters on all devices, a part of the batch on each.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    count : int
        How many devices.
    is_shared : bool
        Whether other processes compute with them, too.
    """

    def __init__(self, settings):
        devices = devices_of(settings)
        self.count = len(devices)
        self.device = devices[0]
        self.is_shared = len({device.process_index for device in devices}) > 1
        self.whole: Sharding
        self.split: Sharding
        if self.count == 1:
            self.whole = self.split = SingleDeviceSharding(devices[0])
        else:
            mesh = Mesh(np.array(devices), ("batch",))
            self.whole = NamedSharding(mesh, PartitionSpec())
            self.split = NamedSharding(mesh, PartitionSpec("batch"))

    def state(self, value):
        """A parameter where it belongs; as it is if it is there already."""
        return self._put(value, self.whole)

    def arguments(self, values):
        """Arrays that a function was called with, those of the batch in equal parts if possible.

        How arrays lie changes no result.
        """
        return [
            self._put(v, self.split if batched and v.shape[0] % self.count == 0 else self.whole)
            for v, batched in zip(values, _batched(values))
        ]

    def divided(self, values):
        """The same while JAX traces: batches that cannot be split equally are split, too.

        They arrive whole on every device; from here on each has its part, the last ones a smaller
        one or none. What that makes of sums over the batch is XLA's to know.
        """
        if self.count == 1:
            return values
        return [
            jax.lax.with_sharding_constraint(v, self.split) if batched else v
            for v, batched in zip(values, _batched(values))
        ]

    def fetched(self, value):
        """A result as an array of NumPy; in every process all of it."""
        if not (value.is_fully_addressable or value.is_fully_replicated):
            value = jax.jit(lambda x: x, out_shardings=self.whole)(value)
        return np.array(value)

    def _put(self, value, sharding):
        if isinstance(value, jax.Array) and value.sharding == sharding:
            return value
        if sharding.is_fully_addressable:
            # On a processor JAX would otherwise work with the caller's own memory.
            return jax.device_put(value, sharding, may_alias=False)
        value = np.asarray(value)
        # Every process has all of the array, and takes from it what its own devices need.
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])


def _batched(values):
    """Of each array whether its first axis is as long as that of the first one that has axes."""
    length = next((v.shape[0] for v in values if np.ndim(v)), 0)
    return [length > 0 and np.shape(v)[:1] == (length,) for v in values]


def devices_of(settings):
    """The devices that `settings` ask for.

    Raises
    ------
    RuntimeError
        If JAX has no device of that name.
    ValueError
        If there are fewer than that, or they are not of all processes.
    """
    platform, number = (None, None)
    if settings.device is not None:
        platform, number = platform_of(settings.device)
    try:
        found = jax.devices(platform)
    except RuntimeError as error:
        raise _no_such_device(settings) from error
    if number is not None:
        found = [d for d in found if d.id == number]
        if not found:
            raise _no_such_device(settings)
    wanted = len(found) if settings.devices == "all" else settings.devices
    if not 1 <= wanted <= len(found):
        raise ValueError(
            f"{settings.devices} devices ({settings.device or 'of any kind'}) were asked for; "
            f"JAX has {len(found)}"
        )
    if settings.devices == 1 and jax.process_count() > 1:
        found = jax.local_devices(backend=platform)
    chosen = found[:wanted]
    if len({d.process_index for d in chosen}) not in (1, jax.process_count()) or (
        wanted > 1 and not any(d.process_index == jax.process_index() for d in chosen)
    ):
        raise ValueError(
            f"{wanted} devices were asked for, which are not of all {jax.process_count()} "
            "processes: with several processes, devices is 'all', or 1 for each on its own"
        )
    return chosen


def _no_such_device(settings):
    has = ", ".join(f"{d.platform}{d.id}" for d in jax.devices())
    return RuntimeError(
        f"JAX finds no device {settings.device!r} here (it has {has}): for NVIDIA GPUs run "
        "`pip install 'jax[cuda12]'`, or compute on the processor with device='cpu'"
    )
